import {
  BACKSLASH,
  charTable,
  DOT,
  everyChar,
  HASH,
  isSchemeChar,
  QUESTION,
  SLASH,
  SPACE,
  TILDE,
} from './ascii.js';

/** Characters of a path that is looked at: as long as a whole request head may be in Node's default settings. */
export const MAX_PATH_LENGTH = 16_384;

/** The path part of a request target (RFC 9112 §3.2), `undefined` when the target has none of the known forms. */
export function pathOf(target: string): string | undefined {
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

/**
 * What routers and handlers may take a path for, the path itself included: as it is, decoded, decoded and resolved, or read by
 * `new URL(target, base)`, which takes what follows `//` for a host and drops tabs and line breaks, and then decoded and resolved.
 *
 * @returns `undefined` when the path does not decode to UTF-8.
 */
export function readingsOf(path: string): readonly string[] | undefined {
  const parsed = urlPath(path);
  const decoded = decodeOnce(path);
  const parsedAndDecoded = decodeOnce(parsed);
  if (decoded === undefined || parsedAndDecoded === undefined) return undefined;
  const readings = [path, parsed, parsedAndDecoded];
  for (const text of [decoded, parsedAndDecoded]) readings.push(collapse(text), resolveSegments(text));
  // Unicode lower case, which covers the ASCII one: find-my-way folds paths this way, U+212A to `k` included.
  return [...readings, ...readings.map((reading) => reading.toLowerCase())];
}

/**
 * The path as a careful router sees it: percent-decoded once, `\` as `/`, no doubled or trailing slash, no dot segments
 * (RFC 3986 §5.2.4).
 *
 * @returns `undefined` when the path does not decode to UTF-8.
 */
export function normalisePath(path: string): string | undefined {
  const decoded = decodeOnce(path);
  return decoded === undefined ? undefined : resolveSegments(decoded);
}

/** Whether every reading of a path is the path itself. */
export function isPlainPath(path: string): boolean {
  return endOfPlainPath(path) === path.length;
}

/** Where a path ends that every reading takes for itself, as nearly all are; -1 for any other. */
export function endOfPlainPath(target: string): number {
  if (target.charCodeAt(0) !== SLASH) return -1;
  const end = Math.min(target.length, MAX_PATH_LENGTH);
  let previous = PLAIN;
  for (let index = 0; index < end; index += 1) {
    const role = ROLES[target.charCodeAt(index)] ?? READ_DIFFERENTLY;
    if (role > DOT_ROLE) return role === ENDS_PATH ? index : -1;
    // A doubled slash, or a segment that begins with a dot.
    if (previous === SLASH_ROLE && role !== PLAIN) return -1;
    previous = role;
  }
  return target.length < MAX_PATH_LENGTH ? end : -1;
}

const PLAIN = 0;
const SLASH_ROLE = 1;
const DOT_ROLE = 2;
const ENDS_PATH = 3;
/** Some reading of a path changes it or stops at it. */
const READ_DIFFERENTLY = 4;
/** URL parsers encode the last seven. */
const NOT_PLAIN = charTable('%\\ABCDEFGHIJKLMNOPQRSTUVWXYZ"<>^`{}');
/** What a character is to a path, by its code. */
const ROLES = Uint8Array.from({ length: 0x80 }, (_, code) => {
  if (code === SLASH) return SLASH_ROLE;
  if (code === DOT) return DOT_ROLE;
  if (code === QUESTION || code === HASH) return ENDS_PATH;
  return code <= SPACE || code > TILDE || NOT_PLAIN[code] === 1 ? READ_DIFFERENTLY : PLAIN;
});

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

function urlPath(path: string): string {
  return URL.canParse(path, 'http://host') ? new URL(path, 'http://host').pathname : path;
}

function isSlash(code: number): boolean {
  return code === SLASH || code === BACKSLASH;
}

function isScheme(text: string): boolean {
  return everyChar(text.toLowerCase(), isSchemeChar);
}

function decodeOnce(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function collapse(path: string): string {
  return `/${segmentsOf(path).join('/')}`;
}

function resolveSegments(path: string): string {
  const resolved: string[] = [];
  for (const segment of segmentsOf(path)) {
    if (segment === '..') resolved.pop();
    else if (segment !== '.') resolved.push(segment);
  }
  return `/${resolved.join('/')}`;
}

function segmentsOf(path: string): readonly string[] {
  const segments = path.replaceAll('\\', '/').split('/');
  return segments.filter((segment) => segment !== '');
}
