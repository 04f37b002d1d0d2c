import type { Decision } from './decision.js';

/** One plain sentence that says why a decision is what it is, for people; programs go by `reason`. */
export function explainDecision(decision: Decision): string {
  const entry = decision.matched === undefined ? 'an entry' : `the entry ${decision.matched.pattern}`;
  const policy = decision.policy === undefined ? 'the policy' : `the policy ${decision.policy}`;
  const tenant = decision.tenant === undefined ? 'the tenant' : `the tenant ${decision.tenant}`;
  switch (decision.reason) {
    case 'origin_allowed':
      return `Allowed: the origin matches ${entry}.`;
    case 'any_origin':
      return 'Allowed: the list holds *, which lets every origin read the answer, without credentials.';
    case 'same_host':
      return `Allowed: there is no Origin header, and ${policy} always sends the entry of the request's own host, ${entry}.`;
    case 'no_origin':
      return 'Not a CORS request: there is no Origin header, so no page is asking to read the answer.';
    case 'origin_multiple':
      return 'Refused: the request has several Origin headers, which no browser sends.';
    case 'origin_invalid':
      return 'Refused: the Origin header is not an origin as browsers write it (scheme://host[:port], lower case, nothing else).';
    case 'origin_not_listed':
      return `Refused: no entry of ${tenant} matches the origin.`;
    case 'entry_disabled':
      return 'Refused: the entry that matches the origin is disabled.';
    case 'entry_expired':
      return 'Refused: the entry that matches the origin has expired.';
    case 'entry_other_policy':
      return `Refused: the entry that matches the origin does not apply to ${policy}.`;
    case 'origin_unnamed':
      return 'Refused: only * or null lets the origin in, and a socket that acts on cookies takes nobody in by these.';
    case 'method_invalid':
      return 'Refused: Access-Control-Request-Method is not one method name.';
    case 'method_forbidden':
      return 'Refused: CONNECT, TRACE and TRACK are never allowed across origins.';
    case 'method_not_allowed':
      return `Refused: ${policy} does not allow the requested method; names are compared with case.`;
    case 'request_headers_invalid':
      return 'Refused: Access-Control-Request-Headers is not a list of header names.';
    case 'request_headers_oversized':
      return 'Refused: Access-Control-Request-Headers is longer than any browser makes it.';
    case 'request_header_not_allowed':
      return `Refused: ${policy} does not allow a requested header; * does not cover Authorization.`;
    case 'path_ambiguous':
      return 'Refused: the path can be read in ways that lead to different policies, or cannot be decoded.';
    case 'policy_unknown':
      return `Refused: ${tenant} has no policy of the name that was asked for.`;
    case 'tenant_unknown':
      return 'Refused: no such tenant is known.';
    case 'not_loaded':
      return 'Refused: the list of the tenant has not been loaded yet.';
    case 'stale':
      return 'Refused: the list of the tenant is older than it may be.';
    default:
      return assertNever(decision.reason);
  }
}

function assertNever(reason: never): never {
  throw new TypeError(`unknown reason ${String(reason)}`);
}
