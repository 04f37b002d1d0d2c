import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type Decision, mergeVary } from './core/index.js';

const EDITS: unique symbol = Symbol('origin-allowlist.edits');

/** A response whose head is edited when it is sent. */
interface EditedResponse extends ServerResponse {
  [EDITS]: {
    readonly decision: Decision;
    /** Node's own, or that of a layer that came before. */
    readonly writeHead: ServerResponse['writeHead'];
  };
}

/**
 * Writes a decision's header edits now, and once more when the head is sent: a handler's own `Vary` would erase ours, error
 * handlers drop headers, and it is the list that says which origins may read the answer, not the handler.
 */
export function keepEdits(response: ServerResponse, decision: Decision): void {
  writeEdits(response, decision);
  const edits = { decision, writeHead: response.writeHead };
  const edited: EditedResponse = Object.assign(response, { [EDITS]: edits });
  edited.writeHead = writeHeadWithEdits;
}

/** Makes the response the answer to a preflight, or to a request that is blocked; ending it is left to the caller. */
export function writeAnswer(response: ServerResponse, decision: Decision, status: number): void {
  writeEdits(response, decision);
  response.statusCode = status;
  response.setHeader('content-length', '0');
}

type GivenHeaders = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** Stands in for `writeHead`, through which Node sends every head, also one that nobody asked for. */
function writeHeadWithEdits(
  this: EditedResponse,
  statusCode: number,
  reason?: string | GivenHeaders,
  headers?: GivenHeaders,
): EditedResponse {
  const { decision, writeHead } = this[EDITS];
  const given = typeof reason === 'string' ? headers : (reason ?? headers);
  // Otherwise Node says by itself that the head is out.
  if (!this.headersSent) {
    if (given) takeHeaders(this, given);
    writeEdits(this, decision);
  }
  Reflect.apply(writeHead, this, typeof reason === 'string' ? [statusCode, reason] : [statusCode]);
  return this;
}

function writeEdits(response: ServerResponse, { headers, remove, vary }: Decision): void {
  for (const name of remove) if (response.hasHeader(name)) response.removeHeader(name);
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && response.getHeader(name) !== value) response.setHeader(name, value);
  }
  if (vary.length > 0) addVary(response, vary);
}

function addVary(response: ServerResponse, vary: readonly string[]): void {
  const existing = response.getHeader('vary');
  const merged = mergeVary(typeof existing === 'number' ? String(existing) : existing, vary);
  if (merged !== existing) response.setHeader('vary', merged);
}

/** Sets what was given to `writeHead`, as Node itself would: over what was set before. */
function takeHeaders(response: ServerResponse, given: GivenHeaders): void {
  if (Array.isArray(given)) {
    takeHeaderList(response, given);
    return;
  }
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (value !== undefined) response.setHeader(name, value);
  }
}

/** Names and values in turn, or pairs of them. A name that comes twice has two values. */
function takeHeaderList(response: ServerResponse, given: readonly OutgoingHttpHeader[]): void {
  const list = Array.isArray(given[0]) ? given.flat() : given;
  for (let index = 0; index < list.length; index += 2) response.removeHeader(String(list[index]));
  for (let index = 0; index + 1 < list.length; index += 2) {
    const value = list[index + 1];
    response.appendHeader(String(list[index]), Array.isArray(value) ? value : String(value));
  }
}
