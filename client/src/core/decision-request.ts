/** What a decision is made from. Header values are raw; a header that came in several lines is an array of them. */
export interface DecisionRequest {
  /** As on the request line: `OPTIONS`, not `options`. */
  readonly method: string;
  /** The whole request target, query included; absent = `/`. A router's remainder would pick the wrong policy. */
  readonly target?: string;
  readonly origin?: string | readonly string[];
  readonly requestMethod?: string | readonly string[];
  readonly requestHeaders?: string | readonly string[];
  readonly requestPrivateNetwork?: string | readonly string[];
  /** The `Host` header; only policies with `alwaysSend` look at it. */
  readonly host?: string;
  /** A policy by name, instead of by path. */
  readonly policy?: string;
  /** The `Sec-Fetch-Site` header; only where a refused request is stopped does it matter: policies that `block`, and sockets. */
  readonly secFetchSite?: string | readonly string[];
  /** Origins of the application's own pages; `null` cannot be one. They matter where `secFetchSite` does. */
  readonly ownOrigins?: readonly string[];
  /**
   * The request opens a WebSocket, which no browser keeps from any page: refused, it is stopped under `headers` too.
   * `credentialed`: the socket acts for whom the browser's cookies name, so neither `*` nor `null` lets anybody in. `anonymous`: it
   * heeds no cookies.
   */
  readonly socket?: 'credentialed' | 'anonymous';
}

/** No Origin header · a cross-origin request (or a same-origin one that carries Origin) · the browser's question before one. */
export type DecisionKind = 'non-cors' | 'actual' | 'preflight';

/** What a request is to CORS (Fetch §3.3). A plain OPTIONS request is the application's. */
export function kindOf(request: DecisionRequest): DecisionKind {
  if (!isPresent(request.origin)) return 'non-cors';
  return request.method === 'OPTIONS' && isPresent(request.requestMethod) ? 'preflight' : 'actual';
}

/** The one value of a header; `undefined` when it is absent or came in several lines. */
export function single(value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return value.length === 1 ? value[0] : undefined;
}

function isPresent(value: string | readonly string[] | undefined): boolean {
  return value !== undefined && (typeof value === 'string' || value.length > 0);
}
