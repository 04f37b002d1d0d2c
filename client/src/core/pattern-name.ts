import { everyChar, isNameChar } from './ascii.js';
import { endsInNumber, isCanonicalIpv4, parseIpv4 } from './ip.js';
import { MAX_HOST_LENGTH, MAX_LABEL_LENGTH } from './origin.js';
import type { HostForm } from './pattern-host.js';
import { type Diagnosis, note, noteRepaired } from './pattern-problem.js';
import { ACE_PREFIX, isDecodable } from './punycode.js';

/** Checks a host without wildcard or bracket: a name or an IPv4 address. */
export function checkName(host: string, diagnosis: Diagnosis): HostForm {
  if (isCanonicalIpv4(host)) return { kind: 'exact', host, hostKind: 'ipv4' };
  if (endsInNumber(host)) return checkIpv4(host, diagnosis);
  if (host.startsWith('.') && host.length > 1) {
    noteRepaired(diagnosis, 'EMPTY_LABEL', host, 'A host begins with no dot; *. is any subdomain.');
    const parent = host.slice(1);
    checkLength(host, diagnosis);
    checkLabels(parent, diagnosis);
    return { kind: 'subdomains', host: parent };
  }
  checkLength(host, diagnosis);
  checkLabels(host, diagnosis);
  return { kind: 'exact', host, hostKind: 'name' };
}

/** Checks the length of a host as written, a leading `*.` included: the shortest name it stands for is as long. */
export function checkLength(host: string, diagnosis: Diagnosis): void {
  if (host.length > MAX_HOST_LENGTH) {
    note(diagnosis, 'HOST_TOO_LONG', host, `A host has at most ${MAX_HOST_LENGTH} characters.`);
  }
}

/** Checks each label of a name, one trailing dot aside. */
export function checkLabels(name: string, diagnosis: Diagnosis): void {
  checkCharacters(name, diagnosis);
  const labels = (name.endsWith('.') ? name.slice(0, -1) : name).split('.');
  if (labels.includes('')) {
    note(diagnosis, 'EMPTY_LABEL', name, 'There is nothing between two dots, or before the first.');
  }
  const long = labels.find((label) => label.length > MAX_LABEL_LENGTH);
  if (long !== undefined) {
    note(diagnosis, 'LABEL_TOO_LONG', long, `A label has at most ${MAX_LABEL_LENGTH} characters.`);
  }
  const undecodable = labels.find(isUndecodable);
  if (undecodable !== undefined) {
    note(diagnosis, 'BAD_PUNYCODE', undecodable, 'The label begins with xn-- and stands for no name.');
  }
}

/** Notes characters outside the host grammar. What is not ASCII was noted for the whole text. */
export function checkCharacters(name: string, diagnosis: Diagnosis, isAllowed = isNameChar): void {
  if (everyChar(name, isAllowed)) return;
  const bad = new Set<string>();
  for (let index = 0; index < name.length; index += 1) {
    const code = name.charCodeAt(index);
    if (code < 0x80 && !isAllowed(code)) bad.add(name.charAt(index));
  }
  if (bad.size === 0) return;
  const shown = [...bad].join('');
  note(diagnosis, 'BAD_HOST_CHAR', shown, 'A host holds letters, digits, hyphens, underscores and dots.');
}

/** The platform's URL parser is asked too: it knows which code points a name may hold, which is a table too large for here. */
function isUndecodable(label: string): boolean {
  if (!label.startsWith(ACE_PREFIX) || label.length > MAX_LABEL_LENGTH) return false;
  return !isDecodable(label) || !URL.canParse(`https://${label}`);
}

/** A host whose last label is a number and that is not a dotted quad: URL parsers rewrite or refuse it. */
function checkIpv4(host: string, diagnosis: Diagnosis): HostForm {
  note(diagnosis, 'NUMERIC_LAST_LABEL', host, 'A host that ends in a number is an IPv4 address or nothing.');
  if (parseIpv4(host) !== undefined) {
    note(diagnosis, 'IP_NOT_CANONICAL', host, 'Browsers send four decimal numbers without leading zeros.');
  } else if (host.split('.').every((label) => endsInNumber(label))) {
    note(diagnosis, 'IP_INVALID', host, 'This is no IPv4 address.');
  }
  return { kind: 'exact', host, hostKind: 'ipv4' };
}
