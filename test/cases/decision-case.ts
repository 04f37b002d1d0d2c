import {
  compileSnapshot,
  type Decision,
  type DecisionRequest,
  decide,
  mergeVary,
  type PolicySettings,
  type Snapshot,
} from '@origin-allowlist/client/core';
import { type CaseValue, expandValue } from './case-value.js';

/** A row of `decisions.json`; the README beside it says what each field means. */
export interface DecisionCase {
  readonly id: string;
  readonly category: string;
  readonly level: 'must' | 'should';
  readonly policy: { readonly patterns: readonly string[] } & Partial<PolicySettings>;
  readonly request: {
    readonly method: string;
    readonly headers: Readonly<Record<string, CaseValue | readonly CaseValue[]>>;
    readonly priorResponseHeaders?: Readonly<Record<string, string>>;
    readonly applicationThrows?: boolean;
    /** The request target; absent = `/`. */
    readonly path?: CaseValue;
    /** A policy by name. */
    readonly policy?: string;
    /** Origins of the application's own pages. */
    readonly publicOrigins?: readonly string[];
  } & Pick<DecisionRequest, 'ownOrigins' | 'socket'>;
  readonly expect: {
    readonly kind: Decision['kind'];
    readonly allowed: boolean;
    readonly status?: number;
    readonly callsNext: boolean;
    readonly headers: Readonly<Record<string, HeaderExpectation>>;
    readonly vary: readonly string[];
  };
  readonly note: string;
}

/** A header's exact value; `null` = absent; or what its list must look like. */
export type HeaderExpectation =
  | string
  | null
  | {
      readonly includes?: readonly string[];
      readonly excludes?: readonly string[];
      /** Whole values; when none fits, `orIncludes` may. */
      readonly anyOf?: readonly string[];
      readonly orIncludes?: readonly string[];
      readonly optional?: boolean;
    };

/** What came of a case, by whatever way it was run. */
export interface CaseOutcome {
  /** Absent where it cannot be seen, over HTTP. */
  readonly kind?: Decision['kind'];
  readonly allowed?: boolean;
  readonly status: number;
  /** Whether the application ran. */
  readonly callsNext: boolean;
  /** Response headers by lower-case name, `vary` among them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** The snapshot a case is decided by: its patterns as they are, under a `default` policy with its settings and nothing else. */
export function caseSnapshot({ policy }: DecisionCase): Snapshot {
  const { patterns, ...settings } = policy;
  const entries = patterns.map((pattern) => ({ pattern }));
  return {
    tenant: 'case',
    lineage: '00000000-0000-4000-8000-000000000000',
    revision: 1,
    count: entries.length,
    policies: [{ ...BARE_POLICY, ...settings }],
    entries,
  };
}

const BARE_POLICY = {
  name: 'default',
  paths: ['/'],
  credentials: false,
  methods: [],
  allowedHeaders: [],
  exposedHeaders: [],
  privateNetwork: false,
  alwaysSend: false,
  enforcement: 'headers',
} as const satisfies Snapshot['policies'][number];

/** The request's header lines in order, long values written out. */
export function caseHeaderLines({
  request,
}: DecisionCase): readonly (readonly [name: string, value: string])[] {
  return Object.entries(request.headers).flatMap(([name, value]) =>
    linesOf(value).map((line) => [name, line] as const),
  );
}

/** The request as the engine takes it. */
export function caseRequest(decisionCase: DecisionCase): DecisionRequest {
  const lines = caseHeaderLines(decisionCase);
  const { method, path, policy, publicOrigins, ownOrigins = publicOrigins, socket } = decisionCase.request;
  const header = (name: string) => {
    const values = lines.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
    return values.length > 1 ? values : values[0];
  };
  return {
    method,
    ...(path !== undefined && { target: expandValue(path) }),
    origin: header('origin'),
    requestMethod: header('access-control-request-method'),
    requestHeaders: header('access-control-request-headers'),
    requestPrivateNetwork: header('access-control-request-private-network'),
    host: single(header('host')),
    secFetchSite: header('sec-fetch-site'),
    ...(policy !== undefined && { policy }),
    ...(ownOrigins !== undefined && { ownOrigins }),
    ...(socket !== undefined && { socket }),
  };
}

/** A repeated `Host` names none (RFC 9112 §3.2). */
function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Whether HTTP carries the request's headers unchanged: no control or non-Latin-1 characters, no space around an origin. */
export function isCarriedByHttp(decisionCase: DecisionCase): boolean {
  return caseHeaderLines(decisionCase).every(([name, value]) => {
    const isPrintable = [...value].every(
      (char) => (char >= ' ' && char !== '\x7f' && char <= '\xff') || char === '\t',
    );
    return isPrintable && (name.toLowerCase() !== 'origin' || value === value.trim());
  });
}

/** Runs a case on the engine itself and applies the decision to a response as an adapter does. */
export function runDecisionCase(decisionCase: DecisionCase): CaseOutcome {
  const compiled = compileSnapshot(caseSnapshot(decisionCase));
  const decision = decide(caseRequest(decisionCase), compiled, 0);
  const { priorResponseHeaders = {}, applicationThrows = false } = decisionCase.request;
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(priorResponseHeaders)) headers[name.toLowerCase()] = value;
  for (const name of decision.remove) headers[name] = undefined;
  Object.assign(headers, decision.headers);
  const vary = mergeVary(headers.vary, decision.vary);
  if (vary !== '') headers.vary = vary;
  return {
    kind: decision.kind,
    allowed: decision.allowed,
    status: decision.status ?? (applicationThrows ? 500 : 200),
    callsNext: decision.callsNext,
    headers,
  };
}

/** One thing an outcome does differently from what its case expects. */
export interface Mismatch {
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Compares an outcome with what its case expects; empty when it passes. */
export function checkExpectation({ expect }: DecisionCase, outcome: CaseOutcome): readonly Mismatch[] {
  const mismatches: Mismatch[] = [];
  const compare = (what: string, expected: unknown, actual: unknown) => {
    if (expected !== undefined && actual !== undefined && expected !== actual)
      mismatches.push({ what, expected, actual });
  };
  compare('kind', expect.kind, outcome.kind);
  compare('allowed', expect.allowed, outcome.allowed);
  compare('status', expect.status, outcome.status);
  compare('callsNext', expect.callsNext, outcome.callsNext);
  for (const [name, expected] of Object.entries(expect.headers)) {
    const actual = outcome.headers[name];
    if (!fits(expected, actual)) mismatches.push({ what: name, expected, actual: actual ?? null });
  }
  const vary = membersOf(outcome.headers.vary ?? '');
  const expectedVary = expect.vary.map((member) => member.toLowerCase());
  if (vary.toSorted().join() !== expectedVary.toSorted().join()) {
    mismatches.push({ what: 'vary', expected: expect.vary, actual: outcome.headers.vary ?? null });
  }
  return mismatches;
}

function fits(expected: HeaderExpectation, actual: string | undefined): boolean {
  if (expected === null) return actual === undefined;
  if (typeof expected === 'string') return actual === expected;
  if (actual === undefined) return expected.optional === true;
  const members = membersOf(actual);
  const holds = (names: readonly string[]) => names.every((name) => members.includes(name.toLowerCase()));
  if (expected.excludes?.some((name) => members.includes(name.toLowerCase()))) return false;
  if (expected.includes !== undefined && !holds(expected.includes)) return false;
  if (expected.anyOf === undefined || expected.anyOf.includes(actual)) return true;
  return expected.orIncludes !== undefined && holds(expected.orIncludes);
}

function membersOf(value: string): readonly string[] {
  const members = value.split(',').map((member) => member.trim().toLowerCase());
  return members.filter((member) => member !== '');
}

function linesOf(value: CaseValue | readonly CaseValue[]): readonly string[] {
  return isLines(value) ? value.map(expandValue) : [expandValue(value)];
}

function isLines(value: CaseValue | readonly CaseValue[]): value is readonly CaseValue[] {
  return Array.isArray(value);
}
