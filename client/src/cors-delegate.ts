/** Options, request by request, for CORS packages of another make: `cors`, `@fastify/cors`, NestJS, Socket.IO. */
import type { Allowlist } from './client.js';
import type { Decision } from './core/index.js';
import {
  ALLOW_CREDENTIALS,
  ALLOW_HEADERS,
  ALLOW_METHODS,
  ALLOW_ORIGIN,
  EXPOSE_HEADERS,
  MAX_AGE,
} from './core/response-headers.js';
import { decideFor, type NodeRequest, targetOf } from './node-request.js';
import { compileRoutes, type RouteOptions } from './routes.js';

export { OptionsError } from './options.js';
export type { RouteOptions } from './routes.js';

/** What is read of a request: one of node:http or Express, or one of Fastify, which has the former in `raw`. */
export interface DelegateRequest extends RawRequest {
  readonly raw?: RawRequest;
}

interface RawRequest extends Pick<NodeRequest, 'method' | 'headers'> {
  readonly url?: string;
  readonly originalUrl?: string;
  readonly rawHeaders?: string[];
  readonly socket?: object;
}

/** Options that both `cors` and `@fastify/cors` take. The arrays are not readonly because their types ask for that. */
export interface DelegatedOptions {
  /** `false` = the package writes nothing and the request passes. */
  readonly origin: string | false;
  readonly credentials?: boolean;
  readonly methods?: string[];
  readonly allowedHeaders?: string[];
  readonly exposedHeaders?: string[];
  readonly maxAge?: number;
  readonly preflight?: boolean;
  readonly preflightContinue?: boolean;
}

/** What the packages call for every request. */
export type CorsDelegate = (
  request: DelegateRequest,
  callback: (error: Error | null, options?: DelegatedOptions) => void,
) => void;

/**
 * Has the allowlist decide what a CORS package of another make sends. For applications that cannot change the package; the
 * adapters of this one do more. An origin that is allowed gets what they would send. What is refused gets no header that allows
 * anything, but the packages offer no way to
 *
 * - answer a refused preflight with 403: it goes on to the application, as a rule 404;
 * - stop a refused request, so the enforcement `block` is no more than `headers`;
 * - add `Vary: Origin` where they write nothing (`@fastify/cors` does so by itself, `cors` does not): keep shared caches away;
 * - take back headers that other code sets, keep a handler from erasing `Vary`, or bring headers back after an error handler (Koa's,
 *   for one) has dropped them;
 * - answer `Access-Control-Request-Private-Network`.
 *
 * @example Express, Connect
 * app.use(cors(corsDelegate(allowlist)));
 *
 * @example Fastify, and NestJS on Fastify by `app.enableCors({ delegator: … })`
 * await app.register(fastifyCors, { delegator: corsDelegate(allowlist) });
 *
 * @example NestJS on Express
 * app.enableCors(corsDelegate(allowlist));
 *
 * @example Socket.IO, whose polling this covers; the sockets themselves are for `allowRequest` of the door `./upgrade`
 * new Server(httpServer, { cors: corsDelegate(allowlist), allowRequest: allowRequest(allowlist) });
 *
 * @throws OptionsError (a TypeError with code `options_invalid`) for prefixes that could never match and names no policy can have.
 */
export function corsDelegate(allowlist: Allowlist, options: RouteOptions = {}): CorsDelegate {
  const choose = compileRoutes(options);
  // With two named parameters: by their number @fastify/cors tells a delegate that calls back.
  return (request, callback) => {
    const raw = rawOf(request);
    const target = targetOf(raw);
    const decision = decideFor(allowlist, raw, target, choose(target));
    if (!(decision instanceof Promise)) return callback(null, optionsOf(decision));
    // The package throws where something else has answered meanwhile: as an unhandled rejection that would end the process.
    decision.then((late) => callback(null, optionsOf(late))).catch(() => {});
  };
}

function rawOf(request: DelegateRequest): NodeRequest {
  // Read one by one: what Node's own requests have is not all their own property.
  const { method, url, originalUrl, headers, rawHeaders = [], socket } = request.raw ?? request;
  return { method, url, originalUrl, headers, rawHeaders, socket };
}

function optionsOf({ kind, headers }: Decision): DelegatedOptions {
  const origin = headers[ALLOW_ORIGIN];
  if (origin === undefined) return { origin: false };
  const exposedHeaders = namesIn(headers[EXPOSE_HEADERS]);
  const maxAge = headers[MAX_AGE];
  const isPreflight = kind === 'preflight';
  return {
    origin,
    credentials: headers[ALLOW_CREDENTIALS] === 'true',
    ...(exposedHeaders.length > 0 && { exposedHeaders }),
    // Never left out, or the packages' own defaults would count: every common method, and whatever headers are asked for.
    methods: namesIn(headers[ALLOW_METHODS]),
    allowedHeaders: namesIn(headers[ALLOW_HEADERS]),
    ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
    // A plain OPTIONS request is the application's: the first is how `@fastify/cors` lets it be, the second how `cors` does.
    preflight: isPreflight,
    preflightContinue: !isPreflight,
  };
}

function namesIn(list: string | undefined): string[] {
  return list === undefined ? [] : list.split(', ');
}
