import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Moment, Store } from '../../store/store.js';
import { AcceptedRiskSchema, EntryOperandSchema, PatternSchema } from '../entry-schema.js';
import { IfMatchHeaders, parseIfMatch } from '../etag.js';
import { RevisionParam, TenantParams } from '../fields.js';
import { lintWrite } from '../list-review.js';
import { answerListWrite, DryRunQuery, listWriteFields, writtenCounts } from '../list-write.js';
import { linkNext, pageOf, pageQuery } from '../page.js';
import { bodyProblemResponses, problemResponses } from '../problem.js';
import { type RolloutWaits, waitingContext } from '../rollout-wait.js';

const MAX_RESTORED_RISKS = 1_000;

const RevisionParams = TenantParams.extend({ revision: RevisionParam });
const DiffParams = TenantParams.extend({ from: RevisionParam, to: RevisionParam });
const EntryParams = TenantParams.extend({ id: z.string().meta({ description: 'The id of the entry.' }) });

const row = z.record(z.string(), z.unknown()).nullable();
const MomentSchema = z
  .object({ revision: z.int(), lineage: z.uuid(), at: z.string() })
  .meta({ id: 'Moment', description: 'A revision, and when its change was made.' });
const DifferenceCountsSchema = z
  .object({ added: z.int(), removed: z.int(), changed: z.int() })
  .meta({ id: 'DifferenceCounts' });

const DiffSchema = z
  .object({
    from: MomentSchema,
    to: MomentSchema,
    counts: z
      .object({ entries: DifferenceCountsSchema, policies: DifferenceCountsSchema })
      .meta({ description: 'Of all pages together.' }),
    items: z
      .array(
        z.object({
          subject: z.enum(['tenant', 'entry', 'policy']),
          before: row.meta({ description: 'As it was at `from`; `null` = it was not there.' }),
          after: row.meta({ description: 'As it was at `to`; `null` = it was not there.' }),
        }),
      )
      .meta({
        description: 'The tenant’s own fields first, then policies by name, then entries by pattern.',
      }),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'RevisionDiff' });

const EntryChangeSchema = z
  .object({
    revision: z.int(),
    lineage: z.uuid(),
    at: z.string(),
    actor: z.string(),
    requestId: z.string(),
    action: z.string(),
    before: EntryOperandSchema.nullable().meta({ description: '`null` = created by this change.' }),
    after: EntryOperandSchema.nullable().meta({ description: '`null` = deleted by this change.' }),
  })
  .meta({ id: 'EntryChange' });

const CountsSchema = z.object(writtenCounts).meta({ id: 'RestoreCounts' });

const RestoreResultSchema = z
  .object({
    revision: z.int().meta({ description: 'The tenant’s revision now.' }),
    restored: z.int().meta({ description: 'The revision whose entries and policies it has now.' }),
    changed: z.boolean(),
    entries: CountsSchema,
    policies: CountsSchema,
    ...listWriteFields,
  })
  .meta({ id: 'RestoreResult' });

const tags = ['history'];

/** What a tenant had, and the way back. */
export const historyRoutes: FastifyPluginAsyncZod<{
  readonly store: Store;
  readonly waits: RolloutWaits;
}> = async (app, { store, waits }) => {
  app.get('/v1/tenants/:slug/changes/:from/diff/:to', {
    config: { scope: 'audit:read' },
    schema: {
      operationId: 'diffRevisions',
      summary: 'What differs between two revisions',
      description:
        'As if one write had led from the one to the other, in either direction. Entries are told apart by id.',
      tags,
      params: DiffParams,
      querystring: z.strictObject(pageQuery),
      response: {
        200: DiffSchema,
        ...problemResponses('tenant_not_found', 'revision_not_found', 'invalid_input'),
      },
    },
    handler: async (request, reply) => {
      const { slug, from, to } = request.params;
      const find = (atRevision: number) => store.history.find(slug, { atRevision }, request.principal);
      const [a, b] = await Promise.all([find(from), find(to)]);
      const diff = await store.history.diff(a, b, request.query);
      linkNext(request, reply, diff.nextCursor);
      return { from: toMoment(a), to: toMoment(b), ...diff };
    },
  });

  app.post('/v1/tenants/:slug/changes/:revision/restore', {
    config: { scope: 'origins:write', alsoScope: 'policies:write' },
    schema: {
      operationId: 'restoreRevision',
      summary: 'Make entries and policies what they were at a revision',
      description:
        'A new revision, unless nothing differs. Entries come back under the ids they had, with the risks accepted then; name and environment ' +
        'of the tenant stay. Refused when what is kept of the revision is not what the trail says, or a change since then is not what was ' +
        'hashed. `dryRun=true` answers what would happen and writes nothing.',
      tags,
      params: RevisionParams,
      querystring: DryRunQuery,
      headers: IfMatchHeaders,
      body: z
        .strictObject({
          acceptedRisks: z
            .array(AcceptedRiskSchema.extend({ pattern: PatternSchema }))
            .max(MAX_RESTORED_RISKS)
            .default([])
            .meta({
              description: 'Risks to take on for entries that would be refused today, each by its pattern.',
            }),
        })
        .nullish()
        .meta({ id: 'Restore', examples: [{}] }),
      response: {
        200: RestoreResultSchema,
        ...bodyProblemResponses(
          'tenant_not_found',
          'revision_not_found',
          'quota_exceeded',
          'history_mismatch',
          'risk_unaccepted',
          'revision_mismatch',
        ),
      },
    },
    handler: async (request, reply) => {
      const lint = lintWrite('', '');
      const restored = request.params.revision;
      const acceptedRisks = request.body?.acceptedRisks.map((risk) => ({
        ...risk,
        pattern: risk.pattern.text,
      }));
      const result = await store.history.restore(
        request.params.slug,
        restored,
        { ifMatch: parseIfMatch(request.headers['if-match']), dryRun: request.query.dryRun, acceptedRisks },
        { ...waitingContext(request), review: lint.review },
      );
      const answer = await answerListWrite(waits, request, reply, result, lint);
      return { restored, ...result.value, ...answer };
    },
  });

  app.get('/v1/tenants/:slug/origins/:id/changes', {
    config: { scope: 'audit:read' },
    schema: {
      operationId: 'listOriginChanges',
      summary: 'What became of an entry, newest first; also of one that was deleted',
      tags,
      params: EntryParams,
      querystring: z.strictObject(pageQuery),
      response: {
        200: pageOf(EntryChangeSchema),
        ...problemResponses('tenant_not_found', 'entry_not_found', 'invalid_input'),
      },
    },
    handler: async (request, reply) => {
      const { slug, id } = request.params;
      const page = await store.history.ofEntry(slug, id, request.query, request.principal);
      linkNext(request, reply, page.nextCursor);
      return page;
    },
  });
};

function toMoment({ revision, lineage, at }: Moment): z.infer<typeof MomentSchema> {
  return { revision, lineage, at };
}
