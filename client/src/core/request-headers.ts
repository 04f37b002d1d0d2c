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
  if (typeof lines === 'string')
    return lines.length > MAX_BYTES ? 'request_headers_oversized' : readNames(lines);
  if (lines.length > MAX_LINES) return 'request_headers_oversized';
  let bytes = 0;
  for (const line of lines) bytes += line.length;
  // Several lines are one list (RFC 9110 §5.3).
  return bytes > MAX_BYTES ? 'request_headers_oversized' : readNames(lines.join(','));
}

const NO_NAMES: readonly string[] = [];

/**
 * Reads a text in pieces that end where an element does: all of it would be made bytes in vain where the first elements already pass a
 * bound.
 */
function readNames(text: string): readonly string[] | RequestHeadersFault {
  const found: Found = { names: [], emptyElements: 0 };
  for (let start = 0; start <= text.length; ) {
    const comma = text.indexOf(',', start + PIECE);
    const end = comma === -1 ? text.length : comma;
    const fault = readPiece(text.slice(start, end), found);
    if (fault !== undefined) return fault;
    start = end + 1;
  }
  return found.names;
}

/** Characters that a piece has at least, if so many are left. Browsers hardly ever send as many. */
const PIECE = 256;

interface Found {
  readonly names: string[];
  emptyElements: number;
}

function readPiece(text: string, found: Found): RequestHeadersFault | undefined {
  const { names } = found;
  const { written } = encoder.encodeInto(text, CHARS);
  // One turn per list element, the empty one after a trailing comma included.
  for (let index = 0; index <= written; index += 1) {
    const start = skip(SPACE_CHAR, index, written);
    const end = skip(TOKEN_CHAR, start, written);
    index = start === end ? start : skip(SPACE_CHAR, end, written);
    if (index < written && CHARS[index] !== COMMA) return 'request_headers_invalid';
    // Up to here all is ASCII: a character is a byte.
    if (start === end) found.emptyElements += 1;
    else names.push(text.slice(start, end).toLowerCase());
    if (found.emptyElements > MAX_EMPTY_ELEMENTS || names.length > MAX_NAMES)
      return 'request_headers_oversized';
  }
  return undefined;
}

/** Index of the first byte from `start` on that is not of a kind. */
function skip(kind: number, start: number, end: number): number {
  let index = start;
  while (index < end && KINDS[CHARS[index] ?? 0] === kind) index += 1;
  return index;
}

/** The piece that is read, as bytes, for the reasons told in `origin-scan.ts`. One may be as long as all lines and the commas between. */
const CHARS = new Uint8Array(3 * (MAX_BYTES + MAX_LINES));
const encoder = new TextEncoder();
const SPACE_CHAR = 1;
const TOKEN_CHAR = 2;
/** By byte; 0 for the others. */
const KINDS = Uint8Array.from({ length: 0x100 }, (_, code) => {
  if (code === SPACE || code === TAB) return SPACE_CHAR;
  return isTokenChar(code) ? TOKEN_CHAR : 0;
});
