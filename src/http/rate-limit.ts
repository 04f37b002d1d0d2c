import rateLimit, { type FastifyRateLimitStore, normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.js';
import type { RateLimits } from '../limits.js';
import type { Counts } from '../store/store.js';

/** Stands at the points of the authentication where a call can be one too many. */
export interface CallGuard {
  /**
   * Before a key that this node does not know costs a query, or none was sent.
   *
   * @throws AppError `rate_limited`.
   */
  admitStranger(
    request: FastifyRequest,
    reply: FastifyReply,
    options: { readonly asks: boolean },
  ): Promise<void>;
  /** After a key was refused. */
  noteFailure(request: FastifyRequest): Promise<void>;
  /** Takes one from the budget of a key. @throws AppError `rate_limited`. */
  spend(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Keys not known here that an address past its failures may still have looked up, a second. */
const PENALISED_LOOKUPS_PER_SECOND = 10;

type Limiter = ReturnType<FastifyInstance['createRateLimit']>;
type Verdict = Exclude<Awaited<ReturnType<Limiter>>, { readonly isAllowed: true }>;

/**
 * Budgets over counts that all nodes share. An address is looked at only while its caller's key is not known to this node:
 * behind one address there may be a whole company, and a key that is known costs no query. Hence also an address past its
 * failures is not shut out: known keys pass, and some unknown keys a second are still looked up.
 */
export async function createCallGuard(
  app: FastifyInstance,
  counts: Counts,
  limits: RateLimits,
): Promise<CallGuard> {
  await app.register(rateLimit, { global: false, store: storeOver(counts) });
  const budget = (max: number, timeWindow: number, keyGenerator: (request: FastifyRequest) => string) =>
    app.createRateLimit({ max, timeWindow, keyGenerator });

  const strangers = budget(
    limits.strangersPerSecond,
    SECOND_MS,
    (request) => `stranger:${addressOf(request)}`,
  );
  const failures = budget(limits.failuresPerMinute, MINUTE_MS, (request) => `failure:${addressOf(request)}`);
  const lookups = budget(
    PENALISED_LOOKUPS_PER_SECOND,
    SECOND_MS,
    (request) => `lookup:${addressOf(request)}`,
  );
  const ofKey = (kind: string, max: number) =>
    budget(max, MINUTE_MS, (request) => `${kind}:${request.principal.actor}`);
  const budgets = {
    reads: ofKey('reads', limits.readsPerMinute),
    writes: ofKey('writes', limits.writesPerMinute),
    evaluations: ofKey('evaluations', limits.evaluationsPerMinute),
    syncs: ofKey('syncs', limits.syncsPerMinute),
  };

  return {
    async admitStranger(request, reply, { asks }) {
      const sent = await verdictOf(strangers(request));
      if (sent.isExceeded) {
        throw refusal(
          reply,
          sent,
          `An address may send ${sent.max} requests a second with keys not known here.`,
        );
      }
      const failed = await verdictOf(failures(request, { increment: false }));
      if (failed.remaining > 0) return;
      const detail = `This address sent ${failed.max} keys in a minute that were refused.`;
      if (!asks) throw refusal(reply, failed, detail);
      const lookup = await verdictOf(lookups(request));
      // The next look-up is a second away, not the end of the minute: a good key must not be sent away for as long as a refused one.
      if (lookup.isExceeded) throw refusal(reply, lookup, detail);
    },
    async noteFailure(request) {
      await failures(request);
    },
    async spend(request, reply) {
      const kind = kindOf(request);
      const spent = await verdictOf(budgets[kind](request));
      if (spent.isExceeded) throw refusal(reply, spent, `A key has ${spent.max} ${kind} a minute.`);
      reply.headers(budgetHeaders(spent));
    },
  };
}

function kindOf(request: FastifyRequest): 'reads' | 'writes' | 'evaluations' | 'syncs' {
  const { scope } = request.routeOptions.config;
  if (scope === 'evaluate') return 'evaluations';
  if (scope === 'sync') return 'syncs';
  return request.method === 'GET' || request.method === 'HEAD' ? 'reads' : 'writes';
}

// An IPv6 caller has a whole /64 to himself.
function addressOf(request: FastifyRequest): string {
  return normalizeIP(request.ip);
}

function refusal(reply: FastifyReply, verdict: Verdict, detail: string): AppError {
  reply.headers({ ...budgetHeaders(verdict), 'retry-after': Math.max(1, verdict.ttlInSeconds) });
  return new AppError('rate_limited', detail);
}

// draft-ietf-httpapi-ratelimit-headers-06, as the plugin names them.
function budgetHeaders({ max, remaining, ttlInSeconds }: Verdict) {
  return { 'ratelimit-limit': max, 'ratelimit-remaining': remaining, 'ratelimit-reset': ttlInSeconds };
}

async function verdictOf(asked: ReturnType<Limiter>): Promise<Verdict> {
  const verdict = await asked;
  // The plugin's answer for its allow list, which is not used.
  if (verdict.isAllowed) throw new Error('a rate limit without a limit');
  return verdict;
}

type Answer = Parameters<FastifyRateLimitStore['incr']>[1];

/** The plugin's store over ours, which never fails and never waits. */
function storeOver(counts: Counts): new () => FastifyRateLimitStore {
  return class CountsStore implements FastifyRateLimitStore {
    incr(name: string, answer: Answer, windowMs = MINUTE_MS): void {
      const { count, resetMs } = counts.add(name, windowMs);
      answer(null, { current: count, ttl: resetMs });
    }
    read(name: string, answer: Answer): void {
      const { count, resetMs } = counts.read(name);
      answer(null, { current: count, ttl: resetMs });
    }
    child(): CountsStore {
      return new CountsStore();
    }
  };
}
