import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { Store } from '../../store/store.js';
import { writeContext } from '../auth.js';
import { CHAIN_HEAD_HEADER } from '../chain-head.js';
import { IfMatchHeaders, parseIfMatch, versionHeaders } from '../etag.js';
import { EnvironmentSchema, freeText, SlugSchema, TenantParams } from '../fields.js';
import { linkNext, pageOf, pageQuery } from '../page.js';
import { bodyProblemResponses, problemResponses } from '../problem.js';

const TenantInputSchema = z
  .strictObject({
    slug: SlugSchema,
    name: freeText(200).min(1),
    environment: EnvironmentSchema.default('production'),
  })
  .meta({ id: 'NewTenant', examples: [{ slug: 'acme', name: 'Acme GmbH' }] });

const TenantPatchSchema = z
  .strictObject({ name: freeText(200).min(1), environment: EnvironmentSchema })
  .partial()
  .meta({ id: 'TenantPatch', examples: [{ name: 'Acme AG' }] });

const TenantSchema = z
  .object({
    id: z.uuid(),
    slug: z.string(),
    name: z.string(),
    environment: EnvironmentSchema,
    lineage: z.uuid(),
    revision: z.int(),
    headHash: z.string().meta({
      description:
        'Hash of the change that made this revision. Whoever keeps it can tell later that no change before was altered.',
    }),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: 'Tenant' });

const tags = ['tenants'];

/** `/v1/tenants`: whose lists there are. */
export const tenantRoutes: FastifyPluginAsyncZod<{ readonly store: Store }> = async (app, { store }) => {
  app.get('/v1/tenants', {
    config: { scope: 'tenants:read' },
    schema: {
      operationId: 'listTenants',
      summary: 'List the tenants this key may see',
      tags,
      querystring: z.strictObject(pageQuery),
      response: { 200: pageOf(TenantSchema), ...problemResponses('invalid_input') },
    },
    handler: async (request, reply) => {
      const page = await store.tenants.list({ ...request.query, ids: request.principal.tenantIds });
      linkNext(request, reply, page.nextCursor);
      return page;
    },
  });

  app.post('/v1/tenants', {
    config: { scope: 'tenants:write' },
    schema: {
      operationId: 'createTenant',
      summary: 'Create a tenant with an empty allowlist, which allows nobody',
      tags,
      body: TenantInputSchema,
      response: { 201: TenantSchema, ...bodyProblemResponses('slug_taken') },
    },
    handler: async (request, reply) => {
      // Such a key could make a tenant it would not be able to see.
      if (request.principal.tenantIds !== null) {
        throw new AppError('scope_missing', 'A key bound to tenants cannot create another.');
      }
      const { value } = await store.tenants.create(request.body, writeContext(request));
      reply.code(201).headers({ location: `/v1/tenants/${value.slug}`, ...versionHeaders(value.revision) });
      return value;
    },
  });

  app.get('/v1/tenants/:slug', {
    config: { scope: 'tenants:read' },
    schema: {
      operationId: 'getTenant',
      summary: 'Read a tenant',
      tags,
      params: TenantParams,
      response: { 200: TenantSchema, ...problemResponses('tenant_not_found') },
    },
    handler: async (request, reply) => {
      const tenant = await store.tenants.get(request.params.slug, request.principal);
      reply.headers({ ...versionHeaders(tenant.revision), [CHAIN_HEAD_HEADER]: tenant.headHash });
      return tenant;
    },
  });

  app.patch('/v1/tenants/:slug', {
    config: { scope: 'tenants:write' },
    schema: {
      operationId: 'updateTenant',
      summary: 'Change the name or environment',
      tags,
      params: TenantParams,
      headers: IfMatchHeaders,
      body: TenantPatchSchema,
      response: { 200: TenantSchema, ...bodyProblemResponses('tenant_not_found', 'revision_mismatch') },
    },
    handler: async (request, reply) => {
      const { value } = await store.tenants.update(
        request.params.slug,
        request.body,
        { ifMatch: parseIfMatch(request.headers['if-match']) },
        writeContext(request),
      );
      reply.headers(versionHeaders(value.revision));
      return value;
    },
  });

  app.delete('/v1/tenants/:slug', {
    config: { scope: 'tenants:write' },
    schema: {
      operationId: 'deleteTenant',
      summary: 'Delete a tenant: every origin is refused from then on; the trail is kept',
      tags,
      params: TenantParams,
      headers: IfMatchHeaders,
      response: { 204: z.null(), ...problemResponses('tenant_not_found', 'revision_mismatch') },
    },
    handler: async (request, reply) => {
      const { revision } = await store.tenants.remove(
        request.params.slug,
        { ifMatch: parseIfMatch(request.headers['if-match']) },
        writeContext(request),
      );
      reply.code(204).header('x-revision', revision);
      return null;
    },
  });
};
