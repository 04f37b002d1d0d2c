import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

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
 * Makes a guard: from then on `before` runs when the head of a guarded response is sent, by whoever sends it. Node sends every head
 * through `writeHead`, also one that nobody asked for.
 *
 * As a rule that is done by a property of the response. Responses of Express have prototypes that are made to be added to, one for each
 * application and above them `express.response`: there it is added once, since properties of such responses cost microseconds (see
 * `originAllowlistEdits`). At the top of them, because Express changes a response's prototype whenever it goes from one application to
 * another. Prototypes of classes are not ours to touch.
 *
 * @param before is also asked about responses that are not guarded, and then does nothing.
 */
export function createHeadGuard(before: BeforeHead): (response: ServerResponse) => void {
  const guarded = new WeakSet<object>();
  const inherited = guardedBy(before, (response) => prototypeOf(response).writeHead);

  /** @returns whether every response of this prototype, which is no class's, is guarded. */
  function guardPrototype(prototype: ServerResponse): boolean {
    if (guarded.has(prototype)) return true;
    const top = topOfPrototypes(prototype);
    if (top === undefined) return false;
    const isGuarded = guarded.has(top);
    guarded.add(prototype).add(top);
    if (isGuarded) return true;
    const value = guardedBy(before, () => prototypeOf(top).writeHead);
    return Reflect.defineProperty(top, 'writeHead', { value, configurable: true, writable: true });
  }

  function topOfPrototypes(prototype: ServerResponse): ServerResponse | undefined {
    let top: ServerResponse | undefined;
    let next = prototype;
    while (next !== null && !isPrototypeOfClass(next)) {
      // Somebody else's, who may not call the one above.
      if (Object.hasOwn(next, 'writeHead') && !guarded.has(next)) return undefined;
      top = next;
      next = prototypeOf(next);
    }
    return top;
  }

  return (response) => {
    const { writeHead } = response;
    const prototype = prototypeOf(response);
    if (writeHead !== prototype.writeHead) {
      // Whoever has put that there calls what was there before, not what is on a prototype now.
      response.writeHead = guardedBy(before, () => writeHead);
    } else if (isPrototypeOfClass(prototype) || !guardPrototype(prototype)) {
      response.writeHead = inherited;
    }
  };
}

/** Whether a response has the prototype its class gave it, and not one that a framework has put in its place. */
export function isOfClass(response: ServerResponse): boolean {
  return isPrototypeOfClass(prototypeOf(response));
}

let lastFound: object | undefined;

function isPrototypeOfClass(prototype: object): boolean {
  // As a rule all responses of a process are of one class, and each is asked about several times.
  if (prototype === lastFound) return true;
  const isOne = Object.hasOwn(prototype, 'constructor');
  if (isOne) lastFound = prototype;
  return isOne;
}

/** Its `writeHead` is looked up at each call: an instrumentation may replace it at any time. */
function prototypeOf(response: ServerResponse): ServerResponse {
  return Object.getPrototypeOf(response);
}

function guardedBy(before: BeforeHead, original: (response: ServerResponse) => WriteHead) {
  return function writeHead(
    this: ServerResponse,
    statusCode: number,
    reason?: string | GivenHeaders,
    headers?: GivenHeaders,
  ): ServerResponse {
    const hasReason = typeof reason === 'string';
    const given = hasReason ? headers : (reason ?? headers);
    // When the head is out, Node says so by itself.
    const isTaken = !this.headersSent && before(this, given);
    const rest = isTaken ? undefined : given;
    if (hasReason) Reflect.apply(original(this), this, [statusCode, reason, rest]);
    else original(this).call(this, statusCode, rest);
    return this;
  };
}
