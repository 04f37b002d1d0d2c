import type {
  DecisionKind,
  DecisionReason,
  DecisionRequest,
  Enforcement,
  Snapshot,
  SnapshotPolicy,
} from '@origin-allowlist/client/core';
import { entriesOf, faultsOf, type SlowEntry } from './slow-list.js';
import { slowOrigin } from './slow-origin.js';
import { slowPolicies } from './slow-path.js';
import { exposedBy, headersOf, methodsOf, type SlowQuestion, slowQuestion } from './slow-preflight.js';
import { kindOf, linesOf, stops } from './slow-request.js';

/** What must come of a request. Where the design leaves a choice, all of what is right. */
export interface SlowAnswer {
  readonly kind: DecisionKind;
  readonly allowed: boolean;
  readonly reasons: readonly DecisionReason[];
  /** Patterns one of which let the origin in; empty when none did. */
  readonly matched: readonly string[];
  readonly policy: string | undefined;
  readonly enforcement: Enforcement;
  readonly status: 204 | 403 | null;
  /** Response headers to set. Lists are kept as sorted members, without duplicates, joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly vary: readonly string[];
}

/** An answer before enforcement is put to it. */
type Draft = Pick<SlowAnswer, 'allowed' | 'reasons' | 'matched' | 'headers'>;

/** Decides by going through the whole list, entry by entry. More than one answer where the path leaves a choice. */
export function slowDecisions(
  request: DecisionRequest,
  snapshot: Snapshot,
  nowMs: number,
): readonly SlowAnswer[] {
  return policiesOf(request, snapshot).map((policy) =>
    typeof policy === 'string'
      ? answerWithoutPolicy(request, policy, snapshot)
      : answerByPolicy(request, policy, snapshot, nowMs),
  );
}

function policiesOf(
  { policy, target = '/' }: DecisionRequest,
  { policies }: Snapshot,
): readonly (SnapshotPolicy | 'policy_unknown' | 'path_ambiguous')[] {
  const byName = (name: string) => policies.find((candidate) => candidate.name === name);
  if (policy !== undefined) return [byName(policy) ?? 'policy_unknown'];
  const paths = policies.map(({ name, paths }) => [name, paths] as const);
  return slowPolicies(paths, target).map((name) => (name && byName(name)) || 'path_ambiguous');
}

function answerWithoutPolicy(
  request: DecisionRequest,
  reason: DecisionReason,
  { policies }: Snapshot,
): SlowAnswer {
  const all = policies.map(({ enforcement }) => enforcement);
  const onlyReports = all.length > 0 && all.every((enforcement) => enforcement === 'report');
  const enforcement = all.includes('block') ? 'block' : onlyReports ? 'report' : 'headers';
  return conclude(request, refused([reason]), undefined, enforcement, false);
}

function answerByPolicy(
  request: DecisionRequest,
  policy: SnapshotPolicy,
  snapshot: Snapshot,
  nowMs: number,
): SlowAnswer {
  const kind = kindOf(request);
  const entries = entriesOf(snapshot);
  const isActive = ({ entry }: SlowEntry) => faultsOf(entry, policy.name, nowMs).length === 0;
  const isAny = entries.some((entry) => entry.pattern.kind === 'any' && isActive(entry));
  if (isAny && request.socket !== 'credentialed') {
    const any = { origin: '*', patterns: ['*'], reason: 'any_origin', credentials: false } as const;
    return conclude(request, granted(kind, request, policy, any), policy, policy.enforcement, true);
  }
  const draft = answerByList(kind, request, policy, entries, nowMs);
  return conclude(request, draft, policy, policy.enforcement, false);
}

function answerByList(
  kind: DecisionKind,
  request: DecisionRequest,
  policy: SnapshotPolicy,
  entries: readonly SlowEntry[],
  nowMs: number,
): Draft {
  const isActive = ({ entry }: SlowEntry) => faultsOf(entry, policy.name, nowMs).length === 0;
  if (kind === 'non-cors') return answerByHost(request, policy, entries.filter(isActive));

  const lines = linesOf(request.origin);
  const [origin = ''] = lines;
  if (lines.length > 1) return refused(['origin_multiple']);
  const parsed = slowOrigin(origin);
  const matching = entries.filter(({ pattern }) => pattern.matches(origin, parsed));
  const active = matching.filter(isActive);
  // A socket that acts for a user: who that may be is only said by entries that name somebody.
  const nameless = active.filter(({ pattern }) => pattern.kind === 'any' || pattern.kind === 'null');
  if (request.socket === 'credentialed' && nameless.length > 0 && nameless.length === active.length) {
    const patterns = nameless.map(({ pattern }) => pattern.text).filter((text) => text === 'null');
    return { ...refused(['origin_unnamed']), matched: patterns };
  }
  if (active.length > 0) {
    const patterns = active.map(({ pattern }) => pattern.text).filter((text) => text !== '*');
    const credentials = policy.credentials && origin !== 'null';
    return granted(kind, request, policy, { origin, patterns, reason: 'origin_allowed', credentials });
  }
  const faults = matching.flatMap(({ entry }) => faultsOf(entry, policy.name, nowMs));
  // A `*` that is off may be told of or not: it matches whatever is asked for.
  if (matching.some(({ pattern }) => pattern.kind !== 'any')) return refused(faults);
  const isOrigin = parsed !== undefined || origin === 'null';
  return refused([...faults, isOrigin ? 'origin_not_listed' : 'origin_invalid']);
}

/** Without an Origin: the one exact entry of the request's own host, where the policy always sends it. */
function answerByHost(
  { host }: DecisionRequest,
  policy: SnapshotPolicy,
  active: readonly SlowEntry[],
): Draft {
  const own = ['http', 'https'].map((scheme) => originOfHost(scheme, host ?? ''));
  const texts = active.map(({ pattern }) => pattern.text).filter((text) => own.includes(text));
  const [text] = texts;
  if (!policy.alwaysSend || text === undefined || texts.length > 1) return refused(['no_origin']);
  const headers = { 'access-control-allow-origin': text, ...exposed(policy, false) };
  return { allowed: true, reasons: ['same_host'], matched: [text], headers };
}

function originOfHost(scheme: string, host: string): string {
  const defaultPort = scheme === 'https' ? ':443' : ':80';
  const name = host.toLowerCase();
  return `${scheme}://${name.endsWith(defaultPort) ? name.slice(0, -defaultPort.length) : name}`;
}

interface Grant {
  readonly origin: string;
  readonly patterns: readonly string[];
  readonly reason: DecisionReason;
  readonly credentials: boolean;
}

function granted(
  kind: DecisionKind,
  request: DecisionRequest,
  policy: SnapshotPolicy,
  { origin, patterns, reason, credentials }: Grant,
): Draft {
  const base = {
    'access-control-allow-origin': origin,
    ...(credentials && { 'access-control-allow-credentials': 'true' }),
  };
  if (kind !== 'preflight') {
    const headers = { ...base, ...exposed(policy, credentials) };
    return { allowed: true, reasons: [reason], matched: patterns, headers };
  }
  const requestMethod = linesOf(request.requestMethod);
  const method = requestMethod.length === 1 ? requestMethod[0] : undefined;
  const question = slowQuestion(policy, method, linesOf(request.requestHeaders));
  if (question.faults.length > 0) return { ...refused(question.faults), matched: patterns };
  const isPrivate = policy.privateNetwork && linesOf(request.requestPrivateNetwork).join('\n') === 'true';
  const headers = {
    ...base,
    ...allowed(policy, question, credentials),
    ...(policy.maxAgeSeconds !== undefined && { 'access-control-max-age': String(policy.maxAgeSeconds) }),
    ...(isPrivate && { 'access-control-allow-private-network': 'true' }),
    'content-length': '0',
  };
  return { allowed: true, reasons: [reason], matched: patterns, headers };
}

function allowed(
  policy: SnapshotPolicy,
  question: SlowQuestion,
  credentials: boolean,
): Record<string, string> {
  return {
    ...list('access-control-allow-methods', spellOut(methodsOf(policy), [question.method], credentials)),
    ...list('access-control-allow-headers', spellOut(headersOf(policy), question.headers, credentials)),
  };
}

function exposed(policy: SnapshotPolicy, credentials: boolean): Record<string, string> {
  return list('access-control-expose-headers', spellOut(exposedBy(policy), [], credentials));
}

/** With credentials a browser reads `*` as a name, so the names that were asked for stand in its place. */
function spellOut(
  names: readonly string[],
  asked: readonly string[],
  credentials: boolean,
): readonly string[] {
  if (!credentials || !names.includes('*')) return names;
  return [...names.filter((name) => name !== '*'), ...asked];
}

function list(name: string, members: readonly string[]): Record<string, string> {
  return members.length === 0 ? {} : { [name]: [...new Set(members)].sort().join(', ') };
}

function refused(reasons: readonly DecisionReason[]): Draft {
  return { allowed: false, reasons, matched: [], headers: {} };
}

function conclude(
  request: DecisionRequest,
  draft: Draft,
  policy: SnapshotPolicy | undefined,
  enforcement: Enforcement,
  isAny: boolean,
): SlowAnswer {
  const kind = kindOf(request);
  const named = { ...draft, kind, policy: policy?.name, enforcement };
  if (enforcement === 'report') return { ...named, status: null, headers: {}, vary: [] };
  const vary = isAny ? [] : ['Origin'];
  if (kind !== 'preflight') {
    const isStopped = kind === 'actual' && !draft.allowed && stops(request, enforcement);
    return { ...named, status: isStopped ? 403 : null, vary };
  }
  vary.push('Access-Control-Request-Method', 'Access-Control-Request-Headers');
  if (policy?.privateNetwork === true) vary.push('Access-Control-Request-Private-Network');
  return { ...named, status: draft.allowed ? 204 : 403, vary };
}
