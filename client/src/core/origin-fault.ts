import {
  COLON,
  DOT,
  isDigit,
  isLabelChar,
  isLowerLetter,
  isSchemeChar,
  isUpperLetter,
  OPEN_BRACKET,
  SLASH,
  STAR,
  TILDE,
  ZERO,
} from './ascii.js';
import { isCanonicalIpv6 } from './canonical-ipv6.js';
import { endsInNumber, isCanonicalIpv4 } from './ip.js';
import {
  defaultPort,
  MAX_HOST_LENGTH,
  MAX_LABEL_LENGTH,
  MAX_ORIGIN_LENGTH,
  MAX_PORT,
  MAX_SCHEME_LENGTH,
} from './origin.js';

/** Where a text stops being an origin. */
export interface OriginFault {
  /** Index, in UTF-16 units from 0, of what offends; the text's length when something is missing at its end. */
  readonly position: number;
  /** What is wrong there, as the rest of a sentence. */
  readonly detail: string;
}

/**
 * The first thing in a text that a browser would not write in an origin. Beside `parseOrigin`, which has no time for reasons: of every
 * text exactly one of the two has something to say.
 *
 * @returns `undefined` for an origin.
 */
export function findOriginFault(text: string): OriginFault | undefined {
  if (text.length > MAX_ORIGIN_LENGTH) {
    return fault(MAX_ORIGIN_LENGTH, `no origin has more than ${MAX_ORIGIN_LENGTH} characters`);
  }
  if (text === '') return fault(0, 'the header is empty');
  const schemeEnd = endOfScheme(text);
  return faultOfScheme(text, schemeEnd) ?? faultAfterScheme(text, schemeEnd);
}

function fault(position: number, detail: string): OriginFault {
  return { position, detail };
}

function endOfScheme(text: string): number {
  let index = 0;
  while (index < text.length && isSchemeChar(text.charCodeAt(index))) index += 1;
  return index;
}

function faultOfScheme(text: string, end: number): OriginFault | undefined {
  if (isUpperLetter(text.charCodeAt(end))) return fault(end, 'browsers write schemes in lower case');
  if (end === 0 || !isLowerLetter(text.charCodeAt(0))) return fault(0, 'an origin begins with a scheme');
  if (end > MAX_SCHEME_LENGTH) {
    return fault(MAX_SCHEME_LENGTH, `a scheme has at most ${MAX_SCHEME_LENGTH} characters`);
  }
  for (let index = 0; index < 3; index += 1) {
    if (text[end + index] !== '://'[index]) return fault(end + index, ':// follows the scheme');
  }
  return text.startsWith('file:') ? fault(0, 'pages from files have the origin null') : undefined;
}

function faultAfterScheme(text: string, schemeEnd: number): OriginFault | undefined {
  const start = schemeEnd + 3;
  const isBracketed = text.charCodeAt(start) === OPEN_BRACKET;
  const end = isBracketed ? text.indexOf(']', start) + 1 : endOfName(text, start);
  if (end === 0) return fault(text.length, 'the bracket of the IPv6 address is not closed');
  return (
    (isBracketed ? faultOfIpv6(text.slice(start, end), start) : faultOfName(text, start, end)) ??
    faultOfPort(text, end, text.slice(0, schemeEnd))
  );
}

function faultOfIpv6(host: string, start: number): OriginFault | undefined {
  if (isCanonicalIpv6(host.slice(1, -1))) return undefined;
  return fault(start, 'the IPv6 address is not as browsers write it: compressed, in lower case');
}

function endOfName(text: string, start: number): number {
  let index = start;
  while (index < text.length && isNameChar(text.charCodeAt(index))) index += 1;
  return index;
}

function isNameChar(code: number): boolean {
  return code === DOT || isLabelChar(code);
}

function faultOfName(text: string, start: number, end: number): OriginFault | undefined {
  const empty = text.charCodeAt(start) === DOT ? start : text.indexOf('..', start) + 1;
  const isEmpty = empty >= start && empty < end;
  const long = startOfLongLabel(text, start, isEmpty ? empty : end);
  if (long !== undefined)
    return fault(long + MAX_LABEL_LENGTH, `a label of a host has at most ${MAX_LABEL_LENGTH} characters`);
  if (isEmpty) return fault(empty, 'a label of the host is empty');
  if (end < text.length && text.charCodeAt(end) !== COLON)
    return fault(end, faultOfHostChar(text.charCodeAt(end)));
  if (end === start) return fault(start, 'there is no host');
  if (end - start > MAX_HOST_LENGTH)
    return fault(start + MAX_HOST_LENGTH, `a host has at most ${MAX_HOST_LENGTH} characters`);
  const host = text.slice(start, end);
  if (!endsInNumber(host) || isCanonicalIpv4(host)) return undefined;
  return fault(start, 'a host that ends in a number is an IPv4 address, and browsers write that as a.b.c.d');
}

function startOfLongLabel(text: string, start: number, end: number): number | undefined {
  let labelStart = start;
  for (let index = start; index < end; index += 1) {
    if (text.charCodeAt(index) === DOT) labelStart = index + 1;
    else if (index - labelStart === MAX_LABEL_LENGTH) return labelStart;
  }
  return undefined;
}

function faultOfHostChar(code: number): string {
  if (isUpperLetter(code)) return 'browsers write hosts in lower case';
  if (code === SLASH) return 'an origin has no path, not even a slash at its end';
  if (code === STAR) return 'an origin holds no *; only patterns do';
  if (code > TILDE) return 'browsers write the ASCII form of a host, xn--…';
  return 'a host holds no such character';
}

/** @param colon index just past the host. */
function faultOfPort(text: string, colon: number, scheme: string): OriginFault | undefined {
  if (colon === text.length) return undefined;
  const start = colon + 1;
  if (text.charCodeAt(colon) !== COLON) return fault(colon, 'only a port may follow the host');
  if (start === text.length) return fault(start, 'there is no port after the colon');
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === SLASH) return fault(index, 'an origin has no path, not even a slash at its end');
    if (!isDigit(code)) return fault(index, 'a port is a number');
  }
  if (text.charCodeAt(start) === ZERO) return fault(start, 'a port does not begin with 0');
  const port = Number(text.slice(start));
  if (port > MAX_PORT) return fault(start, `the highest port is ${MAX_PORT}`);
  return port === defaultPort(scheme)
    ? fault(colon, `browsers leave out the port that ${scheme} has anyway`)
    : undefined;
}
