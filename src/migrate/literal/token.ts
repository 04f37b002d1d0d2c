import { placeOf, SourceError } from './source-error.js';

/** A word of a configuration's source. */
export interface Token {
  readonly kind: 'mark' | 'name' | 'number' | 'text' | 'regex' | 'end';
  /** Half open, in the source. */
  readonly start: number;
  readonly end: number;
  /** As written; of a text what is between its quotes, of an expression what is between its slashes. */
  readonly text: string;
  /** Of a text: what stands before its quote (`r`), lower case. Of an expression: its flags. */
  readonly affix: string;
  /** Of a text: its quote. */
  readonly quote: string;
  /** Whether a new line begins before it. */
  readonly startsLine: boolean;
  /** Of a template: the words of each `${…}`, its closing bracket behind them. */
  readonly substituted?: readonly Token[];
}

/** Templates inside templates. */
const MAX_TEMPLATE_DEPTH = 40;

/** Characters of a configuration that is split into words. */
export const MAX_SOURCE_LENGTH = 262_144;

/**
 * Splits a configuration into words. Knows what JSON, JavaScript and Python have in common and where they differ: both kinds of
 * comments, regular expressions between slashes, prefixed and triple quotes.
 *
 * @throws SourceError for what is not closed, and past {@link MAX_SOURCE_LENGTH}.
 */
export function tokenize(source: string): readonly Token[] {
  if (source.length > MAX_SOURCE_LENGTH) {
    throw new SourceError(
      `It has more than ${MAX_SOURCE_LENGTH} characters and is not plain JSON.`,
      placeOf(source, 0),
    );
  }
  const tokens: Token[] = [];
  let index = 0;
  let startsLine = true;
  while (index < source.length) {
    const blank = endOfBlank(source, index);
    if (blank > index) {
      startsLine ||= source.slice(index, blank).includes('\n');
      index = blank;
      continue;
    }
    const token = { ...readToken(source, index, tokens.at(-1)), startsLine };
    tokens.push(token);
    index = token.end;
    startsLine = false;
  }
  const end = {
    kind: 'end',
    start: index,
    end: index,
    text: '',
    affix: '',
    quote: '',
    startsLine: true,
  } as const;
  return [...tokens, end];
}

type BareToken = Omit<Token, 'startsLine'>;

/** Index behind spaces and comments. */
function endOfBlank(source: string, start: number): number {
  const char = source.charAt(start);
  if (char.trim() === '') return start + 1;
  if (char === '#' || source.startsWith('//', start)) return orEnd(source, source.indexOf('\n', start));
  if (!source.startsWith('/*', start)) return start;
  const close = source.indexOf('*/', start + 2);
  if (close === -1) throw new SourceError('A comment is not closed.', placeOf(source, start));
  return close + 2;
}

function orEnd(source: string, index: number): number {
  return index === -1 ? source.length : index;
}

function readToken(source: string, start: number, previous: Token | undefined, depth = 0): BareToken {
  const char = source.charAt(start);
  if (QUOTES.includes(char)) return readText(source, start, start, depth);
  const name = matchAt(/[\p{ID_Start}$_][\p{ID_Continue}$]*/uy, source, start);
  if (name !== undefined) {
    const isPrefix =
      /^(?:[rbuf]|[bf]r|r[bf])$/i.test(name) && `'"`.includes(source.charAt(start + name.length) || ' ');
    return isPrefix ? readText(source, start, start + name.length) : word('name', start, name);
  }
  const number = matchAt(/\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?/iy, source, start);
  if (number !== undefined) return word('number', start, number);
  if (char === '/' && beginsValue(previous)) return readRegex(source, start);
  const mark = MARKS.find((text) => source.startsWith(text, start)) ?? char;
  return word('mark', start, mark);
}

const QUOTES = `'"\``;
/** Marks of more than one character that matter here. */
const MARKS = ['...', '===', '==', '!==', '!=', '<=', '>=', '=>', '**', '??', '||', '&&', '?.'];

function matchAt(expression: RegExp, source: string, start: number): string | undefined {
  expression.lastIndex = start;
  return expression.exec(source)?.[0];
}

function word(kind: Token['kind'], start: number, text: string): BareToken {
  return { kind, start, end: start + text.length, text, affix: '', quote: '' };
}

/** A slash begins an expression where a value can begin, else it divides. */
function beginsValue(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  return previous.kind === 'mark' && ![')', ']', '}'].includes(previous.text);
}

function readText(source: string, start: number, quoteAt: number, depth = 0): BareToken {
  const single = source.charAt(quoteAt);
  const triple = single.repeat(3);
  const quote = single !== '`' && source.startsWith(triple, quoteAt) ? triple : single;
  const isLong = quote.length === 3 || quote === '`';
  const substituted: Token[] = [];
  for (let index = quoteAt + quote.length; index < source.length; index += 1) {
    const char = source.charAt(index);
    if (char === '\\') index += 1;
    else if (char === '\n' && !isLong) break;
    else if (quote === '`' && source.startsWith('${', index)) {
      const words = readSubstitution(source, index, depth + 1);
      for (const one of words) substituted.push(one);
      index = (words.at(-1)?.end ?? index + 1) - 1;
    } else if (source.startsWith(quote, index)) {
      const text = source.slice(quoteAt + quote.length, index);
      const affix = source.slice(start, quoteAt).toLowerCase();
      const token = { kind: 'text', start, end: index + quote.length, text, affix, quote } as const;
      return substituted.length === 0 ? token : { ...token, substituted };
    }
  }
  throw new SourceError('A text is not closed.', placeOf(source, start));
}

/** The words from behind `${` to the bracket that closes it. */
function readSubstitution(source: string, start: number, depth: number): readonly Token[] {
  if (depth > MAX_TEMPLATE_DEPTH)
    throw new SourceError('Its templates are nested too deeply to be read.', placeOf(source, start));
  const words: Token[] = [];
  let open = 1;
  for (let index = start + 2; index < source.length; ) {
    const blank = endOfBlank(source, index);
    if (blank > index) {
      index = blank;
      continue;
    }
    const token = { ...readToken(source, index, words.at(-1), depth), startsLine: false };
    words.push(token);
    index = token.end;
    if (token.kind !== 'mark') continue;
    if (token.text === '{') open += 1;
    if (token.text === '}') open -= 1;
    if (open === 0) return words;
  }
  throw new SourceError('A bracket is not closed.', placeOf(source, start));
}

function readRegex(source: string, start: number): BareToken {
  let isInClass = false;
  for (let index = start + 1; index < source.length; index += 1) {
    const char = source.charAt(index);
    if (char === '\n') break;
    if (char === '\\') index += 1;
    else if (char === '[') isInClass = true;
    else if (char === ']') isInClass = false;
    else if (char === '/' && !isInClass) {
      const affix = matchAt(/[a-z]*/y, source, index + 1) ?? '';
      const text = source.slice(start + 1, index);
      return { kind: 'regex', start, end: index + 1 + affix.length, text, affix, quote: '' };
    }
  }
  throw new SourceError('A regular expression is not closed.', placeOf(source, start));
}
