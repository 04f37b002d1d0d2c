import type { FastifyReply } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { isInScope, type Store, tenantNotFound } from '../../store/store.js';
import { SlugSchema } from '../fields.js';
import { findPast, pastQuery, refuseTwoTimes } from '../past.js';
import { bodyProblemResponses, problemResponses } from '../problem.js';

const MAX_TENANTS = 1_000;

const SnapshotSchema = z
  .object({
    tenant: z.string(),
    lineage: z.uuid(),
    revision: z.int(),
    count: z.int().meta({ description: 'How many entries there are.' }),
    policies: z.array(
      z.object({
        name: z.string(),
        paths: z.array(z.string()),
        credentials: z.boolean(),
        methods: z.array(z.string()),
        allowedHeaders: z.array(z.string()),
        exposedHeaders: z.array(z.string()),
        maxAgeSeconds: z.int().optional(),
        privateNetwork: z.boolean(),
        alwaysSend: z.boolean(),
        enforcement: z.enum(['report', 'headers', 'block']),
      }),
    ),
    entries: z.array(
      z.object({
        pattern: z.string(),
        enabled: z.boolean().optional(),
        expiresAt: z.string().optional(),
        policies: z.array(z.string()).optional(),
      }),
    ),
  })
  .meta({ id: 'Snapshot' });

const VersionSchema = z.object({ lineage: z.uuid(), revision: z.int() }).meta({ id: 'Version' });

const tags = ['sync'];

/** The SDK's calls: whole snapshots, and which versions there are. */
export const syncRoutes: FastifyPluginAsyncZod<{
  readonly store: Store;
  readonly now: () => number;
}> = async (app, { store, now }) => {
  app.get('/v1/snapshot', {
    config: { scope: 'sync' },
    schema: {
      operationId: 'getSnapshot',
      summary: 'Everything needed to decide for one tenant',
      description:
        'Answers 304 to `If-None-Match`. `Repr-Digest` (RFC 9530) covers the body. `X-At` is the instant a past one was asked for.',
      tags,
      querystring: z.strictObject({ tenant: z.string(), ...pastQuery }).superRefine(refuseTwoTimes),
      response: {
        200: SnapshotSchema,
        304: z.null().meta({ description: 'The version the caller holds is current.' }),
        ...problemResponses('tenant_not_found', 'revision_not_found', 'invalid_input'),
      },
    },
    handler: async (request, reply) => {
      const { tenant, ...point } = request.query;
      const past = await findPast(store, tenant, point, request.principal);
      const snapshot = await (past === undefined
        ? store.snapshots.bySlug(tenant)
        : store.history.snapshot(past));
      if (snapshot === undefined || !isInScope(request.principal, snapshot.version.tenantId))
        throw tenantNotFound(tenant);
      const { lineage, revision } = snapshot.version;
      reply.headers({
        etag: `"${lineage}.${revision}"`,
        'repr-digest': `sha-256=:${snapshot.digest}:`,
        'x-revision': revision,
        'x-server-time': now(),
        ...(past !== undefined && { 'x-at': past.at }),
      });
      return sendText(reply, snapshot.body);
    },
  });

  app.post('/v1/versions', {
    config: { scope: 'sync' },
    schema: {
      operationId: 'getVersions',
      summary: 'Which version each of up to 1,000 tenants is at',
      description: '`null` = there is no such tenant.',
      tags,
      body: z
        .strictObject({ tenants: z.array(SlugSchema).max(MAX_TENANTS) })
        .meta({ id: 'VersionsRequest', examples: [{ tenants: ['acme'] }] }),
      response: {
        200: z.object({ versions: z.record(z.string(), VersionSchema.nullable()) }).meta({ id: 'Versions' }),
        ...bodyProblemResponses(),
      },
    },
    handler: async (request, reply) => {
      reply.headers({ 'cache-control': 'no-store', 'x-server-time': now() });
      const found = await store.snapshots.versions(request.body.tenants);
      const versions = request.body.tenants.map((slug) => {
        const version = found.get(slug) ?? null;
        if (version === null || !isInScope(request.principal, version.tenantId)) return [slug, null] as const;
        return [slug, { lineage: version.lineage, revision: version.revision }] as const;
      });
      return { versions: Object.fromEntries(versions) };
    },
  });
};

// The stored text itself: the digest covers these bytes, and 100,000 entries are not serialised again.
function sendText(reply: FastifyReply, json: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(json);
}
