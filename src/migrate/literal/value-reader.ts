import { placeIn, placeOf, SourceError } from './source-error.js';
import type { Language } from './text-literal.js';
import type { Token } from './token.js';
import type { CodeValue, Written } from './value.js';

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

/** What was read since `start`, as something that only running it would tell. */
export function codeFrom(reader: ValueReader, start: number): CodeValue & Written {
  const tokens = withSubstituted(reader.tokens.slice(start, reader.index));
  const words = new Set(
    tokens.flatMap(({ kind, text }) => (kind === 'name' || kind === 'text' ? [text] : [])),
  );
  return { kind: 'code', words, effect: effectOf(tokens), ...written(reader, start) };
}

/** With what templates run, each behind a bracket: what is in them is no operand of what stands beside them. */
function withSubstituted(tokens: readonly Token[]): readonly Token[] {
  return tokens.flatMap((token) => {
    const inside = withSubstituted(token.substituted ?? namesInFString(token));
    return inside.length === 0 ? [token] : [token, { ...token, kind: 'mark', text: '{' }, ...inside];
  });
}

/** Of a text of Python's that calls or assigns in its `{…}`: all its words, since its formats are no source. */
function namesInFString(token: Token): readonly Token[] {
  const { affix, text } = token;
  const assigns = text.includes(':=');
  if (!affix.includes('f') || !(assigns || text.includes('('))) return [];
  const names = text.match(/[\p{ID_Start}_]\p{ID_Continue}*/gu) ?? [];
  const bare = { ...token, affix: '' };
  const ending = { ...bare, kind: 'mark', text: assigns ? '=' : '}' } as const;
  return names.flatMap((name) => [{ ...bare, kind: 'name', text: name } as const, ending]);
}

/** Operands joined by one operator each change nothing; brackets may call, and `=` behind anything assigns. */
function effectOf(tokens: readonly Token[]): CodeValue['effect'] {
  const assigns = tokens.some((token, index) => {
    const before = tokens[index - 1];
    if (token.kind === 'mark' && token.text === '=') return true;
    if (before === undefined || isBracket(token) || isBracket(before)) return false;
    // `i++`, `delete x`
    return (token.kind === 'mark') === (before.kind === 'mark');
  });
  return assigns ? 'assigns' : tokens.some(isBracket) ? 'calls' : 'none';
}

function isBracket(token: Token | undefined): boolean {
  return token?.kind === 'mark' && (OPENING.has(token.text) || CLOSING.has(token.text));
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
  return reader.depth === 0 && startsLine && !continuesLine(reader);
}

const BINARY = ['?.', '+', '*', '%', '?', '||', '&&', '??', '===', '==', '!==', '!=', '<=', '>=', '=>', '**'];
/** What goes on with the line above when a line begins with it, and with the line below when one ends with it. */
const BEGINNING = new Set(['.', ':', '-', '=', '<', '>', '|', '&', ...BINARY]);
const ENDING = new Set(['.', ...BINARY, '||', '&&', '|', '&']);

/** Whether a new line goes on with the one before: `.use(…)` below `app`. In Python only brackets do that. */
function continuesLine(reader: ValueReader): boolean {
  const { kind, text } = peek(reader);
  if (reader.language === 'python') return reader.tokens[reader.index - 1]?.text === '\\';
  const before = reader.tokens[reader.index - 1];
  return (kind === 'mark' && BEGINNING.has(text)) || (before?.kind === 'mark' && ENDING.has(before.text));
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
    if (outside === 0 && startsLine && !continuesLine(reader)) return;
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
