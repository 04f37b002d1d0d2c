import type { ServerResponse } from 'node:http';
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

/**
 * Edits as a property of their response. From the registry, for the same reason.
 *
 * On responses that are guarded by a prototype of Express it stands for a place in a weak map: Express changes the prototype of every
 * response, and to V8 each property that is added after that makes it an object like no other, which takes microseconds and slows down
 * whatever is done with it later. A weak map is dearer than a property of any other response, since the collector has to look through it.
 */
export const EDITS: unique symbol = Symbol.for('origin-allowlist.edits');

/** A response that a layer of ours may have in hand. */
export interface EditedResponse extends ServerResponse {
  [EDITS]?: Edits;
}

globalThis.originAllowlistEdits ??= new WeakMap();
const EXPRESS_EDITS = globalThis.originAllowlistEdits;

/** {@link EDITS} for a prototype of Express. */
export const IN_WEAK_MAP: PropertyDescriptor & ThisType<ServerResponse> = {
  configurable: true,
  get() {
    return EXPRESS_EDITS.get(this);
  },
  set(edits: Edits) {
    EXPRESS_EDITS.set(this, edits);
  },
};

/** Also where an application of Express has handed the response to one of another copy of Express, whose prototype says nothing of them. */
export function editsOf(response: EditedResponse): Edits | undefined {
  return response[EDITS] ?? EXPRESS_EDITS.get(response);
}
