import { checkPolicySettings, isPolicyName, parsePattern } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { convertConfiguration } from '../../src/migrate/conversion.js';
import { tableLines } from '../../src/migrate/conversion-table.js';
import { converted } from './ours.js';

/** What tells the library. */
const TOLD: readonly (readonly [library: string, source: string])[] = [
  ['flask-cors', "CORS(app, origins='*')"],
  ['flask-cors', 'from flask_cors import CORS as Cross\nCross(app)'],
  ['flask-cors', '{"supports_credentials": true, "origins": "https://a.example.com"}'],
  ['flask-cors', 'CORS_ORIGINS = ["https://a.example.com"]'],
  ['flask-cors', "cors = CORS(expose_headers='X-A')\ncors.init_app(app, origins='https://a.example.com')"],
  ['flask-decorator', "@crossdomain(origin='https://a.example.com')"],
  ['flask-decorator', '{"origin": "https://a.example.com", "attach_to_all": true}'],
  ['after-request', '["https://a.example.com"]'],
  ['after-request', '{"allowed_origins": ["https://a.example.com"]}'],
  ['cors', "const layer = require('cors'); app.use(layer({ origin: 'https://a.example.com' }));"],
  ['cors', "app.use(cors({ origin: /a/, exposedHeaders: 'X-A' }))"],
  ['@fastify/cors', "await app.register(cors, { origin: 'https://a.example.com' })"],
  ['@fastify/cors', "app.register(require('@fastify/cors'), {})"],
  ['@fastify/cors', '{ origin: true, strictPreflight: false }'],
  ['hono/cors', "import { cors } from 'hono/cors'; app.use(cors({ origin: 'https://a.example.com' }))"],
  ['hono/cors', "app.use('/api/*', cors({ origin: ['https://a.example.com'], allowMethods: ['PUT'] }))"],
  ['@koa/cors', "import cors from '@koa/cors'; app.use(cors())"],
  ['@koa/cors', '{ origin: "https://a.example.com", privateNetworkAccess: true }'],
];

const UNTOLD: readonly (readonly [source: string, message: string])[] = [
  ['{}', 'Nothing in it tells which library it is for; say so: --from cors'],
  ['{"a": 1}', 'Nothing in it tells which library it is for; say so: --from cors'],
  ['', 'There is no object, no list, and no call of a known library in it.'],
  ['app.listen(3000)', 'There is no object, no list, and no call of a known library in it.'],
  ['[]; {}', 'There are several objects or lists in it; keep the one that is meant.'],
  ["CORS(app)\ncrossdomain(origin='*')", 'It configures more than one library; convert them one by one.'],
];

describe('given a configuration and no word about its library', () => {
  it.each(TOLD)('tells %s from %s', (library, source) => {
    const { from, findings } = convertConfiguration(source);
    expect(from).toBe(library);
    expect(findings.map(({ code }) => code)).not.toContain('LIBRARY_GUESSED');
  });

  it('says so when several fit, and which it took', () => {
    const { from, findings } = convertConfiguration(
      '{ origin: ["https://a.example.com"], credentials: true }',
    );
    expect(from).toBe('cors');
    expect(findings).toMatchObject([
      { code: 'LIBRARY_GUESSED', detail: expect.stringContaining('cors, @fastify/cors, hono/cors') },
      {},
    ]);
  });

  it.each(UNTOLD)('stops at %j', (source, message) => {
    expect(() => convertConfiguration(source)).toThrow(message);
  });

  it('takes the caller’s word', () => {
    expect(convertConfiguration('{}', { from: '@koa/cors' }).from).toBe('@koa/cors');
  });
});

describe('given names and values that stand elsewhere in the source', () => {
  it('puts in what the source defines, and refuses what it does not', () => {
    const source = `
      const ours = ['https://a.example.com', 'https://b.example.com'];
      const base = { credentials: true, maxAge: 60 };
      const layer = cors({ ...base, origin: [...ours, process.env.EXTRA], methods: METHODS });
      app.use(layer);`;
    expect(converted(source, 'cors')).toMatchObject({
      policies: [{ credentials: true, maxAgeSeconds: 60, methods: [] }],
      entries: [{ pattern: 'https://a.example.com' }, { pattern: 'https://b.example.com' }],
      refused: [{ text: 'process.env.EXTRA' }, { text: 'METHODS' }],
    });
  });

  it('does not follow names in a circle, nor for ever', () => {
    expect(converted('a = b\nb = a\nCORS(app, origins=a)').refused).toMatchObject([{}]);
    const doubled = Array.from(
      { length: 30 },
      (_, index) => `x${index} = [x${index + 1}, x${index + 1}]`,
    ).join('\n');
    expect(converted(`${doubled}\nCORS(app, origins=x0)`).entries).toEqual([]);
  });
});

describe('given a list that has grown for years', () => {
  // A second on a slow machine, and minutes if each origin were compared with all the others.
  it('converts JSON of 20,000 origins, for any library', { timeout: 30_000 }, () => {
    const origin = Array.from({ length: 20_000 }, (_, index) => `https://shop-${index}.example.com`);
    expect(converted(JSON.stringify(origin)).entries).toHaveLength(20_000);
    expect(converted(JSON.stringify({ origin, credentials: true }), 'cors')).toMatchObject({
      policies: [{ credentials: true }],
      entries: expect.objectContaining({ length: 20_000 }),
      refused: [],
    });
  });
});

describe('given several uses in one source', () => {
  it('names policies by their paths, and entries by their policies', () => {
    const source = `
      app.use(cors({ origin: ['https://a.example.com', 'https://b.example.com'] }));
      app.use('/api/v1', cors({ origin: ['https://a.example.com'] }));
      app.use('/api-v1', cors({ origin: ['https://a.example.com'] }));
      app.use('/default', cors({ origin: [] }));`;
    expect(converted(source, 'cors')).toMatchObject({
      policies: [
        { name: 'default', paths: ['/'] },
        { name: 'api-v1', paths: ['/api/v1'] },
        { name: 'api-v1-2', paths: ['/api-v1'] },
        { name: 'policy', paths: ['/default'] },
      ],
      entries: [
        { pattern: 'https://a.example.com', policies: ['default', 'api-v1', 'api-v1-2'] },
        { pattern: 'https://b.example.com', policies: ['default'] },
      ],
    });
  });

  it('takes the same layer twice for one, and refuses another for the same path', () => {
    const one = "cors({ origin: 'https://a.example.com' })";
    expect(converted(`app.use(${one}); app.options('*', ${one});`, 'cors')).toMatchObject({
      policies: [{ name: 'default' }],
      refused: [],
    });
    expect(converted(`app.use(${one}); app.options('*', cors());`, 'cors')).toMatchObject({
      policies: [{ name: 'default' }],
      entries: [{ pattern: 'https://a.example.com' }],
      refused: [{ text: 'cors()' }],
    });
  });

  it('takes the caller’s paths for what is mounted on none', () => {
    const { policies } = convertConfiguration("@crossdomain(origin='*')", { paths: ['/predict', '/train'] });
    expect(policies).toMatchObject([{ name: 'predict', paths: ['/predict', '/train'] }]);
  });
});

describe('given what the service would refuse', () => {
  it('hands on no null with credentials', () => {
    expect(
      converted("cors({ origin: ['null', 'https://a.example.com'], credentials: true })", 'cors'),
    ).toMatchObject({
      entries: [{ pattern: 'https://a.example.com' }],
      refused: [{ text: 'null' }],
    });
  });

  it('says which risk to accept for what it does not take without', () => {
    const { findings } = convertConfiguration(
      "cors({ origin: ['http://a.example.com'], credentials: true })",
      { from: 'cors' },
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        subject: 'http://a.example.com',
        code: 'INSECURE_WITH_CREDENTIALS',
        severity: 'reject',
        detail: expect.stringContaining('name INSECURE_WITH_CREDENTIALS in the entry’s acceptedRisks'),
      }),
    );
  });

  it('makes only policies and patterns that can be stored', () => {
    const source = `
      app.use('/API/Orders/', cors({ origin: ['https://a.example.com'], methods: ['PUT', 'TRACE', 'A B'], allowedHeaders: 'X-A, X B', maxAge: -1 }));`;
    const { policies, entries, codes } = converted(source, 'cors');
    expect(policies).toMatchObject([
      {
        name: 'api-orders',
        paths: ['/api/orders'],
        methods: ['PUT'],
        allowedHeaders: ['X-A'],
        maxAgeSeconds: 0,
      },
    ]);
    expect(policies.flatMap((policy) => checkPolicySettings(policy))).toEqual([]);
    expect(policies.every(({ name }) => isPolicyName(name))).toBe(true);
    expect(entries.every(({ pattern }) => parsePattern(pattern).ok)).toBe(true);
    expect(codes).toEqual(expect.arrayContaining(['PATH_NARROWER', 'NEVER_WORKED', 'MAX_AGE_BOUNDED']));
  });

  it('tells of options that the library does not know', () => {
    const { findings } = convertConfiguration(
      "cors({ origin: 'https://a.example.com', allowHeaders: ['X-A'] })",
      { from: 'cors' },
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: 'UNKNOWN_OPTION',
        detail: expect.stringContaining('allowedHeaders may be meant'),
      }),
    );
  });
});

describe('given a conversion for a person', () => {
  it('shows what to enter, what to know and what is left', () => {
    const source =
      "cors({ origin: ['https://a.example.com', /example\\.com$/], allowedHeaders: ['X-A'], optionsSuccessStatus: 200 })";
    expect(tableLines(convertConfiguration(source, { from: 'cors' }))).toEqual([
      'From cors',
      '',
      'Policies',
      '  default',
      '    paths           /',
      '    credentials     false',
      '    methods         GET, HEAD, PUT, PATCH, POST, DELETE',
      '    allowedHeaders  X-A',
      '    exposedHeaders  –',
      '    privateNetwork  false',
      '    alwaysSend      false',
      '    enforcement     headers',
      '',
      'Entries',
      '  https://a.example.com  (all policies)',
      '',
      'Findings',
      '  warn    NOT_CARRIED  optionsSuccessStatus: 200',
      '          A preflight that is granted is always answered 204; every browser takes any 2xx.',
      '',
      'Refused',
      '  /example\\.com$/',
      '    resists  example\\.com',
      '    because  Nothing stands before the name, so https://evilexample.com is let in too.',
      '    instead  https://example.com and https://*.example.com',
      '',
      '1 policy, 1 entry, 1 finding, 1 refused',
    ]);
  });
});
