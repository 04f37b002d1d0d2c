/** A check of WebSocket handshakes, which CORS leaves alone: for `ws`, Socket.IO, and whatever is built on them. */
import { Duplex } from 'node:stream';
import type { Allowlist } from './client.js';
import type { Decision } from './core/index.js';
import { type NodeRequest, requestOf, targetOf } from './node-request.js';
import { compileRoutes, type RouteOptions } from './routes.js';

export type { NodeRequest } from './node-request.js';
export { OptionsError } from './options.js';
export type { RouteOptions } from './routes.js';

/** What the checks take. */
export interface UpgradeOptions extends RouteOptions {
  /**
   * Refuses handshakes without an Origin header, other than those a browser says are from a page of the application itself. Default
   * `false`: clients that are no browser send none, and could send any, so this keeps out nobody who means it.
   */
  readonly requireOrigin?: boolean;
  /**
   * Whether sockets act for whom the cookies of the handshake name, or HTTP authentication, or a client certificate. Browsers send
   * these along from every page, so an origin must be in the list by more than `*` or `null`. `false` = the application heeds none of
   * them, and `*` and `null` count. Default `true`.
   */
  readonly credentials?: boolean;
}

/** A listener's part of `server.on('upgrade', …)`; `next` goes on with the handshake. */
export type UpgradeCheck = (request: NodeRequest, socket: Duplex, next: () => void) => void;

/** The option `verifyClient` of `ws`. */
export type VerifyClient = (
  info: { readonly req: NodeRequest },
  callback: (isAllowed: boolean, status?: number) => void,
) => void;

/** The option `allowRequest` of Socket.IO and Engine.IO. */
export type AllowRequest = (
  request: NodeRequest,
  callback: (error: string | null | undefined, isAllowed: boolean) => void,
) => void;

/**
 * Checks handshakes by the allowlist; answers 403 to those of origins that are not in it. Any page can open a socket to any host,
 * with the visitor's cookies, and read what it says: CORS has no say in it (cross-site WebSocket hijacking).
 *
 * Passes: an origin that the list allows on this path; pages of the application itself, as for the enforcement `block`; clients that
 * send no Origin; everything where the policy only reports. A tenant without a list is refused.
 *
 * @example
 * const check = verifyUpgrade(allowlist);
 * server.on('upgrade', (request, socket, head) => {
 *   check(request, socket, () => webSocketServer.handleUpgrade(request, socket, head, greet));
 * });
 *
 * @example Wrong: the middleware never sees a handshake.
 * app.use(cors(allowlist));
 * new WebSocketServer({ server });
 *
 * @throws OptionsError (a TypeError with code `options_invalid`) for prefixes that could never match and names no policy can have.
 */
export function verifyUpgrade(allowlist: Allowlist, options: UpgradeOptions = {}): UpgradeCheck {
  const check = createCheck(allowlist, options);
  return (request, socket, next) => {
    // Nobody else hears of a connection that breaks meanwhile, and an error that nobody hears ends the process.
    socket.on('error', ignore);
    check(request, (isAllowed) => {
      if (socket.destroyed) return;
      if (!isAllowed) return deny(socket);
      socket.off('error', ignore);
      next();
    });
  };
}

/**
 * The same as the option `verifyClient` of `ws`: `new WebSocketServer({ server, verifyClient: verifyClient(allowlist) })`. With
 * `@fastify/websocket` it goes into `options`.
 */
export function verifyClient(allowlist: Allowlist, options: UpgradeOptions = {}): VerifyClient {
  const check = createCheck(allowlist, options);
  // With two named parameters: by their number ws tells a check that calls back.
  return ({ req }, callback) =>
    check(req, (isAllowed) => (isAllowed ? callback(true) : callback(false, 403)));
}

/**
 * The same as the option `allowRequest` of Socket.IO: `new Server(server, { allowRequest: allowRequest(allowlist) })`. It is asked once
 * a session, before the first poll or socket. Engine.IO answers a refused poll with 403, and a refused socket with 400.
 */
export function allowRequest(allowlist: Allowlist, options: UpgradeOptions = {}): AllowRequest {
  const check = createCheck(allowlist, options);
  return (request, callback) =>
    check(request, (isAllowed) => callback(isAllowed ? null : 'Forbidden', isAllowed));
}

type Check = (request: NodeRequest, tell: (isAllowed: boolean) => void) => void;

function createCheck(
  allowlist: Allowlist,
  { requireOrigin = false, credentials = true, ...routes }: UpgradeOptions,
): Check {
  const choose = compileRoutes(routes);
  const socket = credentials ? 'credentialed' : 'anonymous';

  return (request, tell) => {
    const target = targetOf(request);
    const asked = { ...requestOf(request, target, choose(target)), socket } as const;
    const isAllowed = ({ kind, status }: Decision): boolean =>
      // Of a page of its own a browser sends no Origin with a poll.
      status === null && !(requireOrigin && kind === 'non-cors' && asked.secFetchSite !== 'same-origin');
    const decision = allowlist.decide(asked);
    if (!(decision instanceof Promise)) return tell(isAllowed(decision));
    // What the handshake throws late nobody is left to catch: as an unhandled rejection it would end the process.
    decision.then((late) => tell(isAllowed(late))).catch(() => breakOff(request));
  };
}

const FORBIDDEN = 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

function deny(socket: Duplex): void {
  // The other side may never close its half.
  socket.once('finish', () => socket.destroy());
  socket.end(FORBIDDEN);
}

function breakOff({ socket }: NodeRequest): void {
  if (socket instanceof Duplex) socket.destroy();
}

function ignore(): void {}
