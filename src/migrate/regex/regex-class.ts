import { type CharSet, charSet, complement } from './char-set.js';
import { resist } from './regex.js';
import { readEscape, type SourceReader } from './regex-escape.js';

/** A reader that knows whether case counts. */
export interface ClassReader extends SourceReader {
  readonly ignoresCase: boolean;
}

/** A member of a class: a character, which may begin a range, or a set of them. */
type Member = { readonly char: string } | { readonly chars: CharSet };

/** Reads a class; the index is at its `[` and afterwards behind its `]`. */
export function parseClass(reader: ClassReader): CharSet {
  const { source, dialect } = reader.regex;
  const start = reader.index;
  reader.index += 1;
  const isNegated = source.charAt(reader.index) === '^';
  if (isNegated) reader.index += 1;
  const tests: ((char: string) => boolean)[] = [];
  // Python takes a bracket in the first place for itself; in JavaScript it ends an empty class.
  let mayClose = dialect === 'javascript';
  while (source.charAt(reader.index) !== ']' || !mayClose) {
    if (reader.index >= source.length) {
      resist(source, { start, end: source.length }, 'A bracket is opened and not closed.');
    }
    tests.push(readMembers(reader));
    mayClose = true;
  }
  reader.index += 1;
  const chars = charSet((char) => tests.some((test) => test(char)));
  return isNegated ? complement(chars) : chars;
}

/** One member, or the two ends of a range. */
function readMembers(reader: ClassReader): (char: string) => boolean {
  const { source } = reader.regex;
  const start = reader.index;
  const low = readMember(reader);
  const isRange = source.charAt(reader.index) === '-' && source.charAt(reader.index + 1) !== ']';
  if (!isRange || !('char' in low)) return testOf(reader, low);
  reader.index += 1;
  const high = readMember(reader);
  // `[\w-.]`: no range, since one end is a set.
  if (!('char' in high)) {
    const tests = [testOf(reader, low), testOf(reader, { char: '-' }), testOf(reader, high)];
    return (char) => tests.some((test) => test(char));
  }
  if (low.char > high.char) {
    resist(source, { start, end: reader.index }, 'The ends of a range are out of order.');
  }
  const isInside = (char: string): boolean => low.char <= char && char <= high.char;
  return reader.ignoresCase ? (char) => isInside(char) || isInside(char.toUpperCase()) : isInside;
}

function readMember(reader: ClassReader): Member {
  const { source } = reader.regex;
  const char = source.charAt(reader.index);
  if (char !== '\\') {
    reader.index += 1;
    return { char };
  }
  // Inside a class `\b` is a backspace.
  if (source.charAt(reader.index + 1) === 'b') {
    reader.index += 2;
    return { chars: '' };
  }
  const escaped = readEscape(reader);
  return escaped.kind === 'char'
    ? { char: escaped.char }
    : { chars: escaped.kind === 'set' ? escaped.chars : '' };
}

function testOf({ ignoresCase }: ClassReader, member: Member): (char: string) => boolean {
  if ('chars' in member) return (char) => member.chars.includes(char);
  const wanted = ignoresCase ? member.char.toLowerCase() : member.char;
  return (char) => char === wanted;
}
