import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { Store } from '../../store/store.js';
import { EntryInputSchema, EntryOperationSchema } from '../entry-schema.js';
import { IfMatchHeaders, parseIfMatch } from '../etag.js';
import { TenantParams } from '../fields.js';
import { lintWrite } from '../list-review.js';
import { answerListWrite, DryRunQuery, listWriteFields, writtenCounts } from '../list-write.js';
import { longList } from '../long-list.js';
import { bodyProblemResponses } from '../problem.js';
import { type RolloutWaits, WaitQuery, waitingContext } from '../rollout-wait.js';
import { ENTRY_WRITE_SCOPES } from '../scopes.js';

const MAX_BATCH_OPERATIONS = 10_000;
const BATCH_BODY_LIMIT_BYTES = 8 * 1024 * 1024;
const MAX_LIST_ENTRIES = 100_000;
const LIST_BODY_LIMIT_BYTES = 32 * 1024 * 1024;

const ListResultSchema = z
  .object({
    revision: z.int(),
    changed: z.boolean(),
    ...writtenCounts,
    ...listWriteFields,
  })
  .meta({
    id: 'ListResult',
    examples: [
      {
        revision: 8,
        changed: true,
        created: 2,
        updated: 0,
        deleted: 1,
        unchanged: 40,
        findings: [],
        findingCount: 0,
      },
    ],
  });

const tags = ['origins'];

/** Writes of many entries: all or nothing, one revision. */
export const originListRoutes: FastifyPluginAsyncZod<{
  readonly store: Store;
  readonly waits: RolloutWaits;
}> = async (app, { store, waits }) => {
  app.put('/v1/tenants/:slug/origins', {
    config: { scope: 'origins:write' },
    bodyLimit: LIST_BODY_LIMIT_BYTES,
    schema: {
      operationId: 'replaceOrigins',
      summary: 'Replace the whole list',
      description: `At most ${MAX_LIST_ENTRIES} entries. \`If-Match\` with the list's ETag is required.`,
      tags,
      params: TenantParams,
      querystring: WaitQuery,
      headers: IfMatchHeaders,
      body: z.strictObject({ entries: longList(EntryInputSchema, { max: MAX_LIST_ENTRIES }) }).meta({
        id: 'OriginList',
        examples: [
          { entries: [{ pattern: 'https://app.example.com' }, { pattern: 'https://*.example.com' }] },
        ],
      }),
      response: {
        200: ListResultSchema,
        ...bodyProblemResponses(
          'tenant_not_found',
          'policy_unknown',
          'quota_exceeded',
          'risk_unaccepted',
          'revision_mismatch',
          'precondition_required',
        ),
      },
    },
    handler: async (request, reply) => {
      if (request.headers['if-match'] === undefined) {
        throw new AppError(
          'precondition_required',
          'Send `If-Match` with the ETag of the list you read, so that nobody else’s change is lost.',
        );
      }
      const lint = lintWrite();
      const result = await store.entries.replaceAll(
        request.params.slug,
        request.body.entries,
        { ifMatch: parseIfMatch(request.headers['if-match']) },
        { ...waitingContext(request), review: lint.review },
      );
      return { ...result.value, ...(await answerListWrite(waits, request, reply, result, lint)) };
    },
  });

  app.post('/v1/tenants/:slug/origins/batch', {
    config: { scope: ENTRY_WRITE_SCOPES },
    bodyLimit: BATCH_BODY_LIMIT_BYTES,
    schema: {
      operationId: 'batchOrigins',
      summary: 'Apply up to 10,000 operations, all or nothing',
      description: '`dryRun=true` answers what would happen and writes nothing.',
      tags,
      params: TenantParams,
      querystring: DryRunQuery,
      headers: IfMatchHeaders,
      body: z
        .strictObject({
          operations: longList(EntryOperationSchema, { min: 1, max: MAX_BATCH_OPERATIONS }),
        })
        .meta({
          id: 'OriginBatch',
          examples: [
            {
              operations: [
                { op: 'put', pattern: 'https://app.example.com' },
                { op: 'delete', pattern: 'https://old.example.com' },
              ],
            },
          ],
        }),
      response: {
        200: ListResultSchema,
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
      const lint = lintWrite();
      const result = await store.entries.batch(
        request.params.slug,
        request.body.operations,
        { ifMatch: parseIfMatch(request.headers['if-match']), dryRun: request.query.dryRun },
        { ...waitingContext(request), review: lint.review },
      );
      return { ...result.value, ...(await answerListWrite(waits, request, reply, result, lint)) };
    },
  });
};
