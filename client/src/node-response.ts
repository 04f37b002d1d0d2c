import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { TellConflict } from './conflicts.js';
import { type Decision, mergeVary } from './core/index.js';
import { ALLOW_ORIGIN, CORS_RESPONSE_HEADERS } from './core/response-headers.js';
import { createHeadGuard, type GivenHeaders, isOfClass } from './response-head.js';

declare global {
  /** Global, so that two copies of this package on one response know each other. */
  var originAllowlistEdits: WeakMap<ServerResponse, Edits> | undefined;
}

/** What was written to a response, as a property of it. From the registry, for the same reason. */
const EDITS: unique symbol = Symbol.for('origin-allowlist.edits');

/**
 * What was written to responses of Express. Not a property there: Express changes the prototype of every response, and to V8 each
 * property that is added after that makes it an object like no other, which takes microseconds and slows down whatever is done with it
 * later. A weak map is dearer than a property of any other response, since the collector has to look through it.
 */
globalThis.originAllowlistEdits ??= new WeakMap();
const EXPRESS_EDITS = globalThis.originAllowlistEdits;

/** A response that a layer of ours may have in hand. */
interface EditedResponse extends ServerResponse {
  [EDITS]?: Edits;
}

function editsOf(response: EditedResponse): Edits | undefined {
  return response[EDITS] ?? (isOfClass(response) ? undefined : EXPRESS_EDITS.get(response));
}

function keep(response: EditedResponse, edits: Edits): void {
  if (isOfClass(response)) response[EDITS] = edits;
  else EXPRESS_EDITS.set(response, edits);
}

/** Edits that are written again when the head is sent. */
interface Edits {
  readonly decision: Decision;
  /** What `Vary` was after they were written; `undefined` = they leave it alone. */
  readonly vary: string | undefined;
  readonly tell: TellConflict;
}

/** Whether it is too late for a layer: the head is out, or another layer of ours has decided and this might undo it. */
export function isTaken(response: ServerResponse): boolean {
  return response.headersSent || editsOf(response) !== undefined;
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
  response: ServerResponse,
  decision: Decision,
  tell: TellConflict,
  reply?: Reply,
): void {
  if (decision.enforcement === 'report') {
    keep(response, { decision, vary: undefined, tell });
    return;
  }
  takeBack(response, CORS_RESPONSE_HEADERS, tell);
  const vary = reply === undefined ? writeEdits(response, decision) : writeReply(reply, decision, tell);
  keep(response, { decision, vary, tell });
  guardHead(response);
}

/** @returns what `Vary` is then; `undefined` = the decision leaves it alone. */
function writeEdits(response: ServerResponse, decision: Decision): string | undefined {
  const { headers, vary } = decision;
  for (const name of namesIn(decision)) setHeader(response, name, headers[name]);
  return vary.length === 0 ? undefined : addVary(response, vary);
}

/** Headers that a reply has and the decision removes are found when the head is sent. */
function writeReply(reply: Reply, decision: Decision, tell: TellConflict): string | undefined {
  const { headers, vary } = decision;
  for (const name of namesIn(decision)) {
    const value = headers[name];
    const given = reply.getHeader(name);
    if (given !== undefined && isCorsHeader(name)) tell(name, String(given));
    if (value !== undefined) reply.header(name, value);
  }
  if (vary.length === 0) return undefined;
  const merged = merge(reply.getHeader('vary'), vary);
  reply.header('vary', merged);
  return merged;
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
  response.setHeader('content-length', '0');
}

/** Whether all is as it was written, and nothing beside it: as a rule it is, and to look costs far less than to write again. */
function isAsWritten(response: ServerResponse, { decision, vary }: Edits): boolean {
  if (vary !== undefined && response.getHeader('vary') !== vary) return false;
  const { headers, remove } = decision;
  // Of all that a decision may set this alone is no CORS header.
  const length = headers['content-length'];
  if (length !== undefined && response.getHeader('content-length') !== length) return false;
  const names = response.getHeaderNames();
  let corsHeaders = 0;
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? '';
    if (!isCorsHeader(name)) continue;
    if (response.getHeader(name) !== headers[name]) return false;
    corsHeaders += 1;
  }
  return corsHeaders === CORS_RESPONSE_HEADERS.length - remove.length;
}

/** The same of headers that are given with the head, whose names are written as somebody liked. */
function isGivenAsWritten(given: OutgoingHttpHeaders, { decision, vary }: Edits): boolean {
  const { headers, remove } = decision;
  let corsHeaders = 0;
  let hasVary = vary === undefined;
  for (const name of Object.keys(given)) {
    const lower = name.toLowerCase();
    if (lower === 'vary') {
      if (vary !== undefined && given[name] !== vary) return false;
      hasVary = true;
    } else if (isCorsHeader(lower)) {
      if (given[name] !== headers[lower]) return false;
      corsHeaders += 1;
    }
  }
  return hasVary && corsHeaders === CORS_RESPONSE_HEADERS.length - remove.length;
}

/** To list the names of an object costs as much as to set a header, and nearly all answers hold none or just the one. */
function namesIn({ kind, headers, remove }: Decision): readonly string[] {
  const count = CORS_RESPONSE_HEADERS.length - remove.length;
  if (count === 0) return NONE;
  return count === 1 && kind !== 'preflight' ? ONLY_ORIGIN : Object.keys(headers);
}

const NONE: readonly string[] = [];
const ONLY_ORIGIN: readonly string[] = [ALLOW_ORIGIN];

/** Writes again what is no longer as it was written. */
function rewriteEdits(response: ServerResponse, { decision, vary, tell }: Edits): void {
  const { headers, remove } = decision;
  takeBack(response, remove, tell);
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
function takeBack(response: ServerResponse, removed: readonly string[], tell: TellConflict): void {
  const names = response.getHeaderNames();
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? '';
    if (!isCorsHeader(name) || !removed.includes(name)) continue;
    tell(name, String(response.getHeader(name)));
    response.removeHeader(name);
  }
}

function isCorsHeader(name: string): boolean {
  // Asked of every header of every answer: the first letter tells most of them apart.
  return name.charCodeAt(0) === FIRST_LETTER && CORS_HEADERS.has(name);
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
