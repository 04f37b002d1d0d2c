import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Store } from '../../store/store.js';
import { writeContext } from '../auth.js';
import { RevisionSchema, TenantParams } from '../fields.js';
import { problemResponses } from '../problem.js';
import { completeness, RolloutInstanceSchema, RolloutSchema } from '../rollout-schema.js';

const RevisionQuery = z.strictObject({
  revision: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(RevisionSchema)
    .optional()
    .meta({ description: 'The revision asked about; absent = the one the tenant is at.', examples: ['42'] }),
});

const InstanceParams = TenantParams.extend({
  id: z.string().meta({ description: 'The `id` of the instance in the rollout.' }),
});

const HorizonSchema = z
  .object({
    tenant: z.string(),
    lineage: z.uuid(),
    revision: z.int(),
    horizonAt: z.string().nullable().meta({
      description:
        'From then on no browser goes by a preflight from before the revision. `null` = not known yet.',
    }),
    lastAppliedAt: z
      .string()
      .nullable()
      .meta({ description: 'When the last instance stopped deciding by an earlier revision.' }),
    maxAgeSeconds: z
      .int()
      .meta({ description: 'The longest that a policy of the last 24 h let browsers keep a preflight.' }),
    ...completeness,
    blockers: z
      .array(RolloutInstanceSchema)
      .meta({ description: 'Who may still decide by an earlier revision; the first of them.' }),
    blockerCount: z.int(),
  })
  .meta({ id: 'Horizon' });

const tags = ['rollout'];

/** `/v1/tenants/{slug}/rollout` and `…/horizon`: who has applied what, and until when browsers remember what was before. */
export const rolloutRoutes: FastifyPluginAsyncZod<{ readonly store: Store }> = async (app, { store }) => {
  app.get('/v1/tenants/:slug/rollout', {
    config: { scope: 'origins:read' },
    schema: {
      operationId: 'getRollout',
      summary: 'Which instances have applied a revision',
      description: 'A revision is everywhere when `complete` is true and `lagging` and `silent` are empty.',
      tags,
      params: TenantParams,
      querystring: RevisionQuery,
      response: {
        200: RolloutSchema,
        ...problemResponses('tenant_not_found', 'revision_not_reached', 'invalid_input'),
      },
    },
    handler: async (request) => {
      const { slug } = request.params;
      const { tenantId: _tenantId, ...rollout } = await store.rollouts.get(
        slug,
        request.query.revision,
        request.principal,
      );
      return { tenant: slug, ...rollout };
    },
  });

  app.get('/v1/tenants/:slug/horizon', {
    config: { scope: 'origins:read' },
    schema: {
      operationId: 'getHorizon',
      summary: 'Until when browsers may go by what was told before a revision',
      description:
        'About preflights only: simple requests are sent all the same, open WebSockets live on, and cached responses stay readable. See docs/rollout.md.',
      tags,
      params: TenantParams,
      querystring: RevisionQuery,
      response: {
        200: HorizonSchema,
        ...problemResponses('tenant_not_found', 'revision_not_reached', 'invalid_input'),
      },
    },
    handler: async (request) => {
      const { slug } = request.params;
      return {
        tenant: slug,
        ...(await store.rollouts.horizon(slug, request.query.revision, request.principal)),
      };
    },
  });

  app.delete('/v1/tenants/:slug/rollout/instances/:id', {
    config: { scope: 'tenants:write' },
    schema: {
      operationId: 'removeInstance',
      summary: 'Forget a silent instance that is known to be gone',
      description:
        'For this tenant. It is your word then that it serves nobody any more; the events keep it.',
      tags,
      params: InstanceParams,
      response: {
        204: z.null(),
        ...problemResponses('tenant_not_found', 'instance_not_found', 'instance_not_silent'),
      },
    },
    handler: async (request, reply) => {
      await store.instances.remove(request.params.slug, request.params.id, writeContext(request));
      reply.code(204);
      return null;
    },
  });
};
