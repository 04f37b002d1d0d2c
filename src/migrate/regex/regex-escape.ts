import { type CharSet, charSet, complement } from './char-set.js';
import { type Regex, resist } from './regex.js';

/** What a reader of escapes and classes has to know. */
export interface SourceReader {
  readonly regex: Regex;
  index: number;
}

/** What a backslash and what follows it stand for. */
export type Escape =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'set'; readonly chars: CharSet }
  | { readonly kind: 'place'; readonly place: 'start' | 'end' };

const DIGITS = charSet((char) => char >= '0' && char <= '9');
const WORD_CHARS = charSet(
  (char) => (char >= '0' && char <= '9') || (char >= 'a' && char <= 'z') || char === '_',
);
const SETS: ReadonlyMap<string, CharSet> = new Map([
  ['d', DIGITS],
  ['D', complement(DIGITS)],
  ['w', WORD_CHARS],
  ['W', complement(WORD_CHARS)],
  ['s', ''],
  ['S', complement('')],
]);
const CONTROLS = 'tnrfv0';

/**
 * Reads an escape outside or inside a class; the index is at its backslash and afterwards behind it.
 *
 * @throws ResistanceError for references, word borders and Unicode properties.
 */
export function readEscape(reader: SourceReader): Escape {
  const { source, dialect } = reader.regex;
  const start = reader.index;
  const letter = source.charAt(start + 1);
  reader.index = start + 2;
  const set = SETS.get(letter);
  if (set !== undefined) return { kind: 'set', chars: set };
  if (dialect === 'python' && letter === 'A') return { kind: 'place', place: 'start' };
  if (dialect === 'python' && (letter === 'Z' || letter === 'z')) return { kind: 'place', place: 'end' };
  const span = { start, end: start + 2 };
  if (letter === '') return resist(source, { start, end: start + 1 }, 'A backslash stands at its end.');
  if (letter === 'b' || letter === 'B')
    return resist(source, span, 'Word borders are not part of any pattern.');
  if (letter >= '1' && letter <= '9') return resist(source, span, 'It refers back to what a group matched.');
  if (letter === 'k') return resist(source, span, 'It refers back to what a group matched.');
  if (letter === 'p' || letter === 'P') return resist(source, span, 'Unicode properties are not read.');
  if (CONTROLS.includes(letter) || letter === 'c') return { kind: 'set', chars: '' };
  if (letter === 'u' && source.charAt(start + 2) === '{') {
    return resist(source, span, 'Code points in braces are not read.');
  }
  if (letter === 'x' || letter === 'u') return { kind: 'char', char: readCode(reader, letter) };
  return { kind: 'char', char: letter };
}

/** `\x2e` and `\u002e`; without the digits the letter stands for itself. */
function readCode(reader: SourceReader, letter: 'x' | 'u'): string {
  const digits = letter === 'x' ? 2 : 4;
  const code = reader.regex.source.slice(reader.index, reader.index + digits);
  if (code.length < digits || !/^[0-9a-fA-F]+$/.test(code)) return letter;
  reader.index += digits;
  return String.fromCharCode(Number.parseInt(code, 16));
}
