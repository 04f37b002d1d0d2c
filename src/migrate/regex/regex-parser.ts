import { type CharSet, charSet, ORIGIN_CHARS } from './char-set.js';
import type { Regex } from './regex.js';
import { resist } from './regex.js';
import { type ClassReader, parseClass } from './regex-class.js';
import { readEscape } from './regex-escape.js';
import { openGroup } from './regex-group.js';
import type { RegexNode, Span } from './regex-node.js';

/** Characters of an expression that is read. */
const MAX_REGEX_LENGTH = 2_000;
/** Groups inside groups. */
const MAX_REGEX_DEPTH = 40;
/** The highest number in a quantifier: a host has at most 253 characters. */
const MAX_REPEAT = 255;

/**
 * Reads a regular expression of either dialect into its parts, over the characters that an origin holds. The expression is
 * never run.
 *
 * @throws ResistanceError for what a walk from left to right cannot decide (lookaround, references, word borders) and for what
 *   is not well formed.
 */
export function parseRegex(regex: Regex): RegexNode {
  const { source, flags } = regex;
  const all = { start: 0, end: source.length };
  if (source.length > MAX_REGEX_LENGTH) resist(source.slice(0, 80), all, 'It is too long to be read.');
  if (flags.includes('x')) resist(source, all, 'It is written in verbose form, which is not read.');
  if (flags.includes('v')) resist(source, all, 'Set notation (flag v) is not read.');
  const reader: RegexReader = { regex, index: 0, depth: 0, ignoresCase: flags.includes('i') };
  const node = parseChoice(reader);
  if (reader.index < source.length) {
    resist(
      source,
      { start: reader.index, end: source.length },
      'A parenthesis is closed that was not opened.',
    );
  }
  return node;
}

/** How far an expression has been read. */
export interface RegexReader extends ClassReader {
  depth: number;
  ignoresCase: boolean;
}

function parseChoice(reader: RegexReader): RegexNode {
  const start = reader.index;
  const options = [parseSequence(reader)];
  while (peek(reader) === '|') {
    reader.index += 1;
    options.push(parseSequence(reader));
  }
  const [only] = options;
  if (options.length === 1 && only !== undefined) return only;
  return { kind: 'choice', options, span: { start, end: reader.index } };
}

function parseSequence(reader: RegexReader): RegexNode {
  const start = reader.index;
  const parts: RegexNode[] = [];
  for (let char = peek(reader); char !== '' && char !== '|' && char !== ')'; char = peek(reader)) {
    parts.push(parseQuantified(reader));
  }
  return { kind: 'sequence', parts, span: { start, end: reader.index } };
}

function parseQuantified(reader: RegexReader): RegexNode {
  const start = reader.index;
  let node = parseAtom(reader);
  for (let count = readQuantifier(reader); count !== undefined; count = readQuantifier(reader)) {
    const span = { start, end: reader.index };
    if (peek(reader) === '+') resist(reader.regex.source, span, 'Possessive quantifiers are not read.');
    // A lazy quantifier finds another match in the same texts.
    if (peek(reader) === '?') reader.index += 1;
    if (count.min > count.max)
      resist(reader.regex.source, span, 'The quantifier’s numbers are out of order.');
    if (count.max > 1 && hasAnchor(node)) resist(reader.regex.source, span, 'It repeats ^ or $.');
    node = { kind: 'repeat', node, ...count, span };
  }
  return node;
}

function hasAnchor(node: RegexNode): boolean {
  switch (node.kind) {
    case 'start':
    case 'end':
      return true;
    case 'chars':
      return false;
    case 'sequence':
      return node.parts.some(hasAnchor);
    case 'choice':
      return node.options.some(hasAnchor);
    case 'repeat':
      return hasAnchor(node.node);
  }
}

const QUANTIFIERS: ReadonlyMap<string, { readonly min: number; readonly max: number }> = new Map([
  ['*', { min: 0, max: Number.POSITIVE_INFINITY }],
  ['+', { min: 1, max: Number.POSITIVE_INFINITY }],
  ['?', { min: 0, max: 1 }],
]);

function readQuantifier(reader: RegexReader): { readonly min: number; readonly max: number } | undefined {
  const char = peek(reader);
  const quantifier = QUANTIFIERS.get(char);
  if (quantifier !== undefined) {
    reader.index += 1;
    return quantifier;
  }
  const { source, dialect } = reader.regex;
  const close = char === '{' ? source.indexOf('}', reader.index) : -1;
  // `{` without numbers stands for itself, in both dialects.
  const numbers = NUMBERS[dialect].exec(source.slice(reader.index + 1, Math.max(close, 0)));
  if (close === -1 || numbers === null) return undefined;
  const [low = '', comma = '', high = ''] = numbers.slice(1).filter((part) => part !== undefined);
  const min = Number(low);
  const max = comma === '' ? min : high === '' ? Number.POSITIVE_INFINITY : Number(high);
  const span = { start: reader.index, end: close + 1 };
  if (Math.max(min, Number.isFinite(max) ? max : 0) > MAX_REPEAT) {
    resist(source, span, `Repeats beyond ${MAX_REPEAT} are not read.`);
  }
  reader.index = close + 1;
  return { min, max };
}

/** Only Python lets the lower number out. */
const NUMBERS = {
  javascript: /^(\d{1,6})(,?)(\d{0,6})$/,
  python: /^(\d{1,6})(,?)(\d{0,6})$|^()(,)(\d{1,6})$/,
} as const;

function parseAtom(reader: RegexReader): RegexNode {
  const { source } = reader.regex;
  const start = reader.index;
  const char = peek(reader);
  switch (char) {
    case '(':
      return parseGroup(reader);
    case '[':
      return charsNode(reader, start, parseClass(reader));
    case '\\':
      return parseEscape(reader);
    case '^':
    case '$':
      reader.index += 1;
      return { kind: char === '^' ? 'start' : 'end', span: { start, end: reader.index } };
    case '.':
      reader.index += 1;
      return { ...charsNode(reader, start, ORIGIN_CHARS), isBareDot: true };
    case '*':
    case '+':
    case '?':
      return resist(
        source,
        { start, end: start + 1 },
        'A quantifier stands where there is nothing to repeat.',
      );
    default:
      reader.index += 1;
      return charsNode(reader, start, literalChars(reader, char));
  }
}

function parseGroup(reader: RegexReader): RegexNode {
  const start = reader.index;
  if (reader.depth >= MAX_REGEX_DEPTH) {
    resist(reader.regex.source, { start, end: start + 1 }, 'Its groups are nested too deeply to be read.');
  }
  const { ignoresCase } = reader;
  // `(?i)` is no group but a flag: there is nothing inside.
  if (openGroup(reader) === 'flags')
    return { kind: 'sequence', parts: [], span: { start, end: reader.index } };
  reader.depth += 1;
  const node = parseChoice(reader);
  reader.depth -= 1;
  if (peek(reader) !== ')') {
    resist(reader.regex.source, { start, end: reader.index }, 'A parenthesis is opened and not closed.');
  }
  reader.index += 1;
  reader.ignoresCase = ignoresCase;
  return { ...node, span: { start, end: reader.index } };
}

function parseEscape(reader: RegexReader): RegexNode {
  const start = reader.index;
  const escaped = readEscape(reader);
  const span: Span = { start, end: reader.index };
  if (escaped.kind === 'place') return { kind: escaped.place, span };
  return charsNode(
    reader,
    start,
    escaped.kind === 'set' ? escaped.chars : literalChars(reader, escaped.char),
  );
}

function charsNode(reader: RegexReader, start: number, chars: CharSet): RegexNode & { kind: 'chars' } {
  return { kind: 'chars', chars, isBareDot: false, span: { start, end: reader.index } };
}

/** Origins come in lower case: a capital in the expression matches something only where case does not count. */
function literalChars({ ignoresCase }: RegexReader, char: string): CharSet {
  const wanted = ignoresCase ? char.toLowerCase() : char;
  return charSet((own) => own === wanted);
}

function peek({ regex, index }: RegexReader): string {
  return regex.source.charAt(index);
}
