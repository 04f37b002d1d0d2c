import { placeIn, placeOf, SourceError } from './source-error.js';
import type { Language } from './text-literal.js';
import type { Token } from './token.js';
import type { Written } from './value.js';

/** How far a source has been read. */
export interface ValueReader {
  readonly source: string;
  /** See `lineStartsOf`. */
  readonly lineStarts: readonly number[];
  readonly tokens: readonly Token[];
  readonly language: Language;
  index: number;
  /** Brackets around the place that is read. */
  depth: number;
}

/** Characters of a value that messages show, and of its source that are looked at for them. */
const MAX_SHOWN = 120;
const MAX_LOOKED_AT = 1_000;

/** The next token. */
export function peek({ tokens, index }: ValueReader): Token {
  const token = tokens[index] ?? tokens.at(-1);
  if (token === undefined) throw new RangeError('a source has at least its end');
  return token;
}

/** Whether the next token is this mark, or this name. */
export function isNext(reader: ValueReader, text: string): boolean {
  const { kind, text: own } = peek(reader);
  return (kind === 'mark' || kind === 'name') && own === text;
}

/** @throws SourceError at the next token. */
export function fail(reader: ValueReader, message: string): never {
  throw new SourceError(message, placeOf(reader.source, peek(reader).start));
}

/** Where what was read since `start` stands. */
export function written({ source, lineStarts, tokens, index }: ValueReader, start: number): Written {
  const first = tokens[start]?.start ?? 0;
  const end = tokens[index - 1]?.end ?? first;
  const text = source.slice(first, Math.min(end, first + MAX_LOOKED_AT)).replaceAll(/\s+/g, ' ');
  return { place: placeIn(lineStarts, first), source: shown(text) };
}

/** One line as messages show it. */
export function shown(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

const ENDS = new Set([',', ')', ']', '}', ':', ';', '=']);

/** Whether a value can end before the next token. */
export function endsHere(reader: ValueReader): boolean {
  const { kind, text, startsLine } = peek(reader);
  if (kind === 'end' || (kind === 'mark' && ENDS.has(text))) return true;
  return reader.depth === 0 && startsLine;
}

/** To the comma, the closing bracket or, outside brackets, the end of the line. */
export function skipRest(reader: ValueReader): void {
  const outside = reader.depth;
  while (peek(reader).kind !== 'end') {
    const { kind, text, startsLine } = peek(reader);
    if (kind === 'mark' && OPENING.has(text)) {
      skipBrackets(reader);
      continue;
    }
    if (kind === 'mark' && (text === ',' || text === ';' || CLOSING.has(text))) return;
    if (outside === 0 && startsLine) return;
    reader.index += 1;
  }
}

const OPENING = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);
export const CLOSING = new Set(OPENING.values());

/** From an opening bracket to behind the one that closes it. */
export function skipBrackets(reader: ValueReader): void {
  const start = reader.index;
  const open: string[] = [];
  do {
    const { kind, text } = peek(reader);
    if (kind === 'end') {
      reader.index = start;
      fail(reader, 'A bracket is not closed.');
    }
    const closing = kind === 'mark' ? OPENING.get(text) : undefined;
    if (closing !== undefined) open.push(closing);
    else if (kind === 'mark' && CLOSING.has(text) && open.pop() !== text)
      fail(reader, `This ${text} closes nothing.`);
    reader.index += 1;
  } while (open.length > 0);
}
