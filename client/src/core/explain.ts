import { type Decision, decide } from './decision.js';
import { type DecisionRequest, single } from './decision-request.js';
import { type ExplainedOrigin, explainOrigin } from './explained-origin.js';
import { type ExplainedPolicy, explainPolicy } from './explained-policy.js';
import { summarise } from './explanation-summary.js';
import { findNearest, type NearEntry } from './nearest-entries.js';
import { findRefusedNames, type RefusedNames } from './refused-names.js';
import type { CompiledAllowlist } from './snapshot.js';

/** Everything a person may ask about one answer. Fit for `JSON.stringify`. */
export interface Explanation {
  /**
   * All of it in a few plain sentences: one line of printable ASCII (and `…`), 8,000 characters at most, whatever the request held.
   * Its wording is no contract; programs go by the fields.
   */
  readonly summary: string;
  readonly origin: ExplainedOrigin;
  readonly policy: ExplainedPolicy;
  /** When no entry lets the origin in: the nearest ones, at most 5, the nearest first; empty otherwise. */
  readonly nearest: readonly NearEntry[];
  /** The method, or the headers, that a preflight was refused for. */
  readonly refused?: RefusedNames;
  /** The answer itself, with the headers that would be sent. */
  readonly decision: Decision;
}

/**
 * Says what {@link decide} answers to a request, and why. The answer in it is that of `decide`, never a second opinion.
 *
 * Not for the way of a request: it looks at the whole list when no entry lets the origin in, which takes time by its length.
 *
 * @param nowMs epoch milliseconds by the server's clock.
 */
export function explain(request: DecisionRequest, compiled: CompiledAllowlist, nowMs: number): Explanation {
  return explainAnswer(decide(request, compiled, nowMs), request, compiled, nowMs);
}

/**
 * The same for an answer that was given already.
 *
 * @param compiled the list it was decided by; `undefined` = it was refused without one.
 */
export function explainAnswer(
  decision: Decision,
  request: DecisionRequest,
  compiled: CompiledAllowlist | undefined,
  nowMs: number,
): Explanation {
  const refused = compiled === undefined ? undefined : findRefusedNames(request, decision, compiled, nowMs);
  const facts = {
    origin: explainOrigin(request),
    policy: explainPolicy(request, decision, compiled?.policies),
    nearest: nearestOf(decision, request, compiled, nowMs),
    ...(refused !== undefined && { refused }),
    decision,
  };
  return { summary: summarise(facts), ...facts };
}

function nearestOf(
  { reason, policy }: Decision,
  request: DecisionRequest,
  compiled: CompiledAllowlist | undefined,
  nowMs: number,
): readonly NearEntry[] {
  const text = single(request.origin);
  if (text === undefined || policy === undefined || compiled === undefined) return [];
  switch (reason) {
    case 'origin_invalid':
    case 'origin_not_listed':
    case 'origin_unnamed':
    case 'entry_disabled':
    case 'entry_expired':
    case 'entry_other_policy':
      return findNearest(compiled.origins, text, policy, nowMs);
    default:
      return [];
  }
}
