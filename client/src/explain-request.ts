import type { AllowlistRequest } from './decider.js';
import { requestOf } from './node-request.js';

/** A request as most have it at hand: of node:http or a framework around it, of `fetch`, or put together by hand. */
export interface HeadersRequest {
  /** Default `GET`. */
  readonly method?: string | undefined;
  /** The request target, or a whole URL. Default `/`. */
  readonly url?: string | undefined;
  /** The whole target, where a router has cut `url`. */
  readonly originalUrl?: string | undefined;
  /** In any case; several lines of one header are an array. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Names and values by turns, as node:http has them: they tell lines apart that `headers` has joined. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** Of node:http: a TLS socket says of itself that it is `encrypted`. */
  readonly socket?: object | undefined;
  /** The policy that an adapter's `routes` or `policy` ask for. Default: the one the path leads to. */
  readonly policy?: string | undefined;
}

/** Reads a request with headers as the adapters do; one that is read already is given back as it is. */
export function readExplainRequest(request: AllowlistRequest | HeadersRequest): AllowlistRequest {
  if (!('headers' in request)) return request;
  const { method = 'GET', url = '/', originalUrl = url, headers, policy } = request;
  const isFetched = isHeaders(headers);
  const rawHeaders = [...(request.rawHeaders ?? linesOf(isFetched ? [...headers] : Object.entries(headers)))];
  const joined = joinLines(rawHeaders);
  const location = isFetched && URL.canParse(originalUrl) ? new URL(originalUrl) : undefined;
  if (location !== undefined) joined.host ??= location.host;
  const target = location === undefined ? originalUrl : location.pathname + location.search;
  const socket = location === undefined ? request.socket : { encrypted: location.protocol === 'https:' };
  const node = { method, url: target, headers: joined, rawHeaders, ...(socket !== undefined && { socket }) };
  return requestOf(node, target, { policy, isAmbiguous: false });
}

/** By what it can do: a library may bring a class of its own. */
function isHeaders(headers: HeadersRequest['headers']): headers is Headers {
  return Symbol.iterator in headers;
}

function linesOf(
  headers: readonly (readonly [string, string | readonly string[] | undefined])[],
): readonly string[] {
  return headers.flatMap(([name, value]) => {
    if (value === undefined) return [];
    const lines = typeof value === 'string' ? [value] : value;
    return lines.flatMap((line) => [name, line]);
  });
}

/** As node:http joins them. */
function joinLines(rawHeaders: readonly string[]): Record<string, string> {
  const joined = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const before = joined.get(name);
    const line = rawHeaders[index + 1] ?? '';
    joined.set(name, before === undefined ? line : `${before}, ${line}`);
  }
  return Object.fromEntries(joined);
}
