import type { DecisionReason, SnapshotPolicy } from '@origin-allowlist/client/core';

/** What a preflight asks, read the slow way. */
export interface SlowQuestion {
  /** Everything that speaks against it; empty when the policy allows it. */
  readonly faults: readonly DecisionReason[];
  readonly method: string;
  readonly headers: readonly string[];
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const NORMALISED = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];
const FORBIDDEN = ['CONNECT', 'TRACE', 'TRACK'];
const SAFELISTED = ['GET', 'HEAD', 'POST'];
const MAX_LINES = 64;
const MAX_BYTES = 4096;
const MAX_NAMES = 128;
const MAX_EMPTY = 16;

/** @param method the one value of Access-Control-Request-Method; `undefined` when it came in several lines. */
export function slowQuestion(
  policy: SnapshotPolicy,
  method: string | undefined,
  headerLines: readonly string[],
): SlowQuestion {
  const elements = headerLines.flatMap((line) => line.split(',')).map((element) => trim(element));
  const names = elements.filter((element) => element !== '');
  const headers = names.map((name) => name.toLowerCase());
  const faults: DecisionReason[] = [];
  if (method === undefined || !TOKEN.test(method)) faults.push('method_invalid');
  else if (FORBIDDEN.includes(method.toUpperCase())) faults.push('method_forbidden');
  else if (!allowsMethod(policy, method)) faults.push('method_not_allowed');
  if (
    headerLines.length > MAX_LINES ||
    headerLines.join('').length > MAX_BYTES ||
    headers.length > MAX_NAMES ||
    elements.length - headers.length > MAX_EMPTY
  )
    faults.push('request_headers_oversized');
  if (!names.every((name) => TOKEN.test(name))) faults.push('request_headers_invalid');
  if (!headers.every((name) => allowsHeader(policy, name))) faults.push('request_header_not_allowed');
  return { faults, method: method ?? '', headers };
}

/** The methods a policy names, as far as they can be sent. */
export function methodsOf(policy: SnapshotPolicy): readonly string[] {
  return policy.methods
    .map((name) => (NORMALISED.includes(name.toUpperCase()) ? name.toUpperCase() : name))
    .filter((name) => TOKEN.test(name) && !FORBIDDEN.includes(name.toUpperCase()));
}

/** The request headers a policy names, as far as they can be sent. */
export function headersOf(policy: SnapshotPolicy): readonly string[] {
  return policy.allowedHeaders.filter((name) => TOKEN.test(name)).map((name) => name.toLowerCase());
}

/** The response headers a policy exposes, as far as they can be sent. */
export function exposedBy(policy: SnapshotPolicy): readonly string[] {
  return policy.exposedHeaders.filter((name) => TOKEN.test(name));
}

function allowsMethod(policy: SnapshotPolicy, method: string): boolean {
  const methods = methodsOf(policy);
  return SAFELISTED.includes(method) || methods.includes('*') || methods.includes(method);
}

function allowsHeader(policy: SnapshotPolicy, name: string): boolean {
  const headers = headersOf(policy);
  return headers.includes(name) || (headers.includes('*') && name !== 'authorization');
}

/** Optional whitespace of HTTP: spaces and tabs, nothing else. */
function trim(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '');
}
