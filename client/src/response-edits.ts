import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TellConflict } from './conflicts.js';
import type { Decision } from './core/index.js';

/** What was written to a response, to be written again when its head is sent. */
export interface Edits {
  readonly decision: Decision;
  /** What `Vary` was after they were written; `undefined` = they leave it alone. */
  readonly vary: string | undefined;
  readonly tell: TellConflict;
}

declare global {
  /** Global, so that two copies of this package on one response know each other. */
  var originAllowlistEdits: WeakMap<ServerResponse, Edits> | undefined;
}

/** Edits as a property of their response. From the registry, for the same reason. */
export const EDITS: unique symbol = Symbol.for('origin-allowlist.edits');
const HELD: unique symbol = Symbol.for('origin-allowlist.held');

/** A response that a layer of ours may have in hand. */
export interface EditedResponse extends ServerResponse {
  [EDITS]?: Edits;
}

interface HoldingSocket extends Socket {
  [HELD]?: { readonly response: ServerResponse; readonly edits: Edits } | undefined;
}

globalThis.originAllowlistEdits ??= new WeakMap();
const OTHERS = globalThis.originAllowlistEdits;

/**
 * {@link EDITS} for a prototype of Express. Express changes the prototype of every response, and to V8 each property that is added after
 * that makes it an object like no other, which takes microseconds and slows down whatever is done with it later. So they are held by the
 * socket, which sends one response after the other, and {@link editsOf} asks that. A weak map, which the collector has to look through time
 * and again, takes microseconds too: it has the edits only of responses that wait behind another one on their socket, and of those without.
 */
export const ON_SOCKET: PropertyDescriptor & ThisType<ServerResponse> = {
  configurable: true,
  get() {
    return heldFor(this) ?? OTHERS.get(this);
  },
  set(edits: Edits) {
    const socket = socketOf(this);
    if (socket === undefined || isHeldByAnother(socket, this)) OTHERS.set(this, edits);
    else socket[HELD] = { response: this, edits };
  },
};

/** Also where an application of Express has handed the response to one of another copy of Express, whose prototype says nothing of them. */
export function editsOf(response: EditedResponse): Edits | undefined {
  return heldFor(response) ?? response[EDITS] ?? OTHERS.get(response);
}

/** The head is out: a socket that waits for its next request keeps nothing of the last. */
export function letGo(response: ServerResponse): void {
  const socket = socketOf(response);
  if (socket?.[HELD]?.response === response) socket[HELD] = undefined;
}

function heldFor(response: ServerResponse): Edits | undefined {
  const held = socketOf(response)?.[HELD];
  return held?.response === response ? held.edits : undefined;
}

function isHeldByAnother(socket: HoldingSocket, response: ServerResponse): boolean {
  const held = socket[HELD];
  return held !== undefined && held.response !== response && !held.response.headersSent;
}

/** Its own, not its request's: Express takes whatever request it is called with. `undefined` = it has none, or has to wait for it. */
function socketOf({ socket }: { readonly socket?: HoldingSocket | null }): HoldingSocket | undefined {
  return socket ?? undefined;
}
