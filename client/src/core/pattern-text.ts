import { charTable, SPACE, TILDE } from './ascii.js';
import { type Diagnosis, note, noteRepaired } from './pattern-problem.js';
import { fromRegularExpression, isRegularExpression } from './regular-expression.js';

/**
 * Looks at a pattern's text as a whole: what stands around it, characters that no part may hold, and whether it is one
 * pattern at all.
 *
 * @returns the text without what stood around it; `undefined` when there is nothing sensible to read on in.
 */
export function checkText(text: string, diagnosis: Diagnosis): string | undefined {
  if (isUnsuspicious(text)) return text;
  noteCharacters(text, diagnosis);
  const core = stripQuotes(text.trim(), diagnosis);
  if (core === '') {
    note(diagnosis, 'EMPTY', text, 'There is nothing here.');
    return undefined;
  }
  // Before what separates: alternatives are no list, and neither is `{1,3}`.
  if (isRegularExpression(core)) {
    note(diagnosis, 'REGEX_LIKE', core, 'Regular expressions are not supported; *. is any subdomain.');
    diagnosis.suggestion = fromRegularExpression(core);
    return undefined;
  }
  if (isSeveral(core)) {
    note(diagnosis, 'MULTIPLE', core, 'One entry holds one pattern; write an entry for each of these.');
    return undefined;
  }
  if (core === '*' || core === 'null') {
    diagnosis.suggestion = core;
    return undefined;
  }
  // A space in the middle has no one evident repair, unlike one at an end.
  if (splitPieces(core).length > 1 || firstChar(core, isControl) !== undefined) {
    diagnosis.isRepairable = false;
  }
  return core;
}

const QUOTES = '"\'`\u201c\u201d\u2018\u2019';
const SEPARATORS = [',', ';', '|', '\t', '\n', '\r'];
/** Characters that make the longer look worth it. */
const SUSPICIOUS = charTable(`${QUOTES}${SEPARATORS.join('')}\\^$()[?{+`);

/** One quick pass that nearly every stored pattern goes through without more. */
function isUnsuspicious(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code <= SPACE || code > TILDE || SUSPICIOUS[code] === 1) return false;
  }
  return text !== '' && !text.startsWith('/') && !text.includes('.*');
}

function noteCharacters(text: string, diagnosis: Diagnosis): void {
  const space = firstChar(text, isSpace);
  if (space !== undefined) {
    noteRepaired(diagnosis, 'WHITESPACE', space, 'A pattern holds no spaces or line breaks.');
  }
  const control = firstChar(text, isControl);
  if (control !== undefined) {
    noteRepaired(diagnosis, 'CONTROL_CHAR', control, 'A pattern holds no control characters.');
  }
  const foreign = firstChar(text, isNonAscii);
  if (foreign !== undefined) {
    noteRepaired(diagnosis, 'NON_ASCII', foreign, 'Browsers send the ASCII form of a host, xn--….');
  }
}

function firstChar(text: string, test: (char: string) => boolean): string | undefined {
  for (const char of text) {
    if (test(char)) return char;
  }
  return undefined;
}

function isSpace(char: string): boolean {
  return char.trim() === '';
}

/** C0, DEL and C1 (ECMA-48): tab and line breaks are spaces and control characters at once. */
function isControl(char: string): boolean {
  return char < ' ' || (char >= '\x7f' && char <= '\x9f');
}

function isNonAscii(char: string): boolean {
  return char > '\x7f' && !QUOTES.includes(char);
}

function stripQuotes(text: string, diagnosis: Diagnosis): string {
  let start = 0;
  let end = text.length;
  while (start < end && QUOTES.includes(text.charAt(start))) start += 1;
  while (end > start && QUOTES.includes(text.charAt(end - 1))) end -= 1;
  if (end - start === text.length) return text;
  noteRepaired(diagnosis, 'QUOTED', text, 'The quotes are part of the text; leave them out.');
  return text.slice(start, end).trim();
}

/** Whether every piece between separators could be meant as a pattern of its own. */
function isSeveral(text: string): boolean {
  const pieces = splitPieces(text);
  if (pieces.length < 2) return false;
  return pieces.every(isWhole) || pieces.every((piece) => piece.includes('.'));
}

function isWhole(piece: string): boolean {
  return piece.includes('://') || piece === '*' || piece === 'null';
}

function splitPieces(text: string): readonly string[] {
  let spaced = text;
  for (const separator of SEPARATORS) spaced = spaced.replaceAll(separator, ' ');
  return spaced.split(' ').filter((piece) => piece !== '');
}
