import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Store } from '../../store/store.js';
import {
  EntryFieldsSchema,
  EntryInputSchema,
  EntryPatchSchema,
  EntrySchema,
  PatternSchema,
  WrittenEntrySchema,
} from '../entry-schema.js';
import { IfMatchHeaders, parseIfMatch, versionHeaders } from '../etag.js';
import { InstantSchema, TenantParams, toUtc } from '../fields.js';
import { lintWrite } from '../list-review.js';
import { linkNext, pageOf, pageQuery } from '../page.js';
import { findPast, judgedAt, judgedRevision, pastQuery, refuseTwoTimes } from '../past.js';
import { bodyProblemResponses, problemResponses } from '../problem.js';
import { tellUsageOf } from '../quota-header.js';
import {
  answerDeletion,
  type RolloutWaits,
  WaitedDeletionSchema,
  WaitQuery,
  waitingContext,
  waitQuery,
} from '../rollout-wait.js';
import { ENTRY_WRITE_SCOPES } from '../scopes.js';

const EntryParams = TenantParams.extend({ id: z.string().meta({ description: 'The id of the entry.' }) });
const PatternQuery = z.strictObject({ pattern: PatternSchema, ...waitQuery });

const ListQuery = z
  .strictObject({
    ...pageQuery,
    status: z.enum(['active', 'disabled', 'expired']).optional(),
    kind: z.enum(['exact', 'subdomains', 'affix', 'any', 'null']).optional(),
    ref: z.string().max(200).optional(),
    label: z.string().max(63).optional(),
    q: z.string().max(200).optional().meta({ description: 'Text within the pattern, ref or note.' }),
    expiresBefore: InstantSchema.transform(toUtc).optional(),
    ...pastQuery,
  })
  .superRefine(refuseTwoTimes);

const tags = ['origins'];

/** `/v1/tenants/{slug}/origins`: the entries of one allowlist, one at a time. */
export const originRoutes: FastifyPluginAsyncZod<{
  readonly store: Store;
  readonly waits: RolloutWaits;
}> = async (app, { store, waits }) => {
  app.get('/v1/tenants/:slug/origins', {
    config: { scope: 'origins:read' },
    schema: {
      operationId: 'listOrigins',
      summary: 'List entries',
      description:
        'The ETag is the revision of the whole list: send it as `If-Match` to replace the list. With `atRevision` or `at` the list as it was ' +
        'then, by which `status` is judged too.',
      tags,
      params: TenantParams,
      querystring: ListQuery,
      response: {
        200: pageOf(EntrySchema).extend({ revision: judgedRevision, at: judgedAt }),
        ...problemResponses('tenant_not_found', 'revision_not_found', 'invalid_input'),
      },
    },
    handler: async (request, reply) => {
      const { limit, cursor, atRevision, at, ...filters } = request.query;
      const past = await findPast(store, request.params.slug, { atRevision, at }, request.principal);
      if (past !== undefined) {
        const page = await store.history.entries(past, filters, { limit, cursor });
        reply.headers({ ...versionHeaders(past.revision), 'x-at': past.at });
        linkNext(request, reply, page.nextCursor);
        return { revision: past.revision, at: past.at, ...page };
      }
      const { revision, usage, ...page } = await store.entries.list(
        request.params.slug,
        filters,
        { limit, cursor },
        request.principal,
      );
      // Which entries are active or expired changes with the time, under one revision: such a list is tagged by its content.
      if (filters.status === undefined) reply.headers(versionHeaders(revision));
      else reply.header('x-revision', revision);
      tellUsageOf(request)(usage);
      linkNext(request, reply, page.nextCursor);
      return page;
    },
  });

  app.post('/v1/tenants/:slug/origins', {
    config: { scope: ENTRY_WRITE_SCOPES },
    schema: {
      operationId: 'addOrigin',
      summary: 'Add an entry',
      tags,
      params: TenantParams,
      querystring: WaitQuery,
      body: EntryInputSchema,
      response: {
        201: WrittenEntrySchema,
        ...bodyProblemResponses(
          'tenant_not_found',
          'pattern_taken',
          'quota_exceeded',
          'policy_unknown',
          'risk_unaccepted',
        ),
      },
    },
    handler: async (request, reply) => {
      const { slug } = request.params;
      const lint = lintWrite();
      const { value, revision } = await store.entries.create(slug, request.body, {
        ...waitingContext(request),
        review: lint.review,
      });
      reply.code(201).headers({
        location: `/v1/tenants/${slug}/origins/${value.id}`,
        ...versionHeaders(value.revision, revision),
      });
      return { ...value, findings: lint.findings, rollout: await waits.after(request, revision) };
    },
  });

  app.get('/v1/tenants/:slug/origins/:id', {
    config: { scope: 'origins:read' },
    schema: {
      operationId: 'getOrigin',
      summary: 'Read an entry',
      tags,
      params: EntryParams,
      response: { 200: EntrySchema, ...problemResponses('tenant_not_found', 'entry_not_found') },
    },
    handler: async (request, reply) => {
      const entry = await store.entries.get(request.params.slug, request.params.id, request.principal);
      reply.headers({ etag: versionHeaders(entry.revision).etag });
      return entry;
    },
  });

  app.patch('/v1/tenants/:slug/origins/:id', {
    config: { scope: ENTRY_WRITE_SCOPES },
    schema: {
      operationId: 'updateOrigin',
      summary: 'Change some fields of an entry',
      tags,
      params: EntryParams,
      querystring: WaitQuery,
      headers: IfMatchHeaders,
      body: EntryPatchSchema,
      response: {
        200: WrittenEntrySchema,
        ...bodyProblemResponses(
          'tenant_not_found',
          'entry_not_found',
          'pattern_taken',
          'quota_exceeded',
          'policy_unknown',
          'risk_unaccepted',
          'revision_mismatch',
        ),
      },
    },
    handler: async (request, reply) => {
      const lint = lintWrite();
      const { value, revision } = await store.entries.update(
        request.params.slug,
        request.params.id,
        request.body,
        { ifMatch: parseIfMatch(request.headers['if-match']) },
        { ...waitingContext(request), review: lint.review },
      );
      reply.headers(versionHeaders(value.revision, revision));
      return { ...value, findings: lint.findings, rollout: await waits.after(request, revision) };
    },
  });

  app.delete('/v1/tenants/:slug/origins/:id', {
    config: { scope: ENTRY_WRITE_SCOPES },
    schema: {
      operationId: 'deleteOrigin',
      summary: 'Delete an entry',
      tags,
      params: EntryParams,
      querystring: WaitQuery,
      headers: IfMatchHeaders,
      response: {
        200: WaitedDeletionSchema,
        204: z.null(),
        ...problemResponses('tenant_not_found', 'entry_not_found', 'revision_mismatch'),
      },
    },
    handler: async (request, reply) => {
      const { revision } = await store.entries.remove(
        request.params.slug,
        request.params.id,
        { ifMatch: parseIfMatch(request.headers['if-match']) },
        waitingContext(request),
      );
      return answerDeletion(waits, request, reply, revision);
    },
  });

  app.put('/v1/tenants/:slug/origins/by-pattern', {
    config: { scope: ENTRY_WRITE_SCOPES },
    schema: {
      operationId: 'putOriginByPattern',
      summary: 'Create or replace the entry with this pattern',
      description: 'Repeating the same call changes nothing and spends no revision: made for CI.',
      tags,
      params: TenantParams,
      querystring: PatternQuery,
      headers: IfMatchHeaders,
      body: EntryFieldsSchema,
      response: {
        200: WrittenEntrySchema,
        201: WrittenEntrySchema,
        ...bodyProblemResponses(
          'tenant_not_found',
          'policy_unknown',
          'quota_exceeded',
          'risk_unaccepted',
          'revision_mismatch',
        ),
      },
    },
    handler: async (request, reply) => {
      const { slug } = request.params;
      const lint = lintWrite('/query');
      const { value, revision, created } = await store.entries.upsert(
        slug,
        { ...request.body, pattern: request.query.pattern },
        { ifMatch: parseIfMatch(request.headers['if-match']) },
        { ...waitingContext(request), review: lint.review },
      );
      reply.code(created ? 201 : 200).headers(versionHeaders(value.revision, revision));
      if (created) reply.header('location', `/v1/tenants/${slug}/origins/${value.id}`);
      return { ...value, findings: lint.findings, rollout: await waits.after(request, revision) };
    },
  });

  app.delete('/v1/tenants/:slug/origins/by-pattern', {
    config: { scope: ENTRY_WRITE_SCOPES },
    schema: {
      operationId: 'deleteOriginByPattern',
      summary: 'Delete the entry with this pattern',
      tags,
      params: TenantParams,
      querystring: PatternQuery,
      headers: IfMatchHeaders,
      response: {
        200: WaitedDeletionSchema,
        204: z.null(),
        ...problemResponses('tenant_not_found', 'entry_not_found', 'revision_mismatch', 'invalid_input'),
      },
    },
    handler: async (request, reply) => {
      const { revision } = await store.entries.removeByPattern(
        request.params.slug,
        request.query.pattern.text,
        { ifMatch: parseIfMatch(request.headers['if-match']) },
        waitingContext(request),
      );
      return answerDeletion(waits, request, reply, revision);
    },
  });
};
