import { DOT, everyChar, HYPHEN, isLabelChar, STAR, UNDERSCORE } from './ascii.js';
import { endsInNumber } from './ip.js';
import { MAX_LABEL_LENGTH } from './origin.js';
import type { HostForm } from './pattern-host.js';
import { checkCharacters, checkLabels, checkLength } from './pattern-name.js';
import { type Diagnosis, note, noteRepaired } from './pattern-problem.js';
import { ACE_PREFIX } from './punycode.js';

/** Checks a host that has a `*` somewhere. */
export function checkWildcard(given: string, diagnosis: Diagnosis): HostForm | undefined {
  if (everyChar(given, (code) => code === STAR || code === DOT)) {
    note(diagnosis, 'WILDCARD_HOST', given, 'This would be every host; the pattern for that is * alone.');
    if (given !== '*') note(diagnosis, 'BAD_WILDCARD', given, WILDCARD_FORMS);
    return undefined;
  }
  const host = repairLeadingWildcard(given, diagnosis);
  checkLength(host, diagnosis);
  const firstDot = host.indexOf('.');
  const label = firstDot === -1 ? host : host.slice(0, firstDot);
  const parent = firstDot === -1 ? '' : host.slice(firstDot + 1);
  if (parent === '' || parent.includes('*') || !label.includes('*')) {
    note(diagnosis, 'BAD_WILDCARD', given, WILDCARD_FORMS);
    checkLabels(host.replaceAll('*', 'x'), diagnosis);
    if (isAddressBesideWildcards(host)) noteWildcardAddress(given, diagnosis);
    return undefined;
  }
  checkLabels(parent, diagnosis);
  if (endsInNumber(parent)) noteWildcardAddress(given, diagnosis);
  return label === '*' ? { kind: 'subdomains', host: parent } : checkAffix(label, parent, diagnosis);
}

const WILDCARD_FORMS =
  'A wildcard is *. before a host, one * beside a hyphen inside the leftmost label (pr-*.example.com), or the port.';

/** Forms whose meaning is evident: `*example.com`, `**.example.com` and `*.*.example.com` all mean `*.example.com`. */
function repairLeadingWildcard(host: string, diagnosis: Diagnosis): string {
  let start = 0;
  while (host.charAt(start) === '*' || host.charAt(start) === '.') start += 1;
  const rest = host.slice(start);
  const isWellFormed = start === 0 || host.startsWith('-', 1) || (start === 2 && host.startsWith('*.'));
  if (isWellFormed || host.startsWith('.') || rest.includes('*') || !rest.includes('.')) return host;
  // `*.*-x.example.com`, `*_foo.example.com`: a part of a label, which is not what stands below `*.`.
  if (rest.startsWith('-') || rest.startsWith('_')) return host;
  noteRepaired(diagnosis, 'BAD_WILDCARD', host, WILDCARD_FORMS);
  return `*.${rest}`;
}

function checkAffix(label: string, parent: string, diagnosis: Diagnosis): HostForm {
  const star = label.indexOf('*');
  const prefix = label.slice(0, star);
  const suffix = label.slice(star + 1);
  checkCharacters(prefix + suffix.replaceAll('*', ''), diagnosis, isAffixChar);
  const isPrefix = prefix === '' || (prefix.endsWith('-') && hasLetterOrDigit(prefix));
  const isSuffix = suffix === '' || (suffix.startsWith('-') && hasLetterOrDigit(suffix));
  // An encoded label says nothing about the name it stands for, so a part of one is no part of a name.
  if (!isPrefix || !isSuffix || suffix.includes('*') || prefix.startsWith(ACE_PREFIX)) {
    note(diagnosis, 'BAD_WILDCARD', label, WILDCARD_FORMS);
  }
  if (label.length > MAX_LABEL_LENGTH) {
    note(diagnosis, 'LABEL_TOO_LONG', label, `A label has at most ${MAX_LABEL_LENGTH} characters.`);
  }
  return { kind: 'affix', host: parent, prefix, suffix };
}

/** What an affix wildcard's label is made of; a name with `_` is no preview's. */
function isAffixChar(code: number): boolean {
  return isLabelChar(code) && code !== UNDERSCORE;
}

function hasLetterOrDigit(text: string): boolean {
  return !everyChar(text, (code) => code === HYPHEN || code === UNDERSCORE);
}

function noteWildcardAddress(host: string, diagnosis: Diagnosis): void {
  note(diagnosis, 'WILDCARD_IP', host, 'An address has no subdomains and no ranges.');
}

/** `192.168.1.*`: what is no wildcard is numbers. */
function isAddressBesideWildcards(host: string): boolean {
  const rest = host.split('.').filter((label) => !label.includes('*'));
  return rest.length > 0 && rest.every((label) => endsInNumber(label));
}
