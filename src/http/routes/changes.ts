import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Store } from '../../store/store.js';
import { RevisionParam, TenantParams } from '../fields.js';
import { linkNext } from '../page.js';
import { problemResponses } from '../problem.js';
import { createTrailExports, NDJSON, refusePaging, wantsExport } from '../trail-export.js';
import {
  ChangePageSchema,
  ChangeSchema,
  ChangesQuery,
  TrailPageSchema,
  TrailQuerySchema,
  toTrailQuery,
} from '../trail-schema.js';

const ChangeParams = TenantParams.extend({ revision: RevisionParam });

const DEFAULT_LIMIT = 50;

const tags = ['changes'];

const EXPORT = `With \`Accept: ${NDJSON}\` all that matches, oldest first, one JSON object a line; an export is whole when its last line
is \`{"type":"end","count":…,"until":…}\`. A page may hold fewer items than its limit, or none, and still have a next one.`;

function pageOrExport<Page extends z.ZodType>(page: Page) {
  return {
    description: 'A page, or all of it as lines.',
    content: { 'application/json': { schema: page }, [NDJSON]: { schema: z.string() } },
  };
}

/** `/v1/changes`, `/v1/tenants/{slug}/changes`: who changed what, when. */
export const changeRoutes: FastifyPluginAsyncZod<{ readonly store: Store }> = async (app, { store }) => {
  const exports = createTrailExports(store);
  // One that is read slowly would keep a server that stops from stopping.
  app.addHook('preClose', async () => exports.close());

  app.get('/v1/changes', {
    config: { scope: 'audit:read' },
    schema: {
      operationId: 'listTrail',
      summary: 'List changes of all tenants, and events: keys, refused writes',
      description: EXPORT,
      tags,
      querystring: TrailQuerySchema,
      response: {
        200: pageOrExport(TrailPageSchema),
        ...problemResponses('tenant_not_found', 'invalid_input'),
      },
    },
    handler: async (request, reply) => {
      const { limit = DEFAULT_LIMIT, cursor, order } = request.query;
      const query = toTrailQuery(request.query);
      if (wantsExport(request)) {
        refusePaging(request.query);
        return exports.send(request, reply, store.trail.lines(query, request.principal));
      }
      const page = await store.trail.list(query, { limit, cursor, order }, request.principal);
      linkNext(request, reply, page.nextCursor);
      return reply.header('vary', 'Accept').send(page);
    },
  });

  app.get('/v1/tenants/:slug/changes', {
    config: { scope: 'audit:read' },
    schema: {
      operationId: 'listChanges',
      summary: 'List the changes of a tenant',
      description: EXPORT,
      tags,
      params: TenantParams,
      querystring: ChangesQuery,
      response: {
        200: pageOrExport(ChangePageSchema),
        ...problemResponses('tenant_not_found', 'invalid_input'),
      },
    },
    handler: async (request, reply) => {
      const { limit = DEFAULT_LIMIT, cursor, order } = request.query;
      const query = { ...toTrailQuery(request.query), slug: request.params.slug };
      if (wantsExport(request)) {
        refusePaging(request.query);
        const lines = store.trail.lines({ ...query, type: 'change' }, request.principal);
        return exports.send(request, reply, lines);
      }
      const page = await store.changes.list({ ...query, limit, cursor, order }, request.principal);
      linkNext(request, reply, page.nextCursor);
      return reply.header('vary', 'Accept').send(page);
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
