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
  const inherited = guardedBy(before, (response) => writeHeadAbove(response));

  /** @returns whether every response of this prototype is guarded. */
  function guardPrototype(prototype: object): boolean {
    if (guarded.has(prototype)) return true;
    const top = topOfPrototypes(prototype);
    if (top === undefined) return false;
    const isGuarded = guarded.has(top);
    guarded.add(prototype).add(top);
    if (isGuarded) return true;
    const value = guardedBy(before, () => writeHeadAbove(top));
    return Reflect.defineProperty(top, 'writeHead', { value, configurable: true, writable: true });
  }

  function topOfPrototypes(prototype: object): object | undefined {
    let top: object | undefined;
    let next: object | null = prototype;
    while (next !== null && !Object.hasOwn(next, 'constructor')) {
      // Somebody else's, who may not call the one above.
      if (Object.hasOwn(next, 'writeHead') && !guarded.has(next)) return undefined;
      top = next;
      next = Object.getPrototypeOf(next);
    }
    return top;
  }

  return (response) => {
    if (Object.hasOwn(response, 'writeHead')) {
      // Whoever has put that there calls what was there before, not what is on a prototype now.
      const { writeHead } = response;
      response.writeHead = guardedBy(before, () => writeHead);
    } else if (!guardPrototype(Object.getPrototypeOf(response))) {
      response.writeHead = inherited;
    }
  };
}

/** Whether a response has the prototype its class gave it, and not one that a framework has put in its place. */
export function isOfClass(response: ServerResponse): boolean {
  return Object.hasOwn(Object.getPrototypeOf(response), 'constructor');
}

/** Looked up at each call: an instrumentation may replace it at any time. */
function writeHeadAbove(object: object): WriteHead {
  return Reflect.get(Object.getPrototypeOf(object), 'writeHead');
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
