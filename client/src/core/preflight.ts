import type { DecisionReason } from './decision-reason.js';
import { type DecisionRequest, single } from './decision-request.js';
import { type Draft, refusal, varyFor } from './draft.js';
import { isForbiddenMethod, isSafelistedMethod, isToken } from './http-token.js';
import type { OriginEntry } from './origin-set.js';
import type { AnswerValues, CompiledPolicy } from './policy.js';
import { readRequestHeaders } from './request-headers.js';
import {
  ALLOW_CREDENTIALS,
  ALLOW_HEADERS,
  ALLOW_METHODS,
  ALLOW_ORIGIN,
  ALLOW_PRIVATE_NETWORK,
  MAX_AGE,
  namesNotIn,
} from './response-headers.js';

/**
 * Answers a preflight whose origin is allowed (Fetch §4.8): the method and every header name must be, or the whole is refused.
 *
 * @param origin the text to send: the request's own origin or `*`.
 */
export function answerPreflight(
  request: DecisionRequest,
  policy: CompiledPolicy,
  values: AnswerValues,
  entry: OriginEntry,
  origin: string,
): Draft {
  const method = single(request.requestMethod);
  if (method === undefined) return refusal('preflight', 'method_invalid', policy, entry);
  const fault = faultOfMethod(policy, method);
  if (fault !== undefined) return refusal('preflight', fault, policy, entry);

  const names = readRequestHeaders(request.requestHeaders);
  if (typeof names === 'string') return refusal('preflight', names, policy, entry);
  for (const name of names) {
    if (!allowsHeader(policy, name)) return refusal('preflight', 'request_header_not_allowed', policy, entry);
  }
  const headers = preflightHeaders(request, policy, values, origin, method, names);
  return {
    kind: 'preflight',
    allowed: true,
    reason: entry.kind === 'any' ? 'any_origin' : 'origin_allowed',
    entry,
    headers,
    vary: varyFor('preflight', policy, entry),
    remove: namesNotIn(headers),
  };
}

/** Those that a policy lists were looked at when it was compiled. */
function faultOfMethod(policy: CompiledPolicy, method: string): DecisionReason | undefined {
  if (isSafelistedMethod(method) || policy.methods.has(method)) return undefined;
  if (!isToken(method)) return 'method_invalid';
  if (isForbiddenMethod(method)) return 'method_forbidden';
  return policy.anyMethod ? undefined : 'method_not_allowed';
}

/** `*` never covers `Authorization` (Fetch §2.2.2 "CORS non-wildcard request-header name"). */
function allowsHeader(policy: CompiledPolicy, name: string): boolean {
  return policy.headers.has(name) || (policy.anyHeader && name !== 'authorization');
}

function preflightHeaders(
  request: DecisionRequest,
  policy: CompiledPolicy,
  values: AnswerValues,
  origin: string,
  method: string,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = { [ALLOW_ORIGIN]: origin };
  if (values.credentials) headers[ALLOW_CREDENTIALS] = 'true';
  const methods = values.echoMethod
    ? withEchoes(values.allowMethods, [method], policy.methods)
    : values.allowMethods;
  if (methods !== undefined) headers[ALLOW_METHODS] = methods;
  const allowed = values.echoHeaders
    ? withEchoes(values.allowHeaders, names, policy.headers)
    : values.allowHeaders;
  if (allowed !== undefined) headers[ALLOW_HEADERS] = allowed;
  if (policy.maxAge !== undefined) headers[MAX_AGE] = policy.maxAge;
  const asksForPrivate = single(request.requestPrivateNetwork) === 'true';
  if (policy.privateNetwork && asksForPrivate) headers[ALLOW_PRIVATE_NETWORK] = 'true';
  // Some clients wait for a body after a 204 that does not deny one.
  headers['content-length'] = '0';
  return headers;
}

/**
 * The configured names and, after them, the requested ones (validated before) that only `*` covers. A `*` that is requested is a name like
 * any other.
 */
function withEchoes(
  configured: string | undefined,
  requested: readonly string[],
  listed: ReadonlySet<string>,
): string | undefined {
  const echoes = requested.filter((name) => name === '*' || !listed.has(name));
  if (echoes.length === 0) return configured;
  return configured === undefined ? echoes.join(', ') : `${configured}, ${echoes.join(', ')}`;
}
