import { describe, expect, it } from 'vitest';
import { compare, conversionOf, theirAnswer, type Use, verdicts } from './compare.js';
import { converted } from './ours.js';
import { get, preflight, sameOrigin } from './probe.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';

function use(options: Extract<Use, { library: '@fastify/cors' }>['options'] = {}): Use {
  return { library: '@fastify/cors', options };
}

describe('given a configuration of @fastify/cors', () => {
  it('@fastify/cors without options lets every page read, with the simplest methods and any header', async () => {
    expect(conversionOf(use())).toMatchObject({
      policies: [
        { name: 'default', methods: ['GET', 'HEAD', 'POST'], allowedHeaders: ['*', 'authorization'] },
      ],
      entries: [{ pattern: '*' }],
      refused: [],
    });
    expect(await compare(use(), get(EVIL))).toEqual({});
    expect(await compare(use(), sameOrigin())).toEqual({});
    expect(await verdicts(use(), preflight('POST', ['authorization']))).toEqual({
      theirs: [true, false],
      ours: [true, false],
    });
    expect(await verdicts(use(), preflight('PUT'))).toEqual({ theirs: [false, false], ours: [false, false] });
  });

  it('@fastify/cors sends a fixed origin to everybody and no Vary, we to that origin and with Vary', async () => {
    const fixed = use({ origin: ORIGIN });
    expect(conversionOf(fixed).entries).toEqual([{ pattern: ORIGIN }]);
    expect(await compare(fixed, get())).toEqual({});
    expect((await theirAnswer(fixed, get())).headers).toEqual({ 'access-control-allow-origin': ORIGIN });
    expect(await compare(fixed, get(EVIL))).toEqual({ 'access-control-allow-origin': [ORIGIN, '-'] });
  });

  it('@fastify/cors compares a list of texts, tests expressions, and takes * in a list for everybody', async () => {
    const given = use({ origin: [ORIGIN, /^https:\/\/pr-\d\.example\.com$/] });
    expect(conversionOf(given).entries).toHaveLength(11);
    for (const origin of [ORIGIN, 'https://pr-7.example.com', 'https://pr-77.example.com', EVIL]) {
      expect(await compare(given, get(origin))).toEqual({});
    }
    const any = use({ origin: [ORIGIN, '*'] });
    expect(conversionOf(any).entries).toEqual([{ pattern: '*' }]);
    expect(await compare(any, get(EVIL))).toEqual({});
  });

  it('@fastify/cors forgets the last match of an expression with the flag g, so nothing changes', async () => {
    const given = use({ origin: /^https:\/\/app\.example\.com$/g });
    expect(conversionOf(given)).toMatchObject({ entries: [{ pattern: ORIGIN }], codes: [] });
    expect(await compare(given, get())).toEqual({});
    expect(await compare(given, get())).toEqual({});
  });

  it('@fastify/cors sends every origin back with origin: true; with credentials that is refused', async () => {
    expect(conversionOf(use({ origin: true }))).toMatchObject({ entries: [{ pattern: '*' }], refused: [] });
    const given = use({ origin: true, credentials: true });
    expect(conversionOf(given)).toMatchObject({ entries: [], refused: [{ text: 'true' }] });
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, true], ours: [false, false] });
  });

  it('@fastify/cors is turned off by origin: false, which is an empty list', async () => {
    const given = use({ origin: false });
    expect(conversionOf(given)).toMatchObject({ entries: [], refused: [] });
    expect(await verdicts(given, get())).toEqual({ theirs: [false, false], ours: [false, false] });
  });

  it('@fastify/cors may ask a function for the origin, which is refused', () => {
    expect(converted('app.register(cors, { origin: async (origin) => isKnown(origin) })')).toMatchObject({
      entries: [],
      refused: [{ text: 'async (origin) => isKnown(origin)' }],
    });
  });

  it('@fastify/cors takes methods as a list or a text with commas', async () => {
    const given = use({ origin: [ORIGIN], methods: 'GET, PUT', allowedHeaders: ['X-A'] });
    expect(conversionOf(given).policies).toMatchObject([{ methods: ['GET', 'PUT'] }]);
    expect(await compare(given, preflight('PUT', ['x-a']))).toEqual({});
  });

  it('@fastify/cors allows what is asked for without allowedHeaders or with null; an empty list allows none', async () => {
    expect(conversionOf(use({ origin: [ORIGIN] })).policies).toMatchObject([
      { allowedHeaders: ['*', 'authorization'] },
    ]);
    expect(
      converted('{ origin: ["https://app.example.com"], allowedHeaders: null }', '@fastify/cors').policies,
    ).toMatchObject([{ allowedHeaders: ['*', 'authorization'] }]);
    const none = use({ origin: [ORIGIN], allowedHeaders: [] });
    expect(conversionOf(none).policies).toMatchObject([{ allowedHeaders: [] }]);
    expect(await verdicts(none, preflight('POST', ['x-a']))).toEqual({
      theirs: [false, false],
      ours: [false, false],
    });
  });

  it('@fastify/cors exposes headers on every answer, we on those that pages read', async () => {
    const given = use({ origin: [ORIGIN], exposedHeaders: ['X-B', 'X-C'] });
    expect(conversionOf(given).policies).toMatchObject([{ exposedHeaders: ['X-B', 'X-C'] }]);
    expect(await compare(given, get())).toEqual({});
  });

  it('@fastify/cors sends credentials with a list of origins; with * they are off', async () => {
    const given = use({ origin: [ORIGIN], credentials: true });
    expect(conversionOf(given).policies).toMatchObject([{ credentials: true }]);
    expect(await compare(given, get())).toEqual({});
    const any = use({ origin: '*', credentials: true });
    expect(conversionOf(any).policies).toMatchObject([{ credentials: false }]);
    expect(await verdicts(any, get(EVIL))).toEqual({ theirs: [true, false], ours: [true, false] });
    for (const credentials of JSON.parse('["no", 1, {}]')) {
      const truthy = use({ origin: [ORIGIN], credentials });
      expect(conversionOf(truthy).policies).toMatchObject([{ credentials: true }]);
      expect(await compare(truthy, get())).toEqual({});
    }
    for (const credentials of JSON.parse('["", 0, null]')) {
      const falsy = use({ origin: [ORIGIN], credentials });
      expect(conversionOf(falsy)).toMatchObject({ policies: [{ credentials: false }], codes: [] });
      expect(await compare(falsy, get())).toEqual({});
    }
  });

  it('@fastify/cors lets nobody in by null in a list, and everybody by a number, which are refused', async () => {
    const given = use({ origin: JSON.parse(`["${ORIGIN}", null]`) });
    expect(conversionOf(given)).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      refused: [{ code: 'SAYS_NOTHING', text: 'null' }],
    });
    expect(await compare(given, get(EVIL))).toEqual({});
    const five = use({ origin: JSON.parse(`["${ORIGIN}", 5]`) });
    expect(conversionOf(five).refused).toMatchObject([{ code: 'WRONG_KIND', text: '5' }]);
    expect(await verdicts(five, get(EVIL))).toEqual({ theirs: [true, false], ours: [false, false] });
  });

  it('@fastify/cors sends maxAge as it is, 0 included', async () => {
    for (const maxAge of [0, 600]) {
      const given = use({ origin: [ORIGIN], maxAge, allowedHeaders: 'X-A' });
      expect(conversionOf(given).policies).toMatchObject([{ maxAgeSeconds: maxAge }]);
      expect(await compare(given, preflight('POST', ['x-a']))).toEqual({});
    }
  });

  it('@fastify/cors sends cacheControl with preflights, which is not carried over', () => {
    expect(conversionOf(use({ cacheControl: 3600 }))).toMatchObject({
      codes: expect.arrayContaining(['NOT_CARRIED']),
      refused: [],
    });
    expect(conversionOf(use({ origin: [ORIGIN], cacheControl: 0 })).codes).toEqual(['NOT_CARRIED']);
    expect(conversionOf(use({ origin: [ORIGIN], cacheControl: 1.5 })).codes).toEqual([]);
  });

  it('@fastify/cors hands preflights on with preflightContinue or preflight: false, which is refused', async () => {
    const question = preflight('PUT');
    expect(conversionOf(use({ preflightContinue: true })).refused).toMatchObject([
      { text: 'preflightContinue: true' },
    ]);
    expect(conversionOf(use({ preflight: false })).refused).toMatchObject([{ text: 'preflight: false' }]);
    // It answers them for `true` alone.
    for (const [written, preflight] of Object.entries(JSON.parse('{"null": null, "1": 1}'))) {
      expect(converted(`{ preflight: ${written} }`, '@fastify/cors').refused).toMatchObject([
        { code: 'NO_COUNTERPART', text: `preflight: ${written}` },
      ]);
      expect((await theirAnswer(use(JSON.parse(JSON.stringify({ preflight }))), question)).status).toBe(404);
    }
    expect(conversionOf(use({ preflight: true })).refused).toEqual([]);
  });

  it('@fastify/cors answers preflights with optionsSuccessStatus, we with 204', async () => {
    const given = use({ origin: [ORIGIN], optionsSuccessStatus: 200, allowedHeaders: 'X-A' });
    expect(conversionOf(given)).toMatchObject({ codes: ['NOT_CARRIED'], refused: [] });
    expect(await compare(given, preflight('POST'))).toEqual({ status: ['200', '204'] });
  });

  it('@fastify/cors answers 400 to OPTIONS that is no preflight, unless strictPreflight is off; we hand it to the app', async () => {
    const plain = { method: 'OPTIONS', headers: { origin: ORIGIN } };
    expect((await compare(use({ origin: [ORIGIN] }), plain)).status).toEqual(['400', '200']);
    expect(conversionOf(use({ origin: [ORIGIN], strictPreflight: true })).codes).toEqual(['NOT_CARRIED']);
    expect(conversionOf(use({ origin: [ORIGIN], strictPreflight: false })).codes).toEqual([]);
    // Strict for `true` alone.
    const lax = use({ origin: [ORIGIN], strictPreflight: JSON.parse('1') });
    expect(conversionOf(lax).codes).toEqual([]);
    expect((await theirAnswer(lax, plain)).status).toBe(204);
  });

  it('@fastify/cors may run in a later hook, ours never does', () => {
    expect(conversionOf(use({ origin: [ORIGIN], hook: 'preHandler' })).codes).toEqual(['NOT_CARRIED']);
    expect(conversionOf(use({ origin: [ORIGIN], hook: 'onRequest' })).codes).toEqual([]);
  });

  it('@fastify/cors hides and logs its OPTIONS route by options that have no meaning here', () => {
    expect(conversionOf(use({ origin: [ORIGIN], hideOptionsRoute: true, logLevel: 'silent' }))).toMatchObject(
      {
        codes: [],
        refused: [],
      },
    );
  });

  it('@fastify/cors takes options from a delegator, which is refused', () => {
    const source = 'app.register(cors, { delegator: (request, callback) => callback(null, {}) })';
    expect(converted(source).refused).toMatchObject([{ text: '(request, callback) => callback(null, {})' }]);
    expect(converted('app.register(cors, { delegator: null })').refused).toEqual([]);
  });
});
