import { charTable } from './ascii.js';
import { parseIpv6 } from './ip.js';
import { type Diagnosis, note, noteRepaired } from './pattern-problem.js';

/** What follows `://`, cut into host and port. */
export interface Authority {
  /** As given. IPv6 with its brackets. */
  readonly host: string;
  /** With its colon; empty when there is none. */
  readonly port: string;
}

/** Cuts off what an origin never has, user information, path, query and fragment, and splits host from port. */
export function checkAuthority(rest: string, diagnosis: Diagnosis): Authority {
  const end = endOfAuthority(rest);
  noteSecondScheme(rest, end, diagnosis);
  if (end < rest.length) noteTail(rest.slice(end), diagnosis);
  const at = rest.lastIndexOf('@', end - 1);
  if (at !== -1)
    note(diagnosis, 'HAS_USERINFO', rest.slice(0, at + 1), 'An origin has no user name or password.');
  return splitPort(rest.slice(at + 1, end), diagnosis);
}

const AUTHORITY_END = charTable('/?#');

function endOfAuthority(text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    if (AUTHORITY_END[text.charCodeAt(index)] === 1) return index;
  }
  return text.length;
}

/**
 * Two texts that were joined, or a scheme written twice: what stands before the second is not evidently what was meant. In a query
 * or a fragment an address is nothing out of the way.
 */
function noteSecondScheme(rest: string, end: number, diagnosis: Diagnosis): void {
  const second = rest.indexOf('://');
  const before = rest.slice(0, Math.max(second, 0));
  if (second !== -1 && !before.includes('?') && !before.includes('#')) {
    note(diagnosis, 'MULTIPLE', rest, 'There is a second :// in this; one entry holds one pattern.');
  } else if (SCHEME_AS_HOST.has(rest.slice(0, end).toLowerCase())) {
    note(diagnosis, 'BAD_SCHEME_SEPARATOR', rest, 'A second scheme stands where the host belongs.');
  }
}

const SCHEME_AS_HOST = new Set(['http:', 'https:']);

function noteTail(tail: string, diagnosis: Diagnosis): void {
  const fragment = tail.indexOf('#');
  const beforeFragment = fragment === -1 ? tail : tail.slice(0, fragment);
  const query = beforeFragment.indexOf('?');
  const path = query === -1 ? beforeFragment : beforeFragment.slice(0, query);
  if (path !== '')
    noteRepaired(diagnosis, 'HAS_PATH', path, 'An origin has no path, not even a trailing slash.');
  if (query !== -1) {
    noteRepaired(diagnosis, 'HAS_QUERY', beforeFragment.slice(query), 'An origin has no query.');
  }
  if (fragment !== -1)
    noteRepaired(diagnosis, 'HAS_FRAGMENT', tail.slice(fragment), 'An origin has no fragment.');
}

function splitPort(text: string, diagnosis: Diagnosis): Authority {
  const bracket = text.indexOf('[');
  const colon = text.indexOf(':');
  if (bracket !== -1 && (colon === -1 || bracket < colon)) return splitAfterBracket(text, bracket);
  if (colon === -1) return { host: text, port: '' };
  if (text.indexOf(':', colon + 1) === -1) return { host: text.slice(0, colon), port: text.slice(colon) };
  return splitBareIpv6(text, diagnosis) ?? { host: text.slice(0, colon), port: text.slice(colon) };
}

function splitAfterBracket(text: string, bracket: number): Authority {
  const close = text.indexOf(']', bracket);
  const colon = close === -1 ? -1 : text.indexOf(':', close);
  return colon === -1 ? { host: text, port: '' } : { host: text.slice(0, colon), port: text.slice(colon) };
}

/** An IPv6 address that lost its brackets; the last part is taken for a port when the rest is an address without it. */
function splitBareIpv6(text: string, diagnosis: Diagnosis): Authority | undefined {
  const last = text.lastIndexOf(':');
  const address = [text.slice(0, last), text].find((part) => parseIpv6(part) !== undefined);
  if (address === undefined) return undefined;
  noteRepaired(diagnosis, 'IP_INVALID', text, 'An IPv6 address stands in brackets.');
  return { host: `[${address}]`, port: text.slice(address.length) };
}
