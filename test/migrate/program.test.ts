import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProgram } from '../../src/migrate/literal/program.js';
import { SourceError } from '../../src/migrate/literal/source-error.js';
import type { Value } from '../../src/migrate/literal/value.js';

/** A value as plain data: what is said, without where. */
function plain(value: Value): unknown {
  switch (value.kind) {
    case 'text':
      return value.text;
    case 'number':
      return value.number;
    case 'boolean':
      return value.boolean;
    case 'duration':
      return { seconds: value.seconds };
    case 'none':
      return null;
    case 'list':
      return value.items.map(plain);
    case 'dict':
      return Object.fromEntries(
        value.entries.map(({ key, value: own }) => [key === undefined ? '...' : plain(key), plain(own)]),
      );
    case 'regex':
      return value.regex;
    case 'call':
      return {
        call: value.callee,
        args: value.args.map(plain),
        named: value.named.map(({ value: own }) => plain(own)),
      };
    case 'name':
      return { name: value.name };
    case 'spread':
      return { spread: plain(value.value) };
    case 'code':
      return { code: value.source };
  }
}

function read(source: string): unknown {
  const { statements } = parseProgram(source);
  return statements.length === 1 && statements[0] !== undefined
    ? plain(statements[0].value)
    : statements.map(({ value }) => plain(value));
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a template
const TEMPLATE = '`https://${host}`';

const VALUES: readonly (readonly [source: string, value: unknown])[] = [
  [
    '{"origin": ["https://a"], "maxAge": 600, "credentials": true, "x": null}',
    { origin: ['https://a'], maxAge: 600, credentials: true, x: null },
  ],
  [
    "{ origin: 'https://a', 'methods': `GET`, /* one */ maxAge: 1_000, // two\n }",
    { origin: 'https://a', methods: 'GET', maxAge: 1000 },
  ],
  [
    "{'origins': ('https://a', \"https://b\",), 'x': True, 'y': None} # three",
    { origins: ['https://a', 'https://b'], x: true, y: null },
  ],
  ["{'a', 'b'}", ['a', 'b']],
  ["('a')", 'a'],
  ["('a',)", ['a']],
  ['[-1, 2.5, 1e3]', [-1, 2.5, 1000]],
  ["['it\\'s', \"\\x41\\u0042\\u{43}\", 'a\\.b']", ["it's", 'ABC', 'a.b']],
  ["[True, 'a\\.b', r'a\\.b', R\"c\\d\", b'e', '''f\ng''']", [true, 'a\\.b', 'a\\.b', 'c\\d', 'e', 'f\ng']],
  [
    '[/^https:\\/\\/[/]a$/i, /b/]',
    [
      { source: '^https:\\/\\/[/]a$', flags: 'i', dialect: 'javascript' },
      { source: 'b', flags: '', dialect: 'javascript' },
    ],
  ],
  ['[process.env.ORIGIN, name]', [{ name: 'process.env.ORIGIN' }, { name: 'name' }]],
  [
    `[${TEMPLATE}, f'https://{host}', 'a' + 'b']`,
    [{ code: TEMPLATE }, { code: "f'https://{host}'" }, { code: "'a' + 'b'" }],
  ],
  [
    '{ origin: (o, cb) => { cb(null, [o, "}"]); }, credentials(ctx) { return 1 }, async x() {}, maxAge: 5 }',
    {
      origin: { code: '(o, cb) => { cb(null, [o, "}"]); }' },
      credentials: { code: 'credentials(ctx) { return 1 }' },
      x: { code: 'x() {}' },
      maxAge: 5,
    },
  ],
  ['{ origin, ...base }', { origin: { name: 'origin' }, '...': { spread: { name: 'base' } } }],
  [
    "CORS(app, origins='*', **more)",
    { call: 'CORS', args: [{ name: 'app' }], named: ['*', { spread: { name: 'more' } }] },
  ],
  ["new RegExp('^a$', 'i')", { call: 'RegExp', args: ['^a$', 'i'], named: [] }],
  ["['https://a'] as const", ['https://a']],
  ['[lambda o: o, x if y else z]', [{ code: 'lambda o: o' }, { code: 'x if y else z' }]],
];

/** Where reading stops, and why. */
const FAULTS: readonly (readonly [source: string, line: number, column: number, message: string])[] = [
  ['{"a": 1,\n "b": [1, 2}', 2, 12, 'A comma or ] is missing here.'],
  ['{"a": "x\n}', 1, 7, 'A text is not closed.'],
  ['[1, 2', 1, 1, 'A bracket is not closed.'],
  ['{"a" 1}', 1, 6, 'A colon is missing here.'],
  ['[/a', 1, 2, 'A regular expression is not closed.'],
  ['/* a', 1, 1, 'A comment is not closed.'],
  ['`${a', 1, 2, 'A bracket is not closed.'],
  ['`${'.repeat(41), 1, 122, 'Its templates are nested too deeply to be read.'],
  ['[,]', 1, 2, 'A value was expected, not ,'],
  ['x =', 1, 4, 'It ends where a value is missing.'],
  [
    '@app.route("/x")\n@cross_origin()\ndef view():\n  return 1',
    3,
    1,
    'Code is not read: leave out what begins with def and keep the configuration.',
  ],
  ['a, b = 1, 2', 1, 2, 'A statement does not go on with ,'],
  ['f(() => { return [1 })', 1, 21, 'This } closes nothing.'],
  [`${'['.repeat(41)}${']'.repeat(41)}`, 1, 42, 'Its brackets are nested too deeply to be read.'],
  [' '.repeat(262_145), 1, 1, 'It has more than 262144 characters and is not plain JSON.'],
];

describe('given a configuration’s source', () => {
  it.each(VALUES)('reads %s', (source, value) => {
    expect(read(source)).toEqual(value);
  });

  it('reads imports, assignments and decorators of both languages', () => {
    const javascript =
      "import cors, { type CorsOptions } from 'cors';\nexport const options: CorsOptions = { origin: true };";
    expect(parseProgram(javascript)).toMatchObject({
      language: 'javascript',
      imports: [{ module: 'cors', names: ['cors', 'CorsOptions'] }],
      statements: [{ target: 'options', value: { kind: 'dict' } }],
    });
    const python =
      "from flask_cors import (CORS,\n  cross_origin)\napp.config['CORS_ORIGINS'] = []\n@cross_origin()\n";
    expect(parseProgram(python)).toMatchObject({
      language: 'python',
      imports: [{ module: 'flask_cors', names: ['CORS', 'cross_origin'] }],
      statements: [
        { target: 'app.config', key: 'CORS_ORIGINS', isDecorator: false },
        { isDecorator: true, value: { kind: 'call', callee: 'cross_origin' } },
      ],
    });
  });

  it.each(FAULTS)(
    'says of %j where it cannot be read: line %i, column %i',
    (source, line, column, message) => {
      try {
        parseProgram(source);
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: 'source_unreadable', line, column, message });
      }
    },
  );

  it('reads any JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
        const source = JSON.stringify(value);
        expect(JSON.stringify(read(source))).toBe(JSON.stringify(JSON.parse(source)));
      }),
    );
  });

  it('reads JSON of 100,000 origins, and any other that is too large for words alike', () => {
    const origins = Array.from({ length: 100_000 }, (_, index) => `https://shop-${index}.example.com`);
    expect(read(JSON.stringify(origins))).toEqual(origins);
    const value = { a: [1, -2.5, true, null, 'é"'], b: {}, c: ' '.repeat(262_144) };
    expect(read(JSON.stringify(value))).toEqual(value);
    const [statement] = parseProgram(JSON.stringify(['x'.repeat(200), ...origins], null, 2)).statements;
    expect(statement?.value.source).toBe(`["${'x'.repeat(118)}…`);
  });

  it.each<[what: string, source: string, message: string]>([
    ['characters', `["${'x'.repeat(33_554_432)}"]`, 'It has more than 33554432 characters.'],
    ['values', `[${'0,'.repeat(500_000)}0]`, 'It has more than 500000 values.'],
    [
      'brackets',
      `${'['.repeat(150_000)}${']'.repeat(150_000)}`,
      'Its brackets are nested too deeply to be read.',
    ],
  ])('reads no JSON with too many %s', (_what, source, message) => {
    expect(() => parseProgram(source)).toThrow(message);
  });

  it('reads any text to its end or says where it cannot, and runs nothing', () => {
    const marks = fc.constantFrom(
      ...'[]{}(),:;=\'"`/\\#@.*ra1 \n-'.split(''),
      'CORS',
      'cors',
      '=>',
      'function',
      'import',
      'from',
      '...',
      'r"',
      '${',
    );
    fc.assert(
      fc.property(fc.array(marks, { maxLength: 30 }), (parts) => {
        try {
          parseProgram(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(SourceError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
