import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Store } from '../store/store.js';
import { requireStanding, writeContext } from './auth.js';
import { WaitedRolloutSchema } from './rollout-schema.js';

const DEFAULT_TIMEOUT_MS = 5_000;
const MAX_TIMEOUT_MS = 30_000;
/** Writers that wait on one node; the next are told at once how things stand. */
const MAX_WAITS = 1_000;

/** Query fields of every write that can wait until it is everywhere. */
export const waitQuery = {
  wait: z
    .enum(['applied'])
    .optional()
    .meta({ description: '`applied`: answer when every instance has applied the write, with `rollout`.' }),
  timeoutMs: z.coerce.number().int().min(0).max(MAX_TIMEOUT_MS).default(DEFAULT_TIMEOUT_MS).meta({
    description: 'How long to wait. When it is over, `rollout` says who has not; the write stands.',
  }),
};

/** The same for a write without other query fields. */
export const WaitQuery = z.strictObject(waitQuery);

/** What a deletion that waited answers. */
export const WaitedDeletionSchema = z.object({ rollout: WaitedRolloutSchema }).meta({ id: 'WaitedDeletion' });

/** A write to the tenant of its path. */
export type WaitingRequest = FastifyRequest<{
  Params: { readonly slug: string };
  Querystring: z.output<typeof WaitQuery>;
}>;

/** Lets writes wait until their revision is everywhere. */
export interface RolloutWaits {
  /**
   * How the rollout of a committed write stands when all have applied it, or its time is over; `undefined` when it was not
   * asked for. Never rejects: whatever happens now, the write stands.
   */
  after(request: WaitingRequest, revision: number): Promise<z.input<typeof WaitedRolloutSchema> | undefined>;
  /** Ends all waits. */
  close(): void;
}

/** Who writes, and whether the instances are asked to say at once that they have applied it. */
export function waitingContext(request: WaitingRequest) {
  return { ...writeContext(request), ack: request.query.wait !== undefined };
}

/** Answers a deletion: 204, or, when it was waited for, with its rollout. */
export async function answerDeletion(
  waits: RolloutWaits,
  request: WaitingRequest,
  reply: FastifyReply,
  revision: number,
) {
  reply.header('x-revision', revision);
  const rollout = await waits.after(request, revision);
  if (rollout !== undefined) return { rollout };
  reply.code(204);
  return null;
}

export function createRolloutWaits(store: {
  readonly rollouts: Pick<Store['rollouts'], 'awaitApplied'>;
  readonly keys: Pick<Store['keys'], 'verify'>;
}): RolloutWaits {
  const closing = new AbortController();
  let waiting = 0;

  return {
    async after({ query, params, principal, log }, revision) {
      if (query.wait === undefined) return undefined;
      const startedMs = performance.now();
      const timeoutMs = waiting < MAX_WAITS ? query.timeoutMs : 0;
      waiting += 1;
      const progress = await store.rollouts
        .awaitApplied(params.slug, revision, { timeoutMs, signal: closing.signal }, principal)
        .then(async (found) => {
          // The write stands and is answered as such, but a key that has ended meanwhile learns no more.
          await requireStanding(store, principal);
          return found;
        })
        .catch((err: unknown) => {
          log.warn({ err }, 'a write is committed, but who has applied it could not be read');
          return undefined;
        });
      waiting -= 1;
      const waitedMs = Math.round(performance.now() - startedMs);
      if (progress === undefined)
        return { ...NOT_KNOWN, incompleteBecause: ['not_known'], revision, waitedMs };
      const { complete, incompleteBecause, counts, lagging, silent } = progress;
      return { revision, complete, incompleteBecause, counts, lagging, silent, waitedMs };
    },
    close: () => closing.abort(),
  };
}

const NOT_KNOWN = { complete: false, counts: null, lagging: [], silent: [] };
