import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Store } from '../../store/store.js';
import { IfMatchHeaders, parseIfMatch, versionHeaders } from '../etag.js';
import { PolicyNameSchema, TenantParams } from '../fields.js';
import { findPast, judgedAt, judgedRevision, pastQuery, refuseTwoTimes } from '../past.js';
import { lintSettings, policyValidatorCompiler } from '../policy-input.js';
import { reviewPolicy } from '../policy-review.js';
import { PolicyInputSchema, PolicySchema, WrittenPolicySchema } from '../policy-schema.js';
import { bodyProblemResponses, problemResponses } from '../problem.js';
import {
  answerDeletion,
  type RolloutWaits,
  WaitedDeletionSchema,
  WaitQuery,
  waitingContext,
} from '../rollout-wait.js';

/** 200 names in each of three lists, and 100 paths, in any script. */
const BODY_LIMIT_BYTES = 1_024 * 1_024;

const PolicyParams = TenantParams.extend({ name: z.string().meta({ examples: ['default'] }) });
const NewPolicyParams = TenantParams.extend({ name: PolicyNameSchema });

const tags = ['policies'];

/** `/v1/tenants/{slug}/policies`: named sets of CORS settings. */
export const policyRoutes: FastifyPluginAsyncZod<{
  readonly store: Store;
  readonly waits: RolloutWaits;
}> = async (app, { store, waits }) => {
  app.get('/v1/tenants/:slug/policies', {
    config: { scope: 'origins:read' },
    schema: {
      operationId: 'listPolicies',
      summary: 'List the policies of a tenant',
      tags,
      params: TenantParams,
      querystring: z.strictObject(pastQuery).superRefine(refuseTwoTimes),
      response: {
        200: z.object({
          items: z.array(PolicySchema),
          nextCursor: z.null(),
          revision: judgedRevision,
          at: judgedAt,
        }),
        ...problemResponses('tenant_not_found', 'revision_not_found'),
      },
    },
    handler: async (request, reply) => {
      const { slug } = request.params;
      const past = await findPast(store, slug, request.query, request.principal);
      if (past === undefined) {
        return { items: await store.policies.list(slug, request.principal), nextCursor: null };
      }
      const { revision, at } = past;
      reply.headers({ 'x-revision': revision, 'x-at': at });
      return { revision, at, items: await store.history.policies(past), nextCursor: null };
    },
  });

  app.get('/v1/tenants/:slug/policies/:name', {
    config: { scope: 'origins:read' },
    schema: {
      operationId: 'getPolicy',
      summary: 'Read a policy',
      tags,
      params: PolicyParams,
      response: { 200: PolicySchema, ...problemResponses('tenant_not_found', 'policy_not_found') },
    },
    handler: async (request, reply) => {
      const policy = await store.policies.get(request.params.slug, request.params.name, request.principal);
      reply.header('etag', versionHeaders(policy.revision).etag);
      return policy;
    },
  });

  app.put('/v1/tenants/:slug/policies/:name', {
    config: { scope: 'policies:write' },
    bodyLimit: BODY_LIMIT_BYTES,
    validatorCompiler: policyValidatorCompiler,
    schema: {
      operationId: 'putPolicy',
      summary: 'Create or replace a policy',
      description:
        'Turning credentials on is refused while an entry it covers would then let in more than is safe. A 422 names what is wrong ' +
        'in `errors` and has all `findings` of the settings, warnings too.',
      tags,
      params: NewPolicyParams,
      querystring: WaitQuery,
      headers: IfMatchHeaders,
      body: PolicyInputSchema,
      response: {
        200: WrittenPolicySchema,
        201: WrittenPolicySchema,
        ...bodyProblemResponses('tenant_not_found', 'quota_exceeded', 'risk_unaccepted', 'revision_mismatch'),
      },
    },
    handler: async (request, reply) => {
      const { slug, name } = request.params;
      const findings = lintSettings(request.body);
      const { value, revision, created } = await store.policies.put(
        slug,
        name,
        request.body,
        { ifMatch: parseIfMatch(request.headers['if-match']) },
        { ...waitingContext(request), review: (write) => reviewPolicy(write, findings) },
      );
      reply.code(created ? 201 : 200).headers(versionHeaders(value.revision, revision));
      if (created) reply.header('location', `/v1/tenants/${slug}/policies/${name}`);
      return { ...value, findings: [...findings], rollout: await waits.after(request, revision) };
    },
  });

  app.delete('/v1/tenants/:slug/policies/:name', {
    config: { scope: 'policies:write' },
    schema: {
      operationId: 'deletePolicy',
      summary: 'Delete a policy that no entry names',
      tags,
      params: PolicyParams,
      querystring: WaitQuery,
      headers: IfMatchHeaders,
      response: {
        200: WaitedDeletionSchema,
        204: z.null(),
        ...problemResponses(
          'tenant_not_found',
          'policy_not_found',
          'policy_in_use',
          'default_policy_required',
          'revision_mismatch',
        ),
      },
    },
    handler: async (request, reply) => {
      const { revision } = await store.policies.remove(
        request.params.slug,
        request.params.name,
        { ifMatch: parseIfMatch(request.headers['if-match']) },
        waitingContext(request),
      );
      return answerDeletion(waits, request, reply, revision);
    },
  });
};
