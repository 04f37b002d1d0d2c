import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { TellConflict } from './conflicts.js';
import { type Decision, mergeVary } from './core/index.js';
import { ALLOW_ORIGIN, CORS_RESPONSE_HEADERS } from './core/response-headers.js';
import { EDITS, type EditedResponse, type Edits, editsOf } from './response-edits.js';
import { createHeadGuard, type GivenHeaders } from './response-head.js';

/** Whether it is too late for a layer: the head is out, or another layer of ours has decided and this might undo it. */
export function isTaken(response: EditedResponse): boolean {
  if (response.headersSent) return true;
  if (editsOf(response) === undefined) return false;
  // Called, not mounted, an application of another copy of Express takes the response away from the prototype that is guarded.
  if (!(EDITS in response)) guardHead(response);
  return true;
}

/** A framework's own reply: the headers it keeps go to `writeHead` in the end, over those of the response. */
export interface Reply {
  /** Also a header that only the response has. */
  getHeader(name: string): OutgoingHttpHeader | undefined;
  header(name: string, value: string): unknown;
}

/**
 * Takes the response in hand: writes a decision's header edits now, and once more when the head is sent. A handler's own `Vary`
 * would erase ours, error handlers drop headers, and it is the list that says which origins may read the answer, not the handler.
 * Under `report` nothing is written.
 *
 * @param tell hears of CORS headers that other code has written, before us or after.
 * @param reply where the edits are written now. Default: the response itself.
 */
export function keepEdits(
  response: EditedResponse,
  decision: Decision,
  tell: TellConflict,
  reply?: Reply,
): void {
  if (decision.enforcement === 'report') {
    guardHead(response);
    response[EDITS] = { decision, vary: undefined, tell };
    return;
  }
  const names = response.getHeaderNames();
  const isBlank = names.length === 0;
  if (!isBlank) takeBack(response, names, CORS_RESPONSE_HEADERS, tell);
  const vary =
    reply === undefined
      ? writeEdits(response, decision, !isBlank && names.includes('vary'))
      : writeReply(reply, decision, tell);
  guardHead(response);
  response[EDITS] = { decision, vary, tell };
}

/**
 * @param hasVary whether the response has a `Vary` already.
 * @returns what `Vary` is then; `undefined` = the decision leaves it alone.
 */
function writeEdits(response: ServerResponse, decision: Decision, hasVary: boolean): string | undefined {
  const { headers, vary } = decision;
  setHeader(response, ALLOW_ORIGIN, headers[ALLOW_ORIGIN]);
  if (setsMoreThanOrigin(decision)) {
    for (const name in headers) if (name !== ALLOW_ORIGIN) setHeader(response, name, headers[name]);
  }
  if (vary.length === 0) return undefined;
  if (hasVary || vary.length > 1) return addVary(response, vary);
  const only = vary[0] ?? '';
  response.setHeader('vary', only);
  return only;
}

/** Headers that a reply has and the decision removes are found when the head is sent. */
function writeReply(reply: Reply, decision: Decision, tell: TellConflict): string | undefined {
  const { headers, vary } = decision;
  setReplyHeader(reply, ALLOW_ORIGIN, headers[ALLOW_ORIGIN], tell);
  if (setsMoreThanOrigin(decision)) {
    for (const name in headers) if (name !== ALLOW_ORIGIN) setReplyHeader(reply, name, headers[name], tell);
  }
  if (vary.length === 0) return undefined;
  const merged = merge(reply.getHeader('vary'), vary);
  reply.header('vary', merged);
  return merged;
}

function setReplyHeader(reply: Reply, name: string, value: string | undefined, tell: TellConflict): void {
  if (value === undefined) return;
  const given = reply.getHeader(name);
  if (given !== undefined && isCorsHeader(name)) tell(name, String(given));
  reply.header(name, value);
}

/** Makes the response the answer to a preflight, or to a request that is blocked; ending it is left to the caller. */
export function writeAnswer(
  response: ServerResponse,
  decision: Decision,
  status: number,
  tell: TellConflict,
): void {
  // Kept, not only written: Fastify adds what hooks before us gave the reply when it sends the head.
  keepEdits(response, decision, tell);
  response.statusCode = status;
  if (decision.headers['content-length'] === undefined) response.setHeader('content-length', '0');
}

/** Whether all is as it was written, and nothing beside it: as a rule it is, and to look costs far less than to write again. */
function isAsWritten(response: ServerResponse, { decision, vary }: Edits): boolean {
  const { headers } = decision;
  const origin = headers[ALLOW_ORIGIN];
  if (origin !== undefined && !setsMoreThanOrigin(decision)) return hasOnlyOrigin(response, origin, vary);
  if (vary !== undefined && response.getHeader('vary') !== vary) return false;
  for (const name in headers) if (response.getHeader(name) !== headers[name]) return false;
  let others = -countOfSet(decision);
  const names = response.getHeaderNames();
  for (let index = 0; index < names.length; index += 1) if (isCorsHeader(names[index] ?? '')) others += 1;
  return others === 0;
}

/** The same of an answer that sets `Access-Control-Allow-Origin` alone, as nearly all do: what is known beforehand is found sooner. */
function hasOnlyOrigin(response: ServerResponse, origin: string, vary: string | undefined): boolean {
  if (response.getHeader(ALLOW_ORIGIN) !== origin) return false;
  if (vary !== undefined && response.getHeader('vary') !== vary) return false;
  const names = response.getHeaderNames();
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? '';
    if (name !== ALLOW_ORIGIN && isCorsHeader(name)) return false;
  }
  return true;
}

/** The same of headers that are given with the head, whose names are written as somebody liked. */
function isGivenAsWritten(given: OutgoingHttpHeaders, { decision, vary }: Edits): boolean {
  const { headers } = decision;
  let corsHeaders = 0;
  let hasVary = vary === undefined;
  for (const name of Object.keys(given)) {
    const lower = name.toLowerCase();
    if (lower === 'vary') {
      if (vary !== undefined && given[name] !== vary) return false;
      hasVary = true;
    } else if (isCorsHeader(lower)) {
      // Written otherwise it may be there twice.
      if (name !== lower || given[name] !== headers[lower]) return false;
      corsHeaders += 1;
    }
  }
  return hasVary && corsHeaders === countOfSet(decision);
}

/**
 * Whether a decision sets more than `Access-Control-Allow-Origin`, which nearly all set alone: to go through the names of an object that
 * differs from one request to the next costs as much as to set a header. (An answer to a preflight has a Content-Length too.)
 */
function setsMoreThanOrigin(decision: Decision): boolean {
  return decision.kind === 'preflight' || countOfSet(decision) > 1;
}

/** CORS headers that a decision sets. */
function countOfSet({ remove }: Decision): number {
  return CORS_RESPONSE_HEADERS.length - remove.length;
}

/** Writes again what is no longer as it was written. */
function rewriteEdits(response: ServerResponse, { decision, vary, tell }: Edits): void {
  const { headers, remove } = decision;
  takeBack(response, response.getHeaderNames(), remove, tell);
  for (const name in headers) {
    const value = headers[name];
    const given = response.getHeader(name);
    if (given === value) continue;
    // Gone is no conflict: error handlers drop all headers.
    if (given !== undefined && isCorsHeader(name)) tell(name, String(given));
    setHeader(response, name, value);
  }
  if (vary !== undefined && response.getHeader('vary') !== vary) addVary(response, decision.vary);
}

/** A response has few headers, and hardly ever one of these: looking through costs less than asking for each. */
function takeBack(
  response: ServerResponse,
  names: readonly string[],
  removed: readonly string[],
  tell: TellConflict,
): void {
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? '';
    if (!isCorsHeader(name) || !removed.includes(name)) continue;
    tell(name, String(response.getHeader(name)));
    response.removeHeader(name);
  }
}

function isCorsHeader(name: string): boolean {
  // Asked of every header of every answer: the first letter tells most of them apart.
  return name.charCodeAt(0) === FIRST_LETTER && (name === ALLOW_ORIGIN || CORS_HEADERS.has(name));
}

const CORS_HEADERS: ReadonlySet<string> = new Set(CORS_RESPONSE_HEADERS);
const FIRST_LETTER = ALLOW_ORIGIN.charCodeAt(0);

function setHeader(response: ServerResponse, name: string, value: string | undefined): void {
  if (value !== undefined) response.setHeader(name, value);
}

function addVary(response: ServerResponse, vary: readonly string[]): string {
  const existing = response.getHeader('vary');
  const merged = merge(existing, vary);
  if (merged !== existing) response.setHeader('vary', merged);
  return merged;
}

function merge(existing: OutgoingHttpHeader | undefined, vary: readonly string[]): string {
  return mergeVary(typeof existing === 'number' ? String(existing) : existing, vary);
}

/** The last moment at which headers can be written. */
const guardHead = createHeadGuard((response, given) => {
  const edits = editsOf(response);
  if (edits === undefined || edits.decision.enforcement === 'report') return false;
  if (given !== undefined) {
    // Where nothing was set before, Node sends what is given as it is: to set each of them would cost more than all the rest.
    if (!Array.isArray(given) && isGivenAsWritten(given, edits) && response.getHeaderNames().length === 0)
      return false;
    takeHeaders(response, given);
  }
  if (!isAsWritten(response, edits)) rewriteEdits(response, edits);
  return true;
});

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
