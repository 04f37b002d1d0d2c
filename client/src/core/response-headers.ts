/** Names of the response headers an answer may set (Fetch §3.3.3), lower case. */
export const ALLOW_ORIGIN = 'access-control-allow-origin';
export const ALLOW_CREDENTIALS = 'access-control-allow-credentials';
export const EXPOSE_HEADERS = 'access-control-expose-headers';
export const ALLOW_METHODS = 'access-control-allow-methods';
export const ALLOW_HEADERS = 'access-control-allow-headers';
export const MAX_AGE = 'access-control-max-age';
export const ALLOW_PRIVATE_NETWORK = 'access-control-allow-private-network';

/** All of them: what code that ran before may have set and a refusal must not leave standing. */
export const CORS_RESPONSE_HEADERS: readonly string[] = [
  ALLOW_ORIGIN,
  ALLOW_CREDENTIALS,
  EXPOSE_HEADERS,
  ALLOW_METHODS,
  ALLOW_HEADERS,
  MAX_AGE,
  ALLOW_PRIVATE_NETWORK,
];

/** The names an answer does not set, so that setting and removing commute. */
export function namesNotIn(headers: Readonly<Record<string, string>>): readonly string[] {
  const names: string[] = [];
  for (const name of CORS_RESPONSE_HEADERS) {
    if (headers[name] === undefined) names.push(name);
  }
  return names;
}

const ORIGIN = 'Origin';
const PREFLIGHT = ['Access-Control-Request-Method', 'Access-Control-Request-Headers'];
const PRIVATE_NETWORK = 'Access-Control-Request-Private-Network';

/** `Vary` members by what the answer depended on. Made once: an answer only points at one of them. */
export const VARY = {
  /** An active `*` answers every origin alike. */
  nothing: [],
  origin: [ORIGIN],
  preflight: [ORIGIN, ...PREFLIGHT],
  preflightPrivateNetwork: [ORIGIN, ...PREFLIGHT, PRIVATE_NETWORK],
  anyOriginPreflight: PREFLIGHT,
  anyOriginPreflightPrivateNetwork: [...PREFLIGHT, PRIVATE_NETWORK],
} as const satisfies Readonly<Record<string, readonly string[]>>;
