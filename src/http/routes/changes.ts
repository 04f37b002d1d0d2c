import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Store } from '../../store/store.js';
import { TenantParams } from '../fields.js';
import { linkNext, pageOf, pageQuery } from '../page.js';
import { problemResponses } from '../problem.js';

const ChangeParams = TenantParams.extend({
  // Anything that is no revision names no change: 404, as an unknown slug does.
  revision: z.string().transform((text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0)),
});

const row = z.record(z.string(), z.unknown()).nullable();

const ChangeSchema = z
  .object({
    tenant: z.string(),
    lineage: z.uuid(),
    revision: z.int(),
    at: z.string(),
    actor: z.string(),
    requestId: z.string(),
    action: z.string(),
    operations: z.array(
      z.object({
        subject: z.enum(['tenant', 'entry', 'policy']),
        before: row.meta({ description: '`null` = created by this change.' }),
        after: row.meta({ description: '`null` = deleted by this change.' }),
      }),
    ),
    operationCount: z.int().meta({
      description: 'How many operations there are. The list leaves out those of a change with over 100.',
    }),
    prevHash: z.string().nullable(),
    hash: z.string().meta({ description: 'SHA-256 over the RFC 8785 form of the change and `prevHash`.' }),
  })
  .meta({ id: 'Change' });

const tags = ['changes'];

/** `/v1/tenants/{slug}/changes`: who changed what, when. */
export const changeRoutes: FastifyPluginAsyncZod<{ readonly store: Store }> = async (app, { store }) => {
  app.get('/v1/tenants/:slug/changes', {
    config: { scope: 'audit:read' },
    schema: {
      operationId: 'listChanges',
      summary: 'List the changes of a tenant, newest first',
      tags,
      params: TenantParams,
      querystring: z.strictObject(pageQuery),
      response: { 200: pageOf(ChangeSchema), ...problemResponses('tenant_not_found', 'invalid_input') },
    },
    handler: async (request, reply) => {
      const page = await store.changes.list(
        { slug: request.params.slug, ...request.query },
        request.principal,
      );
      linkNext(request, reply, page.nextCursor);
      return page;
    },
  });

  app.get('/v1/tenants/:slug/changes/:revision', {
    config: { scope: 'audit:read' },
    schema: {
      operationId: 'getChange',
      summary: 'Read one change',
      tags,
      params: ChangeParams,
      response: { 200: ChangeSchema, ...problemResponses('tenant_not_found', 'change_not_found') },
    },
    handler: async (request) =>
      store.changes.get(request.params.slug, request.params.revision, request.principal),
  });
};
