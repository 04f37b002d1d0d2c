import { everyChar, isDigit, isNameChar, isUpperLetter, STAR } from './ascii.js';
import type { HostKind } from './origin.js';
import { checkIpv6 } from './pattern-ipv6.js';
import { checkName } from './pattern-name.js';
import { type Diagnosis, note, noteRepaired } from './pattern-problem.js';
import { checkWildcard } from './pattern-wildcard.js';

/** What a pattern says of the host. */
export type HostForm =
  | { readonly kind: 'exact'; readonly host: string; readonly hostKind: HostKind }
  | { readonly kind: 'subdomains'; readonly host: string }
  | { readonly kind: 'affix'; readonly host: string; readonly prefix: string; readonly suffix: string };

/**
 * Checks the host of a pattern.
 *
 * @returns the repaired form; `undefined` when there is none to go on with.
 */
export function checkHost(
  given: string,
  scheme: string | undefined,
  diagnosis: Diagnosis,
): HostForm | undefined {
  if (given === '') {
    note(diagnosis, 'EMPTY_HOST', given, 'There is no host.');
    return undefined;
  }
  const host = toLowerAscii(given, diagnosis);
  // As given: upper-case digits are not canonical either.
  if (host.includes('[') || host.includes(']')) return checkIpv6(given, diagnosis);
  const extension = scheme === undefined ? undefined : EXTENSION_IDS.get(scheme);
  if (extension !== undefined && host !== '*') {
    if (!extension.fits(host))
      note(diagnosis, 'BAD_HOST', given, `The host of ${scheme}: is ${extension.form}.`);
    return { kind: 'exact', host, hostKind: 'name' };
  }
  return host.includes('*') ? checkWildcard(host, diagnosis) : checkName(host, diagnosis);
}

interface ExtensionId {
  readonly form: string;
  readonly fits: (host: string) => boolean;
}

const CHROME_ID: ExtensionId = { form: 'the 32 letters a to p of an extension id', fits: isChromeId };
const UUID: ExtensionId = { form: 'a UUID in lower case', fits: isUuid };
/** Extension pages are known by an id that the browser made, not by a name someone registered. */
const EXTENSION_IDS = new Map([
  ['chrome-extension', CHROME_ID],
  ['moz-extension', UUID],
  ['safari-web-extension', UUID],
]);

function isChromeId(host: string): boolean {
  return host.length === 32 && everyChar(host, (code) => code >= 0x61 && code <= 0x70);
}

function isUuid(host: string): boolean {
  const parts = host.split('-');
  const lengths = parts.map((part) => part.length).join('-');
  return lengths === '8-4-4-4-12' && parts.every((part) => everyChar(part, isLowerHexDigit));
}

function isLowerHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x66);
}

/** The host as browsers send it: lower case, and the A-labels of what is not ASCII. */
function toLowerAscii(given: string, diagnosis: Diagnosis): string {
  if (everyChar(given, isLowerAscii)) return given;
  const lower = given.toLowerCase();
  if (everyChar(given, isAscii)) {
    noteRepaired(diagnosis, 'UPPERCASE', given, 'Browsers send hosts in lower case.');
    return lower;
  }
  const ascii = asciiForm(lower);
  // That it is not ASCII was noted for the text as a whole; without an ASCII form there is nothing to repair it with.
  if (ascii === undefined) diagnosis.isRepairable = false;
  return ascii ?? lower;
}

function isAscii(code: number): boolean {
  return code < 0x80;
}

function isLowerAscii(code: number): boolean {
  return isAscii(code) && !isUpperLetter(code);
}

/** WHATWG URL "domain to ASCII", by the platform: its mapping tables are far larger than this engine. */
function asciiForm(host: string): string | undefined {
  // What URL parsers give a meaning of their own must not be lost in their reading.
  if (!everyChar(host, (code) => !isAscii(code) || isNameChar(code) || code === STAR)) return undefined;
  return URL.canParse(`https://${host}`) ? new URL(`https://${host}`).hostname : undefined;
}
