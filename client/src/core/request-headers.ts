import { COMMA, SPACE, TAB } from './ascii.js';
import { isTokenChar } from './http-token.js';

/** `Access-Control-Request-Headers` lines of one request that are read. */
const MAX_LINES = 64;
/** Characters of all lines together. */
const MAX_BYTES = 4096;
/** Names of all lines together. */
const MAX_NAMES = 128;
/** Empty list elements of all lines together, which RFC 9110 §5.6.1.2 asks to tolerate in a reasonable number. */
const MAX_EMPTY_ELEMENTS = 16;

/** Why the header names of a preflight cannot be told. */
export type RequestHeadersFault = 'request_headers_invalid' | 'request_headers_oversized';

/**
 * Reads the names in `Access-Control-Request-Headers` by index, within bounds that are checked before anything is read: a
 * browser sends one sorted lower-case line, so whatever passes a bound is not a browser.
 *
 * @param lines the raw header line, or lines.
 * @returns the names in lower case, in the order they came, duplicates kept.
 */
export function readRequestHeaders(
  lines: string | readonly string[] | undefined,
): readonly string[] | RequestHeadersFault {
  if (lines === undefined || lines.length === 0) return NO_NAMES;
  if (typeof lines === 'string') {
    if (lines.length > MAX_BYTES) return 'request_headers_oversized';
    return readLines([lines]);
  }
  if (lines.length > MAX_LINES) return 'request_headers_oversized';
  let bytes = 0;
  for (const line of lines) bytes += line.length;
  return bytes > MAX_BYTES ? 'request_headers_oversized' : readLines(lines);
}

const NO_NAMES: readonly string[] = [];

function readLines(lines: readonly string[]): readonly string[] | RequestHeadersFault {
  const names: string[] = [];
  let emptyElements = 0;
  for (const line of lines) {
    let index = 0;
    // One turn per list element, the empty one after a trailing comma included.
    while (index <= line.length) {
      const start = skipSpace(line, index);
      // Nothing before a comma: for those who send nothing else it is the only look.
      const end = line.charCodeAt(start) === COMMA ? start : skipToken(line, start);
      index = start === end ? start : skipSpace(line, end);
      if (index < line.length && line.charCodeAt(index) !== COMMA) return 'request_headers_invalid';
      index += 1;
      if (start === end) emptyElements += 1;
      else names.push(line.slice(start, end).toLowerCase());
      if (emptyElements > MAX_EMPTY_ELEMENTS || names.length > MAX_NAMES) return 'request_headers_oversized';
    }
  }
  return names;
}

function skipSpace(line: string, start: number): number {
  let index = start;
  while (index < line.length && isSpace(line.charCodeAt(index))) index += 1;
  return index;
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

function skipToken(line: string, start: number): number {
  let index = start;
  while (index < line.length && isTokenChar(line.charCodeAt(index))) index += 1;
  return index;
}
