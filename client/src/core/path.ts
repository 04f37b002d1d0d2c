import { BACKSLASH, charTable, DOT, everyChar, HASH, isSchemeChar, QUESTION, SLASH, TILDE } from './ascii.js';
import type { CompiledPolicy } from './policy.js';

/** The policy a request's path leads to, or why none can be told. */
export type PathChoice =
  | { readonly ok: true; readonly policy: CompiledPolicy }
  | { readonly ok: false; readonly reason: 'path_ambiguous' };

/** One literal prefix and where it leads. */
export interface PathBinding {
  readonly prefix: string;
  readonly choice: PathChoice;
}

/** Characters of a path that is looked at: as long as a whole request head may be in Node's default settings. */
export const MAX_PATH_LENGTH = 16_384;

/** The answer for every path that cannot be told. */
export const AMBIGUOUS_PATH: PathChoice = { ok: false, reason: 'path_ambiguous' };

/**
 * Chooses the policy for a request target. Routers disagree on case, doubled slashes, encoded characters and dot segments, so
 * the raw path, the normalised path and both in lower case must all lead to the same policy; where they do not, some router
 * would serve one policy's route under another's rules, and the request is refused instead.
 *
 * @param bindings longest prefix first.
 * @param target the whole request target as received (`originalUrl`, never a router's remainder): origin-form, absolute-form
 *   or `*`.
 * @returns {@link AMBIGUOUS_PATH} also when no prefix covers the path, when it does not decode, and past {@link MAX_PATH_LENGTH}.
 */
export function choosePath(bindings: readonly PathBinding[], target: string): PathChoice {
  const plainEnd = endOfPlainPath(target);
  if (plainEnd !== -1) return longestPrefix(bindings, target.slice(0, plainEnd));

  const raw = rawPath(target);
  if (raw === undefined || raw.length > MAX_PATH_LENGTH) return AMBIGUOUS_PATH;
  const choice = longestPrefix(bindings, raw);
  const normalised = normalisePath(raw);
  const afterHost = normalisePath(networkPath(raw));
  if (normalised === undefined || afterHost === undefined) return AMBIGUOUS_PATH;
  for (const form of [raw, normalised, afterHost]) {
    // Unicode lower case, which covers the ASCII one: find-my-way folds paths this way, U+212A to `k` included.
    if (longestPrefix(bindings, form) !== choice) return AMBIGUOUS_PATH;
    if (longestPrefix(bindings, form.toLowerCase()) !== choice) return AMBIGUOUS_PATH;
  }
  return choice;
}

/**
 * The path as a careful router sees it: percent-decoded once, `\` as `/`, no doubled or trailing slash, no dot segments
 * (RFC 3986 §5.2.4).
 *
 * @returns `undefined` when the path does not decode to UTF-8.
 */
export function normalisePath(path: string): string | undefined {
  const decoded = decodeOnce(path);
  if (decoded === undefined) return undefined;
  const segments: string[] = [];
  for (const segment of decoded.replaceAll('\\', '/').split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

/** Whether every reading of a path is the path itself. */
export function isPlainPath(path: string): boolean {
  return endOfPlainPath(path) === path.length;
}

/** The path part of a request target (RFC 9112 §3.2), `undefined` when the target has none of the known forms. */
function rawPath(target: string): string | undefined {
  const path = target.slice(0, endOfPath(target));
  if (path.charCodeAt(0) === SLASH) return path;
  // `OPTIONS *` and an empty path speak of the whole server.
  if (path === '' || path === '*') return '/';
  const separator = path.indexOf('://');
  if (separator < 1 || !isScheme(path.slice(0, separator))) return undefined;
  const host = separator + 3;
  // URL parsers skip slashes here until they find a host: what is the path then depends on who reads.
  return isSlash(path.charCodeAt(host)) ? undefined : pathAfterHost(path, host);
}

function endOfPath(target: string): number {
  const query = target.indexOf('?');
  const end = query === -1 ? target.length : query;
  const fragment = target.indexOf('#');
  return fragment === -1 || fragment > end ? end : fragment;
}

/** What follows the host that begins at `start`; `/` when nothing does. */
function pathAfterHost(text: string, start: number): string {
  for (let index = start; index < text.length; index += 1) {
    if (isSlash(text.charCodeAt(index))) return text.slice(index);
  }
  return '/';
}

/** What `new URL(target, base)`, by which many handlers route, takes for the path: after `//` it reads a host first. */
function networkPath(path: string): string {
  if (!isSlash(path.charCodeAt(1))) return path;
  let host = 2;
  while (isSlash(path.charCodeAt(host))) host += 1;
  return pathAfterHost(path, host);
}

function isSlash(code: number): boolean {
  return code === SLASH || code === BACKSLASH;
}

function isScheme(text: string): boolean {
  return everyChar(text.toLowerCase(), isSchemeChar);
}

/** Characters that some reading of a path changes or stops at. */
const NOT_PLAIN = charTable('%\\?#ABCDEFGHIJKLMNOPQRSTUVWXYZ');

/** Where a path ends that every reading takes for itself, as nearly all are; -1 for any other. */
function endOfPlainPath(target: string): number {
  if (target.charCodeAt(0) !== SLASH) return -1;
  let previous = 0;
  for (let index = 0; index < MAX_PATH_LENGTH; index += 1) {
    if (index === target.length) return index;
    const code = target.charCodeAt(index);
    if (code > TILDE || NOT_PLAIN[code] === 1) return code === QUESTION || code === HASH ? index : -1;
    if (previous === SLASH && (code === SLASH || code === DOT)) return -1;
    previous = code;
  }
  return -1;
}

function decodeOnce(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function longestPrefix(bindings: readonly PathBinding[], path: string): PathChoice {
  for (const { prefix, choice } of bindings) {
    if (covers(prefix, path)) return choice;
  }
  return AMBIGUOUS_PATH;
}

/** Whether a prefix covers a path on a segment border: `/api` covers `/api` and `/api/x`, not `/apiary`. */
function covers(prefix: string, path: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return path.length === prefix.length || prefix === '/' || path.charCodeAt(prefix.length) === SLASH;
}
