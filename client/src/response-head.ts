import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { EDITS, letGo, ON_SOCKET } from './response-edits.js';

/** Headers as `writeHead` takes them. */
export type GivenHeaders = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * Runs before a response's head is sent, with the headers that are given with it.
 *
 * @returns whether it has set the given ones itself, so that they are not handed on.
 */
type BeforeHead = (response: ServerResponse, given: GivenHeaders | undefined) => boolean;

type WriteHead = ServerResponse['writeHead'];

/**
 * Makes a guard: from then on {@link EDITS} can be kept on a guarded response, and `before` runs when its head is sent, by whoever sends
 * it. Node sends every head through `writeHead`, also one that nobody asked for.
 *
 * As a rule that is done by properties of the response. Responses of Express have prototypes that are made to be added to, one for each
 * application and above them `express.response`: there they are added once. At the top of them, because Express changes a response's
 * prototype whenever it goes from one application to another. Prototypes of classes are not ours to touch.
 *
 * @param before is also asked about responses that are not guarded, and then does nothing.
 */
export function createHeadGuard(before: BeforeHead): (response: ServerResponse) => void {
  const guarded = new WeakSet<object>();

  /** @returns whether every response of this prototype, which is no class's, is guarded. */
  function guardPrototype(prototype: ServerResponse): boolean {
    if (guarded.has(prototype)) return true;
    const top = topOfPrototypes(prototype);
    if (top === undefined) return false;
    const isGuarded = guarded.has(top) || guardTop(top);
    if (isGuarded) guarded.add(prototype).add(top);
    return isGuarded;
  }

  /** @returns false for one that is frozen. */
  function guardTop(top: ServerResponse): boolean {
    const send = guardedBy(() => prototypeOf(top).writeHead);
    const value = function writeHead(this: ServerResponse, ...given: Parameters<WriteHead>) {
      send.apply(this, given);
      // Who buffers an answer only notes the head, and sends it later.
      if (this.headersSent) letGo(this);
      return this;
    };
    return (
      Reflect.defineProperty(top, EDITS, ON_SOCKET) &&
      Reflect.defineProperty(top, 'writeHead', { value, configurable: true, writable: true })
    );
  }

  function topOfPrototypes(prototype: ServerResponse): ServerResponse | undefined {
    let top: ServerResponse | undefined;
    let next = prototype;
    while (next !== null && !isOfClass(next)) {
      // Somebody else's, who may not call the one above.
      if (Object.hasOwn(next, 'writeHead') && !guarded.has(next)) return undefined;
      top = next;
      next = prototypeOf(next);
    }
    return top;
  }

  /** @param original is asked at each call: an instrumentation may replace it at any time. */
  function guardedBy(original: (response: ServerResponse) => WriteHead): WriteHead {
    return function writeHead(
      this: ServerResponse,
      statusCode: number,
      reason?: string | GivenHeaders,
      headers?: GivenHeaders,
    ) {
      if (reason !== undefined || headers !== undefined || this.headersSent) {
        sendHead(this, original(this), statusCode, reason, headers);
      } else {
        // As Node itself calls it, and so do most.
        before(this, undefined);
        original(this).call(this, statusCode);
      }
      return this;
    };
  }

  function sendHead(
    response: ServerResponse,
    writeHead: WriteHead,
    statusCode: number,
    reason: string | GivenHeaders | undefined,
    headers: GivenHeaders | undefined,
  ): void {
    const hasReason = typeof reason === 'string';
    const given = (hasReason ? headers : (headers ?? reason)) ?? undefined;
    // When the head is out, Node says so by itself.
    const isTaken = !response.headersSent && before(response, given);
    const rest = isTaken ? undefined : given;
    if (hasReason) Reflect.apply(writeHead, response, [statusCode, reason, rest]);
    else writeHead.call(response, statusCode, rest);
  }

  /** Of the last response that nobody else had put a `writeHead` on: as a rule all of a process are alike. */
  let known: Known | undefined;

  function guardUnknown(response: ServerResponse): void {
    const { writeHead } = response;
    const prototype = prototypeOf(response);
    if (writeHead !== prototype.writeHead) {
      // Whoever has put it there calls what was there before, not what is on a prototype now.
      response.writeHead = guardedBy(() => writeHead);
      return;
    }
    const isGuarded = !isOfClass(prototype) && guardPrototype(prototype);
    const guard = isGuarded
      ? undefined
      : guardedBy((guarded) => (isOfExpress(guarded) ? prototypeOf(guarded) : prototype).writeHead);
    if (guard !== undefined) response.writeHead = guard;
    known = { writeHead: prototype.writeHead, guard };
  }

  return (response) => {
    if (known === undefined || response.writeHead !== known.writeHead) guardUnknown(response);
    else if (known.guard === undefined) return;
    else if (isOfExpress(response)) guardUnknown(response);
    else response.writeHead = known.guard;
  };
}

/** What a response sends its head by before it is guarded, and what is put in its place; `undefined` = its prototype is guarded. */
interface Known {
  readonly writeHead: WriteHead;
  readonly guard: WriteHead | undefined;
}

/** Express changes the prototypes of responses, and says which application they are in. (V8 takes longer to tell a prototype.) */
function isOfExpress(response: ServerResponse & { readonly app?: unknown }): boolean {
  return response.app !== undefined;
}

/** Whether a prototype is that of a class, and not one that a framework has put in its place. */
function isOfClass(prototype: object): boolean {
  return Object.hasOwn(prototype, 'constructor');
}

function prototypeOf(response: ServerResponse): ServerResponse {
  return Object.getPrototypeOf(response);
}
