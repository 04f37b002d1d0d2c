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
 * As a rule that is done by a property of the response. The responses of an Express application have a prototype that belongs to this
 * one application and is made to be added to: there it is added once, since properties of such responses cost microseconds (see
 * `originAllowlistEdits`). Prototypes of classes belong to everybody and are left alone.
 *
 * @param before is also asked about responses that are not guarded, and then does nothing.
 */
export function createHeadGuard(before: BeforeHead): (response: ServerResponse) => void {
  const guarded = new WeakSet<object>();
  const inherited = guardedBy(before, (response) => writeHeadAbove(response));

  function guardPrototype(prototype: object): boolean {
    if (guarded.has(prototype)) return true;
    if (Object.hasOwn(prototype, 'constructor') || Object.hasOwn(prototype, 'writeHead')) return false;
    const value = guardedBy(before, () => writeHeadAbove(prototype));
    guarded.add(prototype);
    return Reflect.defineProperty(prototype, 'writeHead', { value, configurable: true, writable: true });
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
