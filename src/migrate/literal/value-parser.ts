import { decodeText } from './text-literal.js';
import type { DictEntry, Value } from './value.js';
import {
  CLOSING,
  codeFrom,
  endsHere,
  fail,
  isNext,
  peek,
  skipRest,
  type ValueReader,
  written,
} from './value-reader.js';

/** Brackets inside brackets. */
const MAX_VALUE_DEPTH = 40;
/**
 * Reads one value. Nothing is run: what would have to be is skipped, bracket by bracket, and becomes `code`.
 *
 * @throws SourceError for brackets that do not match and past {@link MAX_VALUE_DEPTH}.
 */
export function parseValue(reader: ValueReader): Value {
  const start = reader.index;
  const value = parsePrimary(reader);
  if (peek(reader).kind === 'name' && TYPE_WORDS.has(peek(reader).text)) {
    skipRest(reader);
    return { ...value, ...written(reader, start) };
  }
  if (value.kind !== 'code' && endsHere(reader)) return { ...value, ...written(reader, start) };
  skipRest(reader);
  return codeFrom(reader, start);
}

/** `as const`, `satisfies CorsOptions`: nothing that counts. */
const TYPE_WORDS = new Set(['as', 'satisfies']);

function parsePrimary(reader: ValueReader): Value {
  const start = reader.index;
  const token = peek(reader);
  reader.index += 1;
  switch (token.kind) {
    case 'text': {
      const text = decodeText(token, reader.language);
      return text === undefined ? codeFrom(reader, start) : { kind: 'text', text, ...written(reader, start) };
    }
    case 'number':
      return { kind: 'number', number: Number(token.text.replaceAll('_', '')), ...written(reader, start) };
    case 'regex': {
      const regex = { source: token.text, flags: token.affix, dialect: 'javascript' } as const;
      return { kind: 'regex', regex, ...written(reader, start) };
    }
    case 'name':
      return parseName(reader, start, token.text);
    case 'mark':
      return parseMarked(reader, start, token.text);
    case 'end':
      reader.index = start;
      return fail(reader, 'It ends where a value is missing.');
  }
}

function parseMarked(reader: ValueReader, start: number, mark: string): Value {
  switch (mark) {
    case '[':
      return { kind: 'list', items: parseItems(reader, ']'), ...written(reader, start) };
    case '{':
      return parseBraces(reader, start);
    case '(':
      return parseParentheses(reader, start);
    case '-': {
      const value = parsePrimary(reader);
      if (value.kind !== 'number') return codeFrom(reader, start);
      return { kind: 'number', number: -value.number, ...written(reader, start) };
    }
    case '...':
    case '**':
    case '*':
      return { kind: 'spread', value: parsePrimary(reader), ...written(reader, start) };
    default:
      reader.index = start;
      // A statement of code is skipped; inside brackets a mark that begins nothing is a mistake.
      if (reader.depth > 0 || CLOSING.has(mark)) fail(reader, `A value was expected, not ${mark}`);
      reader.index += 1;
      return codeFrom(reader, start);
  }
}

const CONSTANTS: ReadonlyMap<
  string,
  { readonly kind: 'none' } | { readonly kind: 'boolean'; readonly boolean: boolean }
> = new Map([
  ['true', { kind: 'boolean', boolean: true }],
  ['True', { kind: 'boolean', boolean: true }],
  ['false', { kind: 'boolean', boolean: false }],
  ['False', { kind: 'boolean', boolean: false }],
  ['null', { kind: 'none' }],
  ['undefined', { kind: 'none' }],
  ['None', { kind: 'none' }],
]);
/** Words before a value that change nothing of what it is. */
const SILENT_WORDS = new Set(['new', 'await', 'return']);

function parseName(reader: ValueReader, start: number, name: string): Value {
  const constant = CONSTANTS.get(name);
  if (constant !== undefined) return { ...constant, ...written(reader, start) };
  if (SILENT_WORDS.has(name) && peek(reader).kind === 'name') return parsePrimary(reader);
  let dotted = name;
  while (isNext(reader, '.') && reader.tokens[reader.index + 1]?.kind === 'name') {
    dotted += `.${reader.tokens[reader.index + 1]?.text ?? ''}`;
    reader.index += 2;
  }
  if (!isNext(reader, '(') || peek(reader).startsLine)
    return { kind: 'name', name: dotted, ...written(reader, start) };
  reader.index += 1;
  const { args, named } = parseArguments(reader);
  return { kind: 'call', callee: dotted, args, named, ...written(reader, start) };
}

/** Reads up to a closing mark what stands between commas. */
function parseList<T>(reader: ValueReader, close: string, parseOne: () => T): readonly T[] {
  const opening = reader.index - 1;
  const all: T[] = [];
  reader.depth += 1;
  if (reader.depth > MAX_VALUE_DEPTH) fail(reader, 'Its brackets are nested too deeply to be read.');
  while (!isNext(reader, close)) {
    if (peek(reader).kind === 'end') {
      reader.index = opening;
      fail(reader, 'A bracket is not closed.');
    }
    all.push(parseOne());
    if (isNext(reader, ',')) reader.index += 1;
    else if (!isNext(reader, close) && peek(reader).kind !== 'end')
      fail(reader, `A comma or ${close} is missing here.`);
  }
  reader.index += 1;
  reader.depth -= 1;
  return all;
}

function parseItems(reader: ValueReader, close: string): readonly Value[] {
  return parseList(reader, close, () => parseValue(reader));
}

function parseArguments(reader: ValueReader): {
  readonly args: readonly Value[];
  readonly named: readonly DictEntry[];
} {
  const args: Value[] = [];
  const named: DictEntry[] = [];
  parseList(reader, ')', () => {
    const start = reader.index;
    const first = parseValue(reader);
    if (reader.language === 'javascript' && isNext(reader, '=')) {
      skipRest(reader);
      args.push(codeFrom(reader, start));
    } else if (first.kind === 'name' && isNext(reader, '=')) {
      reader.index += 1;
      named.push({ key: { ...first, kind: 'text', text: first.name }, value: parseValue(reader) });
    } else if (first.kind === 'spread' && first.source.startsWith('**'))
      named.push({ key: undefined, value: first });
    else args.push(first);
  });
  return { args, named };
}

/** A tuple; one value without a comma is just that value. */
function parseParentheses(reader: ValueReader, start: number): Value {
  const items = parseItems(reader, ')');
  const [only] = items;
  const hasComma = reader.tokens[reader.index - 2]?.text === ',';
  if (items.length === 1 && only !== undefined && !hasComma) return only;
  return { kind: 'list', items, ...written(reader, start) };
}

/** A dict or object; Python's sets are lists here. */
function parseBraces(reader: ValueReader, start: number): Value {
  const items: Value[] = [];
  const entries = parseList(reader, '}', () => parseEntry(reader, items)).filter(
    (entry) => entry !== undefined,
  );
  if (items.length === 0) return { kind: 'dict', entries, ...written(reader, start) };
  return entries.length === 0 ? { kind: 'list', items, ...written(reader, start) } : codeFrom(reader, start);
}

/** `key: value`, `key` alone, `...spread`, or a method; a set's items go to `items`. */
function parseEntry(reader: ValueReader, items: Value[]): DictEntry | undefined {
  const { kind } = peek(reader);
  // Only Python computes its keys: `{re.compile('…'): …}`, and has sets.
  const isPlain = kind === 'name' || kind === 'text' || kind === 'number';
  const isSimple = reader.language === 'javascript' ? isPlain : kind === 'name' && isSimpleName(reader);
  const key = isSimple ? readKey(reader) : parseValue(reader);
  if (isNext(reader, ':')) {
    reader.index += 1;
    return { key, value: parseValue(reader) };
  }
  if (key.kind === 'spread') return { key: undefined, value: key };
  if (isSimple && kind === 'name') return parseShorthand(reader, key);
  if (!isNext(reader, ',') && !isNext(reader, '}')) fail(reader, 'A colon is missing here.');
  items.push(key);
  return undefined;
}

function isSimpleName({ tokens, index }: ValueReader): boolean {
  const next = tokens[index + 1];
  return next?.kind !== 'mark' || [':', ',', '}'].includes(next.text);
}

function readKey(reader: ValueReader): Value {
  const start = reader.index;
  if (isNext(reader, 'async') && reader.tokens[start + 1]?.kind === 'name') reader.index += 1;
  const { kind, text } = peek(reader);
  if (kind === 'text') return parsePrimary(reader);
  reader.index += 1;
  return { kind: 'text', text, ...written(reader, start) };
}

/** What follows a key without a colon: nothing (`{ origin }`), or a method's parameters and body. */
function parseShorthand(reader: ValueReader, key: Value): DictEntry {
  const start = reader.index - 1;
  const name = key.kind === 'text' ? key.text : '';
  if (isNext(reader, ',') || isNext(reader, '}')) return { key, value: { ...key, kind: 'name', name } };
  if (!isNext(reader, '(')) fail(reader, 'A colon is missing here.');
  skipRest(reader);
  return { key, value: codeFrom(reader, start) };
}
