import { everyChar, isDigit } from './ascii.js';

/** A dotted quad as browsers serialise it: four decimal numbers of 0–255 without leading zeros. */
export function isCanonicalIpv4(host: string): boolean {
  if (host.length > MAX_IPV4_LENGTH) return false;
  const address = parseIpv4(host);
  return address !== undefined && formatIpv4(address) === host;
}

/** Whether a URL parser reads this host as an IPv4 address or refuses it (WHATWG URL "ends in a number checker"). */
export function endsInNumber(host: string): boolean {
  const end = host.endsWith('.') ? host.length - 1 : host.length;
  const start = end === 0 ? 0 : host.lastIndexOf('.', end - 1) + 1;
  // A number begins with a digit, in hexadecimal too: this is the whole cost for ordinary names.
  if (end <= start || !isDigit(host.charCodeAt(start))) return false;
  const last = host.slice(start, end);
  return everyChar(last, isDigit) || parseIpv4Number(last) !== undefined;
}

/**
 * Reads the forms a URL parser takes for an IPv4 address (WHATWG URL "IPv4 parser"): up to four parts, decimal, octal (`0…`)
 * or hexadecimal (`0x…`), the last one filling what is left.
 *
 * @returns the address as a 32-bit number; `undefined` when it is none.
 */
export function parseIpv4(host: string): number | undefined {
  const parts = host.split('.', MAX_IPV4_PARTS + 2);
  if (parts.length > 1 && parts[parts.length - 1] === '') parts.pop();
  if (parts.length > MAX_IPV4_PARTS) return undefined;
  let address = 0;
  for (let index = 0; index < parts.length; index += 1) {
    const number = parseIpv4Number(parts[index] ?? '');
    if (number === undefined) return undefined;
    const isLast = index === parts.length - 1;
    const limit = isLast ? 256 ** (MAX_IPV4_PARTS - index) : 256;
    if (number >= limit) return undefined;
    address += isLast ? number : number * 256 ** (3 - index);
  }
  return address;
}

/** A 32-bit number as a dotted quad. */
export function formatIpv4(address: number): string {
  return `${(address >>> 24) & 255}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/**
 * Reads an IPv6 address without brackets or zone, in any of the forms of RFC 4291 §2.2.
 *
 * @returns its eight 16-bit groups; `undefined` when it is none.
 */
export function parseIpv6(text: string): readonly number[] | undefined {
  if (text.length > MAX_IPV6_LENGTH) return undefined;
  const gap = text.indexOf('::');
  if (gap === -1) {
    const groups = parseGroups(text);
    return groups?.length === IPV6_GROUPS ? groups : undefined;
  }
  const before = gap === 0 ? [] : parseGroups(text.slice(0, gap), 'no IPv4 tail');
  const after = gap + 2 === text.length ? [] : parseGroups(text.slice(gap + 2));
  if (before === undefined || after === undefined) return undefined;
  const missing = IPV6_GROUPS - before.length - after.length;
  return missing < 1 ? undefined : [...before, ...new Array<number>(missing).fill(0), ...after];
}

/** Eight groups as browsers serialise them: the first longest run of two or more zeros becomes `::` (RFC 5952 §4.2). */
export function formatIpv6(groups: readonly number[]): string {
  const run = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(':');
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`;
}

/** The IPv4 address inside `::ffff:0:0/96` (RFC 4291 §2.5.5.2), `undefined` for other addresses. */
export function mappedIpv4(groups: readonly number[]): number | undefined {
  const [a, b, c, d, e, f, high = 0, low = 0] = groups;
  if (a || b || c || d || e || f !== 0xffff) return undefined;
  return high * 0x1_0000 + low;
}

const MAX_IPV4_PARTS = 4;
/** `255.255.255.255` */
const MAX_IPV4_LENGTH = 15;
const IPV6_GROUPS = 8;
/** `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255` */
const MAX_IPV6_LENGTH = 45;

/** 0–15 for a hexadecimal digit of either case, 16 for anything else. */
function digitValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  return 16;
}

function parseDigits(text: string, radix: number): number | undefined {
  let value = 0;
  for (let index = 0; index < text.length; index += 1) {
    const digit = digitValue(text.charCodeAt(index));
    if (digit >= radix) return undefined;
    value = value * radix + digit;
  }
  return value;
}

/** WHATWG URL "IPv4 number parser". */
function parseIpv4Number(text: string): number | undefined {
  if (text === '') return undefined;
  if (text.startsWith('0x') || text.startsWith('0X')) return parseDigits(text.slice(2), 16);
  return text.length > 1 && text.startsWith('0') ? parseDigits(text.slice(1), 8) : parseDigits(text, 10);
}

function parseGroups(text: string, tail?: 'no IPv4 tail'): number[] | undefined {
  const groups: number[] = [];
  const parts = text.split(':');
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index] ?? '';
    if (index === parts.length - 1 && tail === undefined && part.includes('.')) {
      if (!isCanonicalIpv4(part)) return undefined;
      const address = parseIpv4(part) ?? 0;
      groups.push(Math.floor(address / 0x1_0000), address % 0x1_0000);
    } else {
      const group = part === '' || part.length > 4 ? undefined : parseDigits(part, 16);
      if (group === undefined) return undefined;
      groups.push(group);
    }
  }
  return groups;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (let index = 0; index < groups.length; index += 1) {
    length = groups[index] === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}
