import type { Decision } from './decision.js';
import type { DecisionKind, DecisionRequest } from './decision-request.js';
import {
  findPreflight,
  type KeptPreflight,
  MAX_KEPT_PREFLIGHTS,
  toKeptPreflight,
} from './kept-preflights.js';
import { MAX_ORIGIN_LENGTH } from './origin.js';
import { activeAny, matchOrigin } from './origin-match.js';
import type { OriginEntry, OriginSet } from './origin-set.js';
import type { CompiledPolicy } from './policy.js';
import { type Counts, countIn, createCounts, isCounted } from './tally.js';

/**
 * Answers of one policy at one version, by the Origin header: nearly all requests come from the same few pages, and to look an answer up
 * takes half the time of making it.
 */
export interface KeptAnswers {
  readonly byOrigin: Map<string, KeptAnswer>;
  /** Lengths that these origins have: any other need not be hashed. */
  readonly lengths: Counts;
  withoutOrigin: Decision | undefined;
  /** The one that was asked for last: two texts are compared in less time than a new one is hashed for the map. */
  last: KeptAnswer | undefined;
  readonly preflights: Map<string, readonly KeptPreflight[]>;
}

interface KeptAnswer {
  readonly origin: string;
  readonly decision: Decision;
}

/** None yet. */
export function createKeptAnswers(): KeptAnswers {
  return {
    byOrigin: new Map(),
    lengths: createCounts(MAX_ORIGIN_LENGTH),
    withoutOrigin: undefined,
    last: undefined,
    preflights: new Map(),
  };
}

/** The answer that is kept for a request; `undefined` = it has to be made. */
export function findKept(
  kept: KeptAnswers,
  request: DecisionRequest,
  kind: DecisionKind,
): Decision | undefined {
  if (!isKeepable(request)) return undefined;
  if (kind !== 'preflight') return findByOrigin(kept, request.origin);
  return findPreflight(kept.preflights.get(request.origin ?? '') ?? NO_PREFLIGHTS, request);
}

/** @param origin the header of a request that is neither a preflight nor a socket's, and as long as any may be. */
export function findByOrigin(kept: KeptAnswers, origin: string | undefined): Decision | undefined {
  if (origin === undefined) return kept.withoutOrigin;
  const { last } = kept;
  if (last !== undefined && last.origin === origin) return last.decision;
  const found = isCounted(kept.lengths, origin.length) ? kept.byOrigin.get(origin) : undefined;
  if (found === undefined) return undefined;
  kept.last = found;
  return found.decision;
}

/** For the next version. */
export function forgetKept(kept: KeptAnswers): void {
  kept.byOrigin.clear();
  kept.lengths.fill(0);
  kept.withoutOrigin = undefined;
  kept.last = undefined;
  kept.preflights.clear();
}

/**
 * Keeps an answer, if it is the one at any time: of an entry without expiry, and with none before it that had one.
 *
 * @param entry the one that let the origin in. Refusals are not kept, anybody could fill the room with them: only the one to requests
 *   without an origin.
 */
export function keepAnswer(
  { kept, alwaysSend }: CompiledPolicy,
  request: DecisionRequest,
  decision: Decision,
  entry: OriginEntry | undefined,
  set: OriginSet,
): void {
  if (!isKeepable(request)) return;
  const { origin } = request;
  if (origin === undefined) {
    if (set.any === undefined && !alwaysSend) kept.withoutOrigin = freeze(decision);
    return;
  }
  if (!decision.allowed || entry === undefined || entry.expiresAtMs !== undefined) return;
  const isPreflight = decision.kind === 'preflight';
  const preflight = isPreflight ? toKeptPreflight(request, decision) : undefined;
  if (isPreflight && preflight === undefined) return;
  if (!hasRoom(kept, origin, decision) || !isFirstAtAnyTime(entry, origin, decision.policy ?? '', set))
    return;
  freeze(decision);
  if (preflight !== undefined) {
    kept.preflights.set(origin, [...(kept.preflights.get(origin) ?? []), preflight]);
    return;
  }
  kept.byOrigin.set(origin, { origin, decision });
  countIn(kept.lengths, origin.length);
}

/** Origins at most, for each policy; then no more until the next version. Who may use a wildcard can invent origins. */
export const MAX_KEPT_ANSWERS = 256;
const NO_PREFLIGHTS: readonly KeptPreflight[] = [];

function hasRoom({ byOrigin, preflights }: KeptAnswers, origin: string, { kind }: Decision): boolean {
  if (kind !== 'preflight') return byOrigin.size < MAX_KEPT_ANSWERS;
  const ofOrigin = preflights.get(origin);
  return ofOrigin === undefined ? preflights.size < MAX_KEPT_ANSWERS : ofOrigin.length < MAX_KEPT_PREFLIGHTS;
}

/** A request whose answer may hang on nothing but its origin and, if it is a preflight, on what it asks for. */
interface KeepableRequest extends DecisionRequest {
  readonly origin?: string;
}

function isKeepable(request: DecisionRequest): request is KeepableRequest {
  const { origin, socket } = request;
  if (socket !== undefined) return false;
  return origin === undefined || (typeof origin === 'string' && origin.length <= MAX_ORIGIN_LENGTH);
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
