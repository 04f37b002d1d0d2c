import type { Decision } from './decision.js';
import type { DecisionKind, DecisionRequest } from './decision-request.js';
import { MAX_ORIGIN_LENGTH } from './origin.js';
import { activeAny, matchOrigin } from './origin-match.js';
import type { OriginEntry, OriginSet } from './origin-set.js';
import type { CompiledPolicy } from './policy.js';

/**
 * Answers of one policy at one version, by the Origin header: nearly all requests come from the same few pages, and to look an answer up
 * takes half the time of making it.
 */
export interface KeptAnswers {
  readonly byOrigin: Map<string, KeptAnswer>;
  /** Lengths that these origins have: any other need not be hashed. */
  readonly lengths: Set<number>;
  withoutOrigin: Decision | undefined;
  /** The one that was asked for last: two texts are compared in less time than a new one is hashed for the map. */
  last: KeptAnswer | undefined;
}

interface KeptAnswer {
  readonly origin: string;
  readonly decision: Decision;
}

/** None yet. */
export function createKeptAnswers(): KeptAnswers {
  return { byOrigin: new Map(), lengths: new Set(), withoutOrigin: undefined, last: undefined };
}

/** @param origin the header of a request that {@link isPlain}. */
export function findKept(kept: KeptAnswers, origin: string | undefined): Decision | undefined {
  if (origin === undefined) return kept.withoutOrigin;
  const { last } = kept;
  if (last !== undefined && last.origin === origin) return last.decision;
  const found = kept.lengths.has(origin.length) ? kept.byOrigin.get(origin) : undefined;
  if (found === undefined) return undefined;
  kept.last = found;
  return found.decision;
}

/** For the next version. */
export function forgetKept(kept: KeptAnswers): void {
  kept.byOrigin.clear();
  kept.lengths.clear();
  kept.withoutOrigin = undefined;
  kept.last = undefined;
}

/** Kept at most for each policy; then no more until the next version. Who may use a wildcard can invent origins. */
export const MAX_KEPT_ANSWERS = 256;

/** A request whose answer may hang on nothing but its origin. */
export interface PlainRequest extends DecisionRequest {
  readonly origin?: string;
}

export function isPlain(request: DecisionRequest, kind: DecisionKind): request is PlainRequest {
  const { origin, socket } = request;
  if (kind === 'preflight' || socket !== undefined) return false;
  return origin === undefined || (typeof origin === 'string' && origin.length <= MAX_ORIGIN_LENGTH);
}

/**
 * Keeps an answer, if it is the one at any time: of an entry without expiry, and with none before it that had one.
 *
 * @param entry the one that let the origin in. Refusals are not kept, anybody could fill the room with them: only the one to requests
 *   without an origin.
 */
export function keepAnswer(
  { kept, alwaysSend }: CompiledPolicy,
  origin: string | undefined,
  decision: Decision,
  entry: OriginEntry | undefined,
  set: OriginSet,
): void {
  if (origin === undefined) {
    if (set.any === undefined && !alwaysSend) kept.withoutOrigin = freeze(decision);
    return;
  }
  if (!decision.allowed || entry === undefined || entry.expiresAtMs !== undefined) return;
  if (kept.byOrigin.size >= MAX_KEPT_ANSWERS || !isFirstAtAnyTime(entry, origin, decision.policy ?? '', set))
    return;
  kept.byOrigin.set(origin, { origin, decision: freeze(decision) });
  kept.lengths.add(origin.length);
}

/** From now on it goes to many callers. */
function freeze(decision: Decision): Decision {
  Object.freeze(decision.headers);
  Object.freeze(decision.matched);
  return Object.freeze(decision);
}

/** At the beginning of time nothing has expired. */
function isFirstAtAnyTime(entry: OriginEntry, origin: string, policy: string, set: OriginSet): boolean {
  return (
    activeAny(set, policy, Number.NEGATIVE_INFINITY) === undefined &&
    matchOrigin(set, origin, policy, Number.NEGATIVE_INFINITY) === entry
  );
}
