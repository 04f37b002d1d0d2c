import { COLON, isDigit, ZERO } from './ascii.js';

/**
 * Whether the text between the brackets is an address as browsers serialise it: lower case, compressed (RFC 5952 §4, WHATWG URL "IPv6
 * serializer"). Nothing is cut out of the text, since anybody may send one.
 */
export function isCanonicalIpv6(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  const gap = text.indexOf('::');
  if (gap === -1) {
    const groups = readGroups(text, 0, text.length);
    return groups !== undefined && groups.count === GROUPS && groups.mostZeros < 2;
  }
  const before = readGroups(text, 0, gap);
  const after = readGroups(text, gap + 2, text.length);
  if (before === undefined || after === undefined || before.endsInZero || after.beginsWithZero) return false;
  const missing = GROUPS - before.count - after.count;
  // It stands for the first of the longest runs of zeros, and for no single one.
  return missing >= 2 && before.mostZeros < missing && after.mostZeros <= missing;
}

const GROUPS = 8;
/** `ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff` */
const MAX_LENGTH = 39;

interface Groups {
  readonly count: number;
  /** The most in a row. */
  readonly mostZeros: number;
  readonly beginsWithZero: boolean;
  readonly endsInZero: boolean;
}

/** Groups with a colon between any two of them, `undefined` when one is not written in its short form. */
function readGroups(text: string, start: number, end: number): Groups | undefined {
  let count = 0;
  let zeros = 0;
  let mostZeros = 0;
  for (let from = start; from < end; ) {
    const to = endOfGroup(text, from);
    if (to === from) return undefined;
    if (to < end && (text.charCodeAt(to) !== COLON || to + 1 === end)) return undefined;
    count += 1;
    zeros = text.charCodeAt(from) === ZERO ? zeros + 1 : 0;
    mostZeros = Math.max(mostZeros, zeros);
    from = to + 1;
  }
  const beginsWithZero = count > 0 && text.charCodeAt(start) === ZERO;
  return { count, mostZeros, beginsWithZero, endsInZero: zeros > 0 };
}

/** Index just past a group, `start` when there is none or it has a digit too many. */
function endOfGroup(text: string, start: number): number {
  let end = start;
  while (isLowerHexDigit(text.charCodeAt(end))) end += 1;
  const digits = end - start;
  return digits === 1 || (digits <= 4 && text.charCodeAt(start) !== ZERO) ? end : start;
}

function isLowerHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x66);
}
