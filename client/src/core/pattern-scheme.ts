import { COLON, charTable, everyChar, isDigit, isLowerLetter, isSchemeChar } from './ascii.js';
import { MAX_SCHEME_LENGTH } from './origin.js';
import { type Diagnosis, note, noteRepaired } from './pattern-problem.js';

/** A pattern's text cut after the scheme. */
export interface SchemeSplit {
  /** Lower case; `undefined` when it is missing. */
  readonly scheme: string | undefined;
  /** What follows `://`. */
  readonly rest: string;
}

/** Schemes whose pages have no origin of their own: browsers send `null`, or nothing, for them. */
const OPAQUE_SCHEMES = new Set(
  'about blob cid data filesystem geo intent jar javascript mailto mid sms tel urn vbscript view-source'.split(
    ' ',
  ),
);
/** What the page that opens a WebSocket has for its own scheme. */
const PAGE_SCHEMES = new Map([
  ['ws', 'http'],
  ['wss', 'https'],
]);

/**
 * Cuts the scheme off and checks it.
 *
 * @returns `undefined` when the scheme decides alone that there is nothing further to look at.
 */
export function checkScheme(text: string, diagnosis: Diagnosis): SchemeSplit | undefined {
  const colon = schemeEnd(text);
  const given = text.slice(0, colon);
  const scheme = given.toLowerCase();
  if (scheme === 'file') {
    note(diagnosis, 'FILE_SCHEME', text, 'Pages from files have no origin to list: browsers send null.');
    return undefined;
  }
  if (OPAQUE_SCHEMES.has(scheme)) {
    note(
      diagnosis,
      'OPAQUE_SCHEME',
      given,
      `Browsers never send an origin with ${scheme}:; such pages are null.`,
    );
    diagnosis.suggestion = embeddedOrigin(text.slice(colon + 1));
    return undefined;
  }
  const afterColon = text.slice(colon + 1);
  const separatorEnd = skipSeparators(afterColon);
  const rest = afterColon.slice(separatorEnd);
  if (given === '' || (separatorEnd === 0 && isHostAndPort(scheme, afterColon))) {
    return noteMissingScheme(text, given, diagnosis);
  }
  if (separatorEnd !== 2 || !afterColon.startsWith('//')) {
    noteRepaired(
      diagnosis,
      'BAD_SCHEME_SEPARATOR',
      text.slice(0, colon + 1 + separatorEnd),
      'A scheme is followed by exactly ://',
    );
  }
  return { scheme: checkSchemeName(given, scheme, diagnosis), rest };
}

/** From one of these on a text is a path or an address: a later colon is no scheme's. */
const AFTER_SCHEME = charTable('/[@#');

/** Index of the colon that ends the scheme; 0 when the text has no scheme. */
function schemeEnd(text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === COLON) return index;
    if (AFTER_SCHEME[code] === 1) return 0;
  }
  return 0;
}

/** Index just past the slashes after a scheme's colon, and past a second colon when slashes follow it (`https:://`). */
function skipSeparators(text: string): number {
  return skipSlashes(text, text.startsWith(':/') ? 1 : 0);
}

function skipSlashes(text: string, start: number): number {
  let index = start;
  while (text.charAt(index) === '/' || text.charAt(index) === '\\') index += 1;
  return index;
}

/** `example.com:8080`, `localhost:*`: what looks like a scheme is a host. */
function isHostAndPort(before: string, after: string): boolean {
  if (before === 'http' || before === 'https') return false;
  if (before.includes('.') || before.includes('*')) return true;
  return after === '' || after.startsWith('*') || isDigit(after.charCodeAt(0));
}

/** Texts that lost their colon; without this they would be read as the host `https`. */
const COLON_LOST = ['https//', 'http//'];

function noteMissingScheme(text: string, given: string, diagnosis: Diagnosis): SchemeSplit {
  note(diagnosis, 'NO_SCHEME', text, 'An origin begins with its scheme, mostly https://');
  const colonLost = COLON_LOST.find((start) => text.startsWith(start));
  const readAsScheme = colonLost ?? (given === '' ? beforeSlashes(text) : `${given}:`);
  if (readAsScheme !== undefined) {
    note(diagnosis, 'BAD_SCHEME_SEPARATOR', readAsScheme, 'A scheme is followed by exactly ://');
  }
  const rest = text.slice(text.startsWith('://') ? 3 : skipSlashes(text, 0));
  diagnosis.suggestion = colonLost === undefined ? withScheme(rest) : text.replace('//', '://');
  return { scheme: undefined, rest };
}

/** The beginning of `https.//example.com`, slashes included; `undefined` when there is nothing of the kind. */
function beforeSlashes(text: string): string | undefined {
  const slash = text.indexOf('/');
  const isAfterText = slash > 0 && text.charCodeAt(0) !== COLON;
  return isAfterText && text.startsWith('//', slash) ? text.slice(0, slash + 2) : undefined;
}

/** The likeliest origin for what is evidently a host; a lone word may be anything, and so may what stands before `//`. */
function withScheme(rest: string): string | undefined {
  if (beforeSlashes(rest) !== undefined) return undefined;
  const host = rest.split('/', 1)[0]?.split(':', 1)[0] ?? '';
  if (host === 'localhost') return `http://${rest}`;
  return host.includes('.') ? `https://${rest}` : undefined;
}

function checkSchemeName(given: string, scheme: string, diagnosis: Diagnosis): string {
  if (given !== scheme) noteRepaired(diagnosis, 'UPPERCASE', given, 'Browsers send schemes in lower case.');
  if (scheme.length > MAX_SCHEME_LENGTH) {
    note(diagnosis, 'SCHEME_TOO_LONG', given, `A scheme has at most ${MAX_SCHEME_LENGTH} characters.`);
  }
  if (scheme.includes('*')) {
    note(
      diagnosis,
      'WILDCARD_SCHEME',
      given,
      'A scheme cannot be a wildcard; write an entry for each scheme.',
    );
  } else if (!isSchemeName(scheme)) {
    note(
      diagnosis,
      'BAD_SCHEME',
      given,
      'A scheme begins with a letter and holds letters, digits, +, - and . only.',
    );
  }
  const pageScheme = PAGE_SCHEMES.get(scheme);
  if (pageScheme === undefined) return scheme;
  noteRepaired(
    diagnosis,
    'WEBSOCKET_SCHEME',
    given,
    `A page sends its own ${pageScheme}: origin with a WebSocket too.`,
  );
  return pageScheme;
}

function isSchemeName(scheme: string): boolean {
  return isLowerLetter(scheme.charCodeAt(0)) && everyChar(scheme, isSchemeChar);
}

/** The origin inside `blob:https://example.com/uuid`, the one its page sends. */
function embeddedOrigin(text: string): string | undefined {
  if (!text.startsWith('https://') && !text.startsWith('http://')) return undefined;
  const path = text.indexOf('/', text.indexOf('://') + 3);
  return path === -1 ? text : text.slice(0, path);
}
