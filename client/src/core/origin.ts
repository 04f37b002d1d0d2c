import {
  COLON,
  DOT,
  isDigit,
  isLabelChar,
  isLowerLetter,
  isSchemeChar,
  OPEN_BRACKET,
  ZERO,
} from './ascii.js';
import { endsInNumber, isCanonicalIpv4, isCanonicalIpv6 } from './ip.js';

/** Characters the longest possible origin has: scheme 64, `://`, host 253, `:` and five digits. */
export const MAX_ORIGIN_LENGTH = 326;
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
  if (text.length > MAX_ORIGIN_LENGTH) return undefined;
  const schemeEnd = endOfScheme(text);
  if (schemeEnd === 0 || !text.startsWith('://', schemeEnd)) return undefined;
  const scheme = text.slice(0, schemeEnd);
  // `file:` origins are opaque in every browser that matters; one that sends `file://` speaks for the whole disk.
  if (scheme === 'file') return undefined;

  const hostStart = schemeEnd + 3;
  const hostEnd =
    text.charCodeAt(hostStart) === OPEN_BRACKET ? endOfIpv6(text, hostStart) : endOfName(text, hostStart);
  if (hostEnd <= hostStart) return undefined;
  const host = text.slice(hostStart, hostEnd);
  const hostKind = kindOfHost(host);
  if (hostKind === undefined) return undefined;

  if (hostEnd === text.length) return { text, scheme, host, hostKind, port: undefined };
  const port = readPort(text, hostEnd);
  if (port === undefined || port === defaultPort(scheme)) return undefined;
  return { text, scheme, host, hostKind, port };
}

/** Index just past the scheme, 0 when the text does not begin with one. */
function endOfScheme(text: string): number {
  if (!isLowerLetter(text.charCodeAt(0))) return 0;
  let index = 1;
  while (index < text.length && isSchemeChar(text.charCodeAt(index))) index += 1;
  return index > MAX_SCHEME_LENGTH ? 0 : index;
}

/** Index just past a host name, 0 when a label is empty or too long, or the name ends neither the text nor before a port. */
function endOfName(text: string, start: number): number {
  let labelStart = start;
  let index = start;
  for (; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (index === labelStart || index - labelStart > MAX_LABEL_LENGTH) return 0;
      labelStart = index + 1;
    } else if (code === COLON) {
      break;
    } else if (!isLabelChar(code)) {
      return 0;
    }
  }
  // An empty last label is the one optional trailing dot; an empty only label is no host.
  if (index === start || index - labelStart > MAX_LABEL_LENGTH) return 0;
  return index - start > MAX_HOST_LENGTH ? 0 : index;
}

function endOfIpv6(text: string, start: number): number {
  const close = text.indexOf(']', start);
  return close === -1 ? 0 : close + 1;
}

function kindOfHost(host: string): HostKind | undefined {
  if (host.charCodeAt(0) === OPEN_BRACKET) return isCanonicalIpv6(host.slice(1, -1)) ? 'ipv6' : undefined;
  // URL parsers read such a host as an address or refuse it (WHATWG URL "ends in a number checker").
  if (endsInNumber(host)) return isCanonicalIpv4(host) ? 'ipv4' : undefined;
  return 'name';
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
