import { COLON, isDigit, isLowerLetter, OPEN_BRACKET, ZERO } from './ascii.js';
import { isCanonicalIpv6 } from './canonical-ipv6.js';
import { endsInNumber, isCanonicalIpv4 } from './ip.js';
import { beginScan, endOfSchemeChars, findLabels, LABELS, MAX_ORIGIN_LENGTH } from './origin-scan.js';

export { MAX_ORIGIN_LENGTH };

/** Characters of a scheme. */
export const MAX_SCHEME_LENGTH = 64;
/** Characters of a whole host, a trailing dot included (RFC 1035 §2.3.4). */
export const MAX_HOST_LENGTH = 253;
/** Characters between two dots (RFC 1035 §2.3.4). */
export const MAX_LABEL_LENGTH = 63;
/** Highest port number. */
export const MAX_PORT = 65_535;

/** What stands between `://` and the port: a name, a dotted quad, or an IPv6 address in brackets. */
export type HostKind = 'name' | 'ipv4' | 'ipv6';

/** An origin as a browser serialises it (RFC 6454 §6.2, WHATWG HTML "ASCII serialisation of an origin"). */
export interface Origin {
  /** The whole origin, byte for byte as it came. */
  readonly text: string;
  readonly scheme: string;
  /** Lower case; IPv6 with its brackets; a trailing dot is part of it and makes it another host. */
  readonly host: string;
  readonly hostKind: HostKind;
  /** `undefined` when the scheme's default is meant. */
  readonly port: number | undefined;
}

const DEFAULT_PORTS = new Map([
  ['http', 80],
  ['https', 443],
  ['ws', 80],
  ['wss', 443],
  ['ftp', 21],
]);

const LONGEST_SPECIAL_SCHEME = 'https'.length;

/** The port a scheme leaves out when it serialises an origin (WHATWG URL "special scheme"); `undefined` for the others. */
export function defaultPort(scheme: string): number | undefined {
  return DEFAULT_PORTS.get(scheme);
}

/**
 * Reads one `Origin` header value, strictly: what a browser would not serialise is not an origin. Total, linear, capped at
 * {@link MAX_ORIGIN_LENGTH} before anything is looked at, and free of regular expressions, so a hostile header costs no more
 * than a friendly one.
 *
 * @returns `undefined` for everything that is no tuple origin, `null` and `file://` included.
 */
export function parseOrigin(text: string): Origin | undefined {
  const parts = locateParts(text);
  if (parts === undefined) return undefined;
  const { schemeEnd, hostStart, hostEnd, hostKind, port } = parts;
  return { text, scheme: text.slice(0, schemeEnd), host: text.slice(hostStart, hostEnd), hostKind, port };
}

/** Where the parts of an origin are in its text: what {@link parseOrigin} reads, for those who need no pieces of it. */
export interface OriginParts {
  /** Index of `://`. */
  readonly schemeEnd: number;
  readonly hostStart: number;
  /** Index just past the host, where the port's colon is or the text ends. */
  readonly hostEnd: number;
  readonly hostKind: HostKind;
  readonly port: number | undefined;
}

/** Reads as {@link parseOrigin} does. */
export function locateParts(text: string): OriginParts | undefined {
  if (text.length > MAX_ORIGIN_LENGTH) return undefined;
  beginScan(text);
  const schemeEnd = endOfScheme(text);
  if (schemeEnd === 0) return undefined;

  const hostStart = schemeEnd + SEPARATOR.length;
  const isIpv6 = text.charCodeAt(hostStart) === OPEN_BRACKET;
  const hostEnd = isIpv6 ? endOfIpv6(text, hostStart) : endOfName(text, hostStart);
  if (hostEnd === 0) return undefined;
  const hostKind = isIpv6 ? 'ipv6' : kindOfName(text, hostStart, hostEnd);
  if (hostKind === undefined) return undefined;

  if (hostEnd === text.length) return { schemeEnd, hostStart, hostEnd, hostKind, port: undefined };
  const port = readPort(text, hostEnd);
  if (port === undefined || isDefaultPort(text, schemeEnd, port)) return undefined;
  return { schemeEnd, hostStart, hostEnd, hostKind, port };
}

/** (To look a long scheme up would take longer than to read it.) */
function isDefaultPort(text: string, schemeEnd: number, port: number): boolean {
  return schemeEnd <= LONGEST_SPECIAL_SCHEME && port === defaultPort(text.slice(0, schemeEnd));
}

/** @param end as just found: the labels are still there. */
function kindOfName(text: string, start: number, end: number): HostKind | undefined {
  const { dots, places } = LABELS;
  const lastLabel = dots === 0 ? start : (places[dots - 1] ?? 0) + 1;
  // A number begins with a digit, in hexadecimal too: this is the whole cost for ordinary names.
  if (!isDigit(text.charCodeAt(lastLabel))) return 'name';
  const host = text.slice(start, end);
  // URL parsers read such a host as an address or refuse it (WHATWG URL "ends in a number checker").
  if (!endsInNumber(host)) return 'name';
  return isCanonicalIpv4(host) ? 'ipv4' : undefined;
}

const SEPARATOR = '://';

/** Index of the `://` after a scheme, 0 when the text does not begin with these. */
function endOfScheme(text: string): number {
  // Nearly all that come.
  if (text.startsWith('https://')) return 'https'.length;
  if (!isLowerLetter(text.charCodeAt(0))) return 0;
  const end = endOfSchemeChars();
  // `file:` origins are opaque in every browser that matters; one that sends `file://` speaks for the whole disk.
  if (end === 'file'.length && text.startsWith('file')) return 0;
  return end <= MAX_SCHEME_LENGTH && text.startsWith(SEPARATOR, end) ? end : 0;
}

/** Index just past the bracket that closes an IPv6 address, 0 when what the brackets hold is none. */
function endOfIpv6(text: string, start: number): number {
  const close = text.indexOf(']', start);
  return close !== -1 && isCanonicalIpv6(text.slice(start + 1, close)) ? close + 1 : 0;
}

/** Index just past a host name, 0 when a label is empty or too long, or the name ends neither the text nor before a port. */
function endOfName(text: string, start: number): number {
  const { end, dots, lastLabelEnd, hasEmptyLabel } = findLabels(start);
  if (end === start || end - start > MAX_HOST_LENGTH || hasEmptyLabel) return 0;
  if (end < text.length && text.charCodeAt(end) !== COLON) return 0;
  // With one character for each of the others, and the dots between them, none is longer than the rest.
  const longest = lastLabelEnd - start - 2 * dots;
  return longest <= MAX_LABEL_LENGTH || areLabelsShort(start) ? end : 0;
}

/** Of the labels that were found last. */
function areLabelsShort(start: number): boolean {
  const { dots, places, lastLabelEnd } = LABELS;
  let labelStart = start;
  for (let index = 0; index < dots; index += 1) {
    const labelEnd = places[index] ?? 0;
    if (labelEnd - labelStart > MAX_LABEL_LENGTH) return false;
    labelStart = labelEnd + 1;
  }
  return lastLabelEnd - labelStart <= MAX_LABEL_LENGTH;
}

/** The port written after the colon at `colon`, `undefined` unless it is 1–65535 without a leading zero and ends the text. */
function readPort(text: string, colon: number): number | undefined {
  const digits = text.length - colon - 1;
  if (text.charCodeAt(colon) !== COLON || digits < 1 || digits > 5) return undefined;
  let port = 0;
  for (let index = colon + 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (!isDigit(code) || (port === 0 && code === ZERO)) return undefined;
    port = port * 10 + (code - ZERO);
  }
  return port > MAX_PORT ? undefined : port;
}
