/** The middleware for node:http, Connect and Express. */
import type { ServerResponse } from 'node:http';
import type { Allowlist } from './client.js';
import { conflictTeller, type TellConflict } from './conflicts.js';
import type { Decision } from './core/index.js';
import { recallKept } from './kept-answer.js';
import { enforceLate } from './late.js';
import { type NodeRequest, requestOf, targetOf } from './node-request.js';
import { isTaken, keepEdits, writeAnswer } from './node-response.js';
import { compileRoutes, type RouteOptions } from './routes.js';

export type { NodeRequest } from './node-request.js';
export { OptionsError } from './options.js';
export type { RouteOptions } from './routes.js';

/** A middleware; `next` runs the rest of the application. */
export type CorsMiddleware = (request: NodeRequest, response: ServerResponse, next: () => void) => void;

/**
 * CORS by the allowlist. Answers preflights itself and edits every other answer, errors included. Register it first: after an
 * authentication that answers 401 it never sees a preflight, which carries no credentials.
 *
 * @example Express
 * app.use(cors(allowlist));
 * app.use(authenticate);
 *
 * @example node:http
 * const handleCors = cors(allowlist);
 * createServer((request, response) => handleCors(request, response, () => handle(request, response)));
 *
 * @example Wrong: preflights get 401, and browsers refuse every request that needs one.
 * app.use(authenticate);
 * app.use(cors(allowlist));
 *
 * @throws OptionsError (a TypeError with code `options_invalid`) for prefixes that could never match and names no policy can have.
 */
export function cors(allowlist: Allowlist, options: RouteOptions = {}): CorsMiddleware {
  const choose = compileRoutes(options);
  const tell = conflictTeller(allowlist, 'node');
  return (request, response, next) => {
    if (isTaken(response)) return next();
    const target = targetOf(request);
    const choice = choose(target);
    const kept = recallKept(allowlist, request.method, request.headers.origin, target, choice);
    if (kept !== undefined) return enforce(kept, response, tell, next);
    const decision = allowlist.decide(requestOf(request, target, choice));
    if (!(decision instanceof Promise)) return enforce(decision, response, tell, next);
    enforceLate(decision, response, (late) => enforce(late, response, tell, next));
  };
}

function enforce(decision: Decision, response: ServerResponse, tell: TellConflict, next: () => void): void {
  if (decision.status !== null) {
    writeAnswer(response, decision, decision.status, tell);
    response.end();
    return;
  }
  keepEdits(response, decision, tell);
  next();
}
