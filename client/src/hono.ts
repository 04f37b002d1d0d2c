/** The middleware for Hono, and the same around any handler that takes a Request and gives a Response. */
import type { Allowlist } from './client.js';
import { conflictTeller, type TellConflict } from './conflicts.js';
import { type Decision, mergeVary } from './core/index.js';
import { CORS_RESPONSE_HEADERS } from './core/response-headers.js';
import type { AllowlistRequest } from './decider.js';
import { type AskedAllowlist, recallKept } from './kept-answer.js';
import { compileRoutes, type RouteChoice, type RouteOptions } from './routes.js';

export { OptionsError } from './options.js';
export type { RouteOptions } from './routes.js';

/** What is used of Hono's context. Not Hono's own type, so that this package asks for no version of it. */
export interface HonoContext {
  readonly req: { readonly raw: Request };
  /** Whether there is an answer already. */
  readonly finalized: boolean;
  get res(): Response;
  set res(response: Response | undefined);
}

/** A middleware for `app.use`. */
export type HonoMiddleware = (context: HonoContext, next: () => Promise<void>) => Promise<void>;

/** A handler of Deno, Bun, a worker, a route file, or a framework's `app.fetch`; `rest` is whatever its host passes beside the request. */
export type FetchHandler<Rest extends readonly unknown[]> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/** What {@link withCors} takes. */
export interface FetchCorsOptions extends RouteOptions {
  /**
   * Makes the answer when the handler throws or rejects, so that pages may read that too. Default: the error goes on to the host,
   * whose own answer has no CORS headers.
   */
  readonly onError?: (error: unknown, request: Request) => Response | Promise<Response>;
}

/**
 * CORS by the allowlist. Answers preflights itself and edits every other answer, those of `onError` and `notFound` included.
 *
 * Register it first, on the outermost app: an app under `mount` sees a cut path. What a handler writes to Node's own response
 * (`c.env.outgoing`) passes it by.
 *
 * @example
 * app.use(cors(allowlist, { routes: { '/predict': 'predict' } }));
 * app.use(authenticate);
 *
 * @example Wrong: preflights carry no credentials and get 401.
 * app.use(authenticate);
 * app.use(cors(allowlist));
 *
 * @throws OptionsError (a TypeError with code `options_invalid`) for prefixes that could never match and names no policy can have.
 */
export function cors(allowlist: Allowlist, options: RouteOptions = {}): HonoMiddleware {
  const choose = compileRoutes(options);
  const tell = conflictTeller(allowlist, 'hono');
  return async (context: HonoContext & Takeable, next) => {
    const request: Request & Takeable = context.req.raw;
    const isTaken = context[TAKEN] === true || request[TAKEN] === true;
    // Beside the request, in whose place other middleware may put a new one.
    context[TAKEN] = true;
    if (isTaken) return next();
    const wasAnswered = context.finalized;
    const decision = await decideFetch(allowlist, request, choose);
    // A timeout around this one has answered while the list was loading: the request is over.
    if (context.finalized && !wasAnswered) return;
    if (decision.status !== null)
      return replace(context, answerOf(decision, decision.status, tell, context.res.headers));
    await whileTaken(request, next);
    if (context.finalized) return replace(context, edited(context.res, decision, tell));
    // Hono is about to fail: its answer to that starts from these headers.
    editHeaders(context.res.headers, decision, tell);
  };
}

/**
 * The same around a handler: `export default { fetch: withCors(handler, allowlist) }`.
 *
 * @throws OptionsError (a TypeError with code `options_invalid`) for prefixes that could never match and names no policy can have.
 */
export function withCors<Rest extends readonly unknown[]>(
  handler: FetchHandler<Rest>,
  allowlist: Allowlist,
  options: FetchCorsOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const choose = compileRoutes(options);
  const tell = conflictTeller(allowlist, 'fetch');
  const { onError } = options;
  return async (request: Request & Takeable, ...rest) => {
    if (request[TAKEN] === true) return handler(request, ...rest);
    const decision = await decideFetch(allowlist, request, choose);
    if (decision.status !== null) return answerOf(decision, decision.status, tell);
    const response = await whileTaken(request, async () => {
      try {
        return await handler(request, ...rest);
      } catch (error) {
        if (onError === undefined) throw error;
        return onError(error, request);
      }
    });
    return edited(response, decision, tell);
  };
}

/** From the registry, so that two copies of this package on one request know each other. */
const TAKEN: unique symbol = Symbol.for('origin-allowlist.taken');

/** What a layer of ours may have in hand: another that might undo its decision stands back. */
interface Takeable {
  [TAKEN]?: boolean;
}

/** Only while it is handled: unlike a response of Node, a request may be handled more than once. */
async function whileTaken<T>(request: Takeable, handle: () => Promise<T>): Promise<T> {
  request[TAKEN] = true;
  try {
    return await handle();
  } finally {
    request[TAKEN] = false;
  }
}

/** Awaited by the caller, which costs nothing to speak of for a tenant that is loaded. */
function decideFetch(
  allowlist: AskedAllowlist,
  request: Request,
  choose: (target: string) => RouteChoice,
): Decision | Promise<Decision> {
  const target = targetOf(request.url);
  const choice = choose(target);
  return (
    recallKept(allowlist, request.method, request.headers.get('origin') ?? undefined, target, choice) ??
    allowlist.decide(requestOf(request, target, choice))
  );
}

/** What follows the host; URLs of requests always have one, and a path. */
function targetOf(url: string): string {
  return url.slice(url.indexOf('/', url.indexOf('://') + 3));
}

/** Several lines of a header come joined. Browsers send one of each, and no joined Origin parses as one. */
function requestOf({ method, url, headers }: Request, target: string, choice: RouteChoice): AllowlistRequest {
  const isOptions = method === 'OPTIONS';
  const get = (name: string): string | undefined => headers.get(name) ?? undefined;
  return {
    method,
    target,
    origin: get('origin'),
    requestMethod: isOptions ? get('access-control-request-method') : undefined,
    requestHeaders: isOptions ? get('access-control-request-headers') : undefined,
    requestPrivateNetwork: isOptions ? get('access-control-request-private-network') : undefined,
    host: get('host') ?? new URL(url).host,
    scheme: url.startsWith('https:') ? 'https' : 'http',
    forwardedProto: get('x-forwarded-proto'),
    forwardedHost: get('x-forwarded-host'),
    secFetchSite: get('sec-fetch-site'),
    policy: choice.policy,
    routeAmbiguous: choice.isAmbiguous,
  };
}

/** Puts an answer in the place of the one there is. Hono would add the old one's headers to the new, those removed included. */
function replace(context: HonoContext, response: Response): void {
  if (response === context.res) return;
  context.res = undefined;
  context.res = response;
}

/** The answer to a preflight, or to a request that is blocked. @param given headers set by code that ran before. */
function answerOf(decision: Decision, status: number, tell: TellConflict, given?: Headers): Response {
  const headers = new Headers(given);
  editHeaders(headers, decision, tell);
  headers.set('content-length', '0');
  return new Response(null, { status, headers });
}

/**
 * The answer with a decision's edits, as a copy: handlers may keep one answer for several requests, and headers of `fetch()` and
 * `Response.redirect()` cannot be changed. The body is passed on as it is.
 */
function edited(response: Response, decision: Decision, tell: TellConflict): Response {
  // No copy can be made of these: a WebSocket's 101, `Response.error()`, and nothing at all, by which Bun is told of an upgrade.
  if (decision.enforcement === 'report' || !(response?.status >= 200)) return response;
  const copy = new Response(response.body, response);
  editHeaders(copy.headers, decision, tell);
  return copy;
}

function editHeaders(headers: Headers, decision: Decision, tell: TellConflict): void {
  const { enforcement, headers: set, vary } = decision;
  if (enforcement === 'report') return;
  // Whatever is there is not ours: we write last.
  for (const name of CORS_RESPONSE_HEADERS) {
    const value = headers.get(name);
    if (value === null) continue;
    tell(name, value);
    headers.delete(name);
  }
  for (const [name, value] of Object.entries(set)) headers.set(name, value);
  if (vary.length > 0) headers.set('vary', mergeVary(headers.get('vary') ?? undefined, vary));
}
