import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { versionHeaders } from './etag.js';
import { ListFindingSchema } from './finding-schema.js';
import type { LintedWrite } from './list-review.js';
import { WaitedRolloutSchema } from './rollout-schema.js';
import { type RolloutWaits, type WaitingRequest, waitQuery } from './rollout-wait.js';

/** The query of a write that can be tried before it is made. */
export const DryRunQuery = z
  .strictObject({ dryRun: z.stringbool().default(false), ...waitQuery })
  .refine(({ dryRun, wait }) => !dryRun || wait === undefined, {
    path: ['wait'],
    message: 'A dry run writes nothing that could be waited for.',
  });

/** What a write did with how many. */
export const writtenCounts = { created: z.int(), updated: z.int(), deleted: z.int(), unchanged: z.int() };

/** What every answer to a write of many entries ends with. */
export const listWriteFields = {
  findings: z
    .array(ListFindingSchema)
    .meta({ description: 'What the linter has to say of the entries that changed; the first 1,000.' }),
  findingCount: z.int(),
  rollout: WaitedRolloutSchema.optional(),
};

/** The answer to a write of many entries, beside what the write itself has to say. */
export async function answerListWrite(
  waits: RolloutWaits,
  request: WaitingRequest,
  reply: FastifyReply,
  { revision, changed }: { readonly revision: number; readonly changed: boolean },
  { findings, findingCount }: LintedWrite,
) {
  reply.headers(versionHeaders(revision));
  const rollout = await waits.after(request, revision);
  return { revision, changed, findings, findingCount, rollout };
}
