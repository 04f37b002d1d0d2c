import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { EDITS, IN_WEAK_MAP } from './response-edits.js';

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
    const value = guardedBy(() => prototypeOf(top).writeHead);
    return (
      Reflect.defineProperty(top, EDITS, IN_WEAK_MAP) &&
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

  function guardedBy(original: (response: ServerResponse) => WriteHead): WriteHead {
    return function writeHead(
      this: ServerResponse,
      statusCode: number,
      reason?: string | GivenHeaders,
      headers?: GivenHeaders,
    ) {
      return sendHead(this, original(this), statusCode, reason, headers);
    };
  }

  /** Of nearly all responses. */
  function writeHeadOfClass(
    this: ServerResponse,
    statusCode: number,
    reason?: string | GivenHeaders,
    headers?: GivenHeaders,
  ) {
    const { writeHead } = prototypeOf(this);
    if (reason !== undefined || headers !== undefined || this.headersSent)
      return sendHead(this, writeHead, statusCode, reason, headers);
    // As Node itself calls it, and so do most.
    before(this, undefined);
    writeHead.call(this, statusCode);
    return this;
  }

  function sendHead(
    response: ServerResponse,
    writeHead: WriteHead,
    statusCode: number,
    reason: string | GivenHeaders | undefined,
    headers: GivenHeaders | undefined,
  ): ServerResponse {
    const hasReason = typeof reason === 'string';
    const given = (hasReason ? headers : (reason ?? headers)) ?? undefined;
    // When the head is out, Node says so by itself.
    const isTaken = !response.headersSent && before(response, given);
    const rest = isTaken ? undefined : given;
    if (hasReason) Reflect.apply(writeHead, response, [statusCode, reason, rest]);
    else writeHead.call(response, statusCode, rest);
    return response;
  }

  /** What was found of the last response that nobody else had put a `writeHead` on: as a rule all of a process are alike. */
  let known: ServerResponse | undefined;
  let knownWriteHead: WriteHead | undefined;
  let isKnownGuarded = false;

  function guardUnknown(response: ServerResponse, prototype: ServerResponse): void {
    const { writeHead } = response;
    if (writeHead !== prototype.writeHead) {
      // Whoever has put it there calls what was there before, not what is on a prototype now.
      response.writeHead = guardedBy(() => writeHead);
      return;
    }
    isKnownGuarded = !isOfClass(prototype) && guardPrototype(prototype);
    known = prototype;
    knownWriteHead = prototype.writeHead;
    if (!isKnownGuarded) response.writeHead = writeHeadOfClass;
  }

  return (response) => {
    // What it sends its head by is the guard itself: to ask for a prototype of Express would take longer than all the rest.
    if (isKnownGuarded && response.writeHead === knownWriteHead) return;
    const prototype = prototypeOf(response);
    if (prototype !== known || response.writeHead !== knownWriteHead) guardUnknown(response, prototype);
    else response.writeHead = writeHeadOfClass;
  };
}

/** Whether a prototype is that of a class, and not one that a framework has put in its place. */
function isOfClass(prototype: object): boolean {
  return Object.hasOwn(prototype, 'constructor');
}

/** Its `writeHead` is looked up at each call: an instrumentation may replace it at any time. */
function prototypeOf(response: ServerResponse): ServerResponse {
  return Object.getPrototypeOf(response);
}
