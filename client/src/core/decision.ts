import type { DecisionReason, RefusalReason } from './decision-reason.js';
import { type DecisionKind, type DecisionRequest, kindOf, single } from './decision-request.js';
import { type Draft, grant, NO_HEADERS, refusal } from './draft.js';
import { findByOrigin, findKept, keepAnswer } from './kept-answers.js';
import { MAX_ORIGIN_LENGTH } from './origin.js';
import { activeAny, matchOrigin } from './origin-match.js';
import { isFromOwnPage } from './own-page.js';
import type { PatternKind } from './pattern.js';
import type { CompiledPolicy } from './policy.js';
import type { Enforcement } from './policy-settings.js';
import { policyForTarget } from './policy-table.js';
import { answerPreflight } from './preflight.js';
import { sameHostEntry } from './same-host.js';
import type { CompiledAllowlist } from './snapshot.js';

export type { DecisionKind, DecisionReason, DecisionRequest, RefusalReason };

/** The answer for one request: what to tell a person, and the edits that enforce it. */
export interface Decision {
  readonly kind: DecisionKind;
  readonly allowed: boolean;
  readonly reason: DecisionReason;
  /** The entry that let the origin in, also when the method or a header was refused after that. */
  readonly matched?: { readonly pattern: string; readonly kind: PatternKind };
  /** The policy that answered; `undefined` when none could be told. */
  readonly policy: string | undefined;
  readonly enforcement: Enforcement;
  /** Whether the application runs. A refused request still does, save under `block`: CORS hides answers, it stops no request. */
  readonly callsNext: boolean;
  /** The status of an answer made here, `null` when the application answers. */
  readonly status: 204 | 403 | null;
  /** Response headers to set, replacing what is there; lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Members to merge into the response's `Vary` when it is sent. */
  readonly vary: readonly string[];
  /** Response headers to delete; none of them is in `headers`, so the order does not matter. */
  readonly remove: readonly string[];
  /** The version decided by; `undefined` when there was none. */
  readonly tenant: string | undefined;
  readonly lineage: string | undefined;
  readonly revision: number | undefined;
}

/**
 * Decides one request. Synchronous, without I/O or clock, and total: any strings give a decision, none throws.
 *
 * @param nowMs epoch milliseconds by the server's clock; entries expire by it.
 */
export function decide(request: DecisionRequest, compiled: CompiledAllowlist, nowMs: number): Decision {
  const kind = kindOf(request);
  const policy = choosePolicy(compiled, request.target, request.policy);
  if (typeof policy === 'string')
    return conclude(request, refusal(kind, policy, undefined), undefined, compiled);
  const kept = findKept(policy.kept, request, kind);
  if (kept !== undefined) return kept;

  const draft = draftAnswer(request, kind, policy, compiled, nowMs);
  const decision = conclude(request, draft, policy, compiled);
  keepAnswer(policy, request, decision, draft.entry, compiled.origins);
  return decision;
}

/**
 * The answer of {@link decide} to a request that is neither a preflight nor a socket's, where it is one that is kept and hence the same
 * at any time; `undefined` = it has to be decided.
 *
 * @param name of the policy; `undefined` = by path.
 */
export function recall(
  compiled: CompiledAllowlist,
  origin: string | undefined,
  target: string,
  name: string | undefined,
): Decision | undefined {
  if (origin !== undefined && origin.length > MAX_ORIGIN_LENGTH) return undefined;
  const policy = choosePolicy(compiled, target, name);
  return typeof policy === 'string' ? undefined : findByOrigin(policy.kept, origin);
}

/**
 * The answer when there is no list to decide by: refused like an origin that is not listed. The request itself passes, since nobody
 * has said that it should not.
 *
 * @param held a list that is there and may not be used (`stale`): its policies still say what is done with what is refused.
 */
export function refuse(request: DecisionRequest, reason: RefusalReason, held?: CompiledAllowlist): Decision {
  const choice = held === undefined ? undefined : choosePolicy(held, request.target, request.policy);
  const policy = typeof choice === 'string' ? undefined : choice;
  return conclude(request, refusal(kindOf(request), reason, policy), policy, held);
}

function choosePolicy(
  { policies }: CompiledAllowlist,
  target: string | undefined,
  name: string | undefined,
): CompiledPolicy | 'path_ambiguous' | 'policy_unknown' {
  if (name !== undefined) return policies.byName.get(name) ?? 'policy_unknown';
  return policyForTarget(policies, target);
}

function draftAnswer(
  request: DecisionRequest,
  kind: DecisionKind,
  policy: CompiledPolicy,
  compiled: CompiledAllowlist,
  nowMs: number,
): Draft {
  // First of all: an active `*` subsumes every other entry, and its answer must not depend on the origin, which Vary leaves out.
  const any = activeAny(compiled.origins, policy.name, nowMs);
  const needsName = request.socket === 'credentialed';
  if (any !== undefined && !needsName) {
    if (kind === 'preflight') return answerPreflight(request, policy, policy.plain, any, '*');
    return grant(kind, 'any_origin', any, policy.plain, '*');
  }
  if (kind === 'non-cors') return answerWithoutOrigin(request, policy, compiled, nowMs);

  const origin = single(request.origin);
  if (origin === undefined) return refusal(kind, 'origin_multiple', policy);
  const entry = matchOrigin(compiled.origins, origin, policy.name, nowMs);
  if (typeof entry === 'string') return refusal(kind, any === undefined ? entry : 'origin_unnamed', policy);
  if (entry.kind === 'null' && needsName) return refusal(kind, 'origin_unnamed', policy, entry);
  // Any site can make itself a `null` origin: it never gets credentials.
  const values = entry.kind === 'null' ? policy.plain : policy.listed;
  if (kind === 'preflight') return answerPreflight(request, policy, values, entry, origin);
  return grant(kind, 'origin_allowed', entry, values, origin);
}

function answerWithoutOrigin(
  request: DecisionRequest,
  policy: CompiledPolicy,
  compiled: CompiledAllowlist,
  nowMs: number,
): Draft {
  if (!policy.alwaysSend || request.host === undefined) return refusal('non-cors', 'no_origin', policy);
  const entry = sameHostEntry(compiled.origins, request.host, policy.name, nowMs);
  if (entry === undefined) return refusal('non-cors', 'no_origin', policy);
  return grant('non-cors', 'same_host', entry, policy.plain, entry.pattern);
}

function conclude(
  request: DecisionRequest,
  draft: Draft,
  policy: CompiledPolicy | undefined,
  compiled: CompiledAllowlist | undefined,
): Decision {
  const enforcement = policy?.enforcement ?? compiled?.policies.enforcement ?? 'headers';
  const reports = enforcement === 'report';
  const answersHere = !reports && (draft.kind === 'preflight' || isStopped(request, draft, enforcement));
  const { entry } = draft;
  return {
    kind: draft.kind,
    allowed: draft.allowed,
    reason: draft.reason,
    matched: entry === undefined ? undefined : { pattern: entry.pattern, kind: entry.kind },
    policy: policy?.name,
    enforcement,
    callsNext: !answersHere,
    status: answersHere ? (draft.allowed ? 204 : 403) : null,
    // Under `report` the application's own CORS stays in charge: nothing is written.
    headers: reports ? NO_HEADERS : draft.headers,
    vary: reports ? NO_NAMES : draft.vary,
    remove: reports ? NO_NAMES : draft.remove,
    tenant: compiled?.tenant,
    lineage: compiled?.lineage,
    revision: compiled?.revision,
  };
}

/** Whether a request that is no preflight is kept from the application. */
function isStopped(request: DecisionRequest, draft: Draft, enforcement: Enforcement): boolean {
  if (draft.allowed || draft.kind === 'non-cors') return false;
  return (enforcement === 'block' || request.socket !== undefined) && !isFromOwnPage(request);
}

const NO_NAMES: readonly string[] = [];
