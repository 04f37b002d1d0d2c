import { parseLargeJson } from './large-json.js';
import { lineStartsOf, placeOf, SourceError } from './source-error.js';
import type { Language } from './text-literal.js';
import { MAX_SOURCE_LENGTH, type Token, tokenize } from './token.js';
import type { Value } from './value.js';
import { parseValue } from './value-parser.js';
import { endsHere, fail, isNext, peek, skipBrackets, skipRest, type ValueReader } from './value-reader.js';

/** A configuration's source, understood as far as it can be without running it. */
export interface Program {
  readonly language: Language;
  /** Where things come from: `cors`, `flask_cors`; and the names each import gives them. */
  readonly imports: readonly { readonly module: string; readonly names: readonly string[] }[];
  readonly statements: readonly Statement[];
}

/** A value that stands alone, is given a name, or (`@…`) decorates what follows. */
export interface Statement {
  readonly value: Value;
  /** `origins` of `const origins = …`, `app.config` of `app.config['X'] = …` */
  readonly target: string | undefined;
  /** `X` of `app.config['X'] = …` */
  readonly key: string | undefined;
  readonly isDecorator: boolean;
}

/**
 * Reads JSON, or the literals, assignments, imports, decorators and calls of JavaScript, TypeScript or Python. Nothing is run.
 *
 * @param language absent = told by what is in it.
 * @throws SourceError with line and column where it cannot be read, and past the limits of its parts; function bodies of Python cannot.
 */
export function parseProgram(source: string, language?: Language): Program {
  const large = source.length > MAX_SOURCE_LENGTH ? parseLargeJson(source) : undefined;
  if (large !== undefined) {
    const statement = { value: large, target: undefined, key: undefined, isDecorator: false };
    return { language: 'javascript', imports: [], statements: [statement] };
  }
  const tokens = tokenize(source);
  const reader: ValueReader = {
    source,
    lineStarts: lineStartsOf(source),
    tokens,
    language: language ?? languageOf(tokens),
    index: 0,
    depth: 0,
  };
  const imports: { module: string; names: readonly string[] }[] = [];
  const statements: Statement[] = [];
  while (peek(reader).kind !== 'end') {
    if (isNext(reader, ';')) reader.index += 1;
    else if (isNext(reader, 'import') || isNext(reader, 'from')) imports.push(readImport(reader));
    else statements.push(readStatement(reader));
  }
  return { language: reader.language, imports, statements };
}

const PYTHON_WORDS = new Set([
  'True',
  'False',
  'None',
  'CORS',
  'cross_origin',
  'crossdomain',
  'from',
  'def',
  'lambda',
]);

function languageOf(tokens: readonly Token[]): Language {
  const isPython = tokens.some(({ kind, text, affix, quote }, index) => {
    if (kind === 'text') return affix !== '' || quote.length === 3;
    // `from` begins a line in Python and ends an import in JavaScript.
    return kind === 'name' && PYTHON_WORDS.has(text) && (text !== 'from' || isFirst(tokens, index));
  });
  return isPython ? 'python' : 'javascript';
}

function isFirst(tokens: readonly Token[], index: number): boolean {
  return tokens[index]?.startsLine === true && tokens[index + 1]?.kind === 'name';
}

/** `import cors from 'cors'`, `import { cors } from 'hono/cors'`, `from flask_cors import CORS as C`, `import re` */
function readImport(reader: ValueReader): { module: string; names: readonly string[] } {
  const isFrom = isNext(reader, 'from');
  reader.index += 1;
  const words: string[] = [];
  let module: string | undefined;
  const start = reader.index;
  while (peek(reader).kind !== 'end' && !isNext(reader, ';')) {
    const { kind, text, startsLine } = peek(reader);
    if (startsLine && reader.index > start) break;
    if (kind === 'text') module = text;
    if (kind === 'mark' && (text === '{' || text === '(')) words.push(...readNames(reader));
    else {
      if (kind === 'name') words.push(text);
      reader.index += 1;
    }
  }
  const names = words.filter((word) => !['from', 'import', 'as', 'type'].includes(word));
  if (module !== undefined) return { module, names };
  return { module: names[0] ?? '', names: isFrom ? names.slice(1) : names };
}

function readNames(reader: ValueReader): readonly string[] {
  const start = reader.index;
  skipBrackets(reader);
  return reader.tokens
    .slice(start, reader.index)
    .flatMap(({ kind, text }) => (kind === 'name' ? [text] : []));
}

const DECLARING = new Set(['export', 'default', 'const', 'let', 'var']);
/** What begins code that has a body. */
const BODIES = new Set(['def', 'class', 'function', 'async', 'if', 'for', 'while', 'with', 'try']);

function readStatement(reader: ValueReader): Statement {
  const isDecorator = isNext(reader, '@');
  if (isDecorator) reader.index += 1;
  while (peek(reader).kind === 'name' && DECLARING.has(peek(reader).text)) reader.index += 1;
  if (peek(reader).kind === 'name' && BODIES.has(peek(reader).text)) {
    fail(
      reader,
      `Code is not read: leave out what begins with ${peek(reader).text} and keep the configuration.`,
    );
  }
  const target = readTarget(reader);
  const value = parseValue(reader);
  if (!endsHere(reader)) skipRest(reader);
  const { kind, text } = peek(reader);
  if (kind === 'mark' && text !== ';' && !peek(reader).startsLine) {
    // `a, b = …` and the like.
    throw new SourceError(
      `A statement does not go on with ${text}`,
      placeOf(reader.source, peek(reader).start),
    );
  }
  return { value, ...target, isDecorator };
}

/** What stands before `=`, when this is an assignment; the index is behind it then, and where it was otherwise. */
function readTarget(reader: ValueReader): Pick<Statement, 'target' | 'key'> {
  const start = reader.index;
  let target = '';
  let key: string | undefined;
  for (let token = peek(reader); token.kind === 'name' || token.text === '.'; token = peek(reader)) {
    target += token.text;
    reader.index += 1;
    if (peek(reader).startsLine) break;
  }
  // A key that is a name is computed: that is code.
  if (
    isNext(reader, '[') &&
    reader.tokens[reader.index + 1]?.kind !== 'name' &&
    reader.tokens[reader.index + 2]?.text === ']'
  ) {
    key = reader.tokens[reader.index + 1]?.text;
    reader.index += 3;
  }
  // A type, in either language.
  if (isNext(reader, ':')) {
    while (!isNext(reader, '=') && peek(reader).kind !== 'end' && !isNext(reader, '{')) reader.index += 1;
  }
  if (target !== '' && isNext(reader, '=')) {
    reader.index += 1;
    return { target, key };
  }
  reader.index = start;
  return { target: undefined, key: undefined };
}
