/** The middleware for Koa. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Allowlist } from './client.js';
import { conflictTeller, type TellConflict } from './conflicts.js';
import type { Decision } from './core/index.js';
import { isAnswered } from './late.js';
import { decideFor } from './node-request.js';
import { isTaken, keepEdits } from './node-response.js';
import { compileRoutes, type RouteOptions } from './routes.js';

export { OptionsError } from './options.js';
export type { RouteOptions } from './routes.js';

/** What is used of Koa's context. Not Koa's own type, so that this package asks for no version of it. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The whole target, whatever a mount has cut off. */
  readonly originalUrl: string;
  status: number;
  body: unknown;
}

/** A middleware for `app.use`. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<unknown>;

/**
 * CORS by the allowlist. Answers preflights itself and edits every other answer, errors included: Koa drops all headers before it
 * answers an error, and they are written again when the head is sent.
 *
 * Register it first, before authentication and before the router: `ctx.throw(401)` for a preflight, which carries no credentials,
 * keeps the browser from ever sending the request.
 *
 * @example
 * app.use(cors(allowlist, { routes: { '/predict': 'predict' } }));
 * app.use(authenticate);
 *
 * @example Wrong: a router runs its middleware for routes that match, and none matches the OPTIONS of a POST route.
 * router.use(cors(allowlist));
 *
 * @throws OptionsError (a TypeError with code `options_invalid`) for prefixes that could never match and names no policy can have.
 */
export function cors(allowlist: Allowlist, options: RouteOptions = {}): KoaMiddleware {
  const choose = compileRoutes(options);
  const tell = conflictTeller(allowlist, 'koa');
  return (context, next) => {
    if (isTaken(context.res)) return next();
    const target = context.originalUrl;
    const decision = decideFor(allowlist, context.req, target, choose(target));
    if (!(decision instanceof Promise)) return enforce(decision, context, tell, next);
    // Answered meanwhile, as a rule by a timeout: the request is over.
    return decision.then((late) =>
      isAnswered(context.res) ? undefined : enforce(late, context, tell, next),
    );
  };
}

function enforce(
  decision: Decision,
  context: KoaContext,
  tell: TellConflict,
  next: () => Promise<unknown>,
): Promise<unknown> {
  keepEdits(context.res, decision, tell);
  if (decision.status === null) return next();
  // Koa sends it, so that middleware around this one still sees the answer. A body of null sets a status of its own: it goes first.
  context.body = null;
  context.status = decision.status;
  return Promise.resolve();
}
