import { describe, expect, it } from 'vitest';
import { compare, conversionOf, type Use, verdicts } from './compare.js';
import { converted } from './ours.js';
import { get, preflight, sameOrigin } from './probe.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';

function use(options: Extract<Use, { library: '@koa/cors' }>['options'] = {}): Use {
  return { library: '@koa/cors', options };
}

describe('given a configuration of @koa/cors', () => {
  it('@koa/cors without options lets every page read by *', async () => {
    expect(conversionOf(use())).toMatchObject({
      policies: [
        {
          name: 'default',
          methods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH'],
          allowedHeaders: ['*', 'authorization'],
        },
      ],
      entries: [{ pattern: '*' }],
      refused: [],
    });
    // Vary: Origin beside * only splits caches.
    expect(await compare(use(), get(EVIL))).toEqual({ vary: ['Origin', '-'] });
    expect(await compare(use(), sameOrigin())).toEqual({ vary: ['Origin', '-'] });
    expect(await verdicts(use(), preflight('PUT', ['authorization']))).toEqual({
      theirs: [true, false],
      ours: [true, false],
    });
  });

  it('@koa/cors sends a fixed origin to everybody, we to that origin alone', async () => {
    const fixed = use({ origin: ORIGIN });
    expect(conversionOf(fixed).entries).toEqual([{ pattern: ORIGIN }]);
    expect(await compare(fixed, get())).toEqual({});
    expect(await compare(fixed, get(EVIL))).toEqual({ 'access-control-allow-origin': [ORIGIN, '-'] });
  });

  it('@koa/cors with credentials sends every origin back where no origin is given, which is refused', async () => {
    const given = use({ credentials: true });
    expect(conversionOf(given)).toMatchObject({ entries: [], refused: [{}] });
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, true], ours: [false, false] });
    expect(conversionOf(use({ origin: '*', credentials: true }))).toMatchObject({
      entries: [],
      refused: [{ text: '"*"' }],
    });
  });

  it('@koa/cors may ask a function for the origin, which is refused', () => {
    expect(
      converted('app.use(cors({ origin: (ctx) => ctx.get("Origin"), keepHeadersOnError: true }))'),
    ).toMatchObject({
      entries: [],
      refused: [{ text: '(ctx) => ctx.get("Origin")' }],
    });
  });

  it('@koa/cors sends a list as several headers, which no browser takes; each is let in now, and that is told', async () => {
    const source =
      '{ origin: ["https://app.example.com", "https://b.example.com"], keepHeadersOnError: true }';
    expect(converted(source, '@koa/cors')).toMatchObject({
      entries: [{ pattern: ORIGIN }, { pattern: 'https://b.example.com' }],
      codes: ['WIDER'],
    });
    expect(converted('{ origin: ["https://app.example.com", null] }', '@koa/cors').refused).toMatchObject([
      { code: 'SAYS_NOTHING', text: 'null' },
    ]);
  });

  it('@koa/cors takes allowMethods as a list or a text with commas', async () => {
    const given = use({ origin: ORIGIN, allowMethods: 'GET,PUT', allowHeaders: ['X-A'] });
    expect(conversionOf(given).policies).toMatchObject([{ methods: ['GET', 'PUT'] }]);
    expect(await compare(given, preflight('PUT', ['x-a']))).toEqual({});
  });

  it('@koa/cors allows what is asked for without allowHeaders, and with an empty one', async () => {
    for (const given of [use({ origin: ORIGIN }), use({ origin: ORIGIN, allowHeaders: [] })]) {
      expect(conversionOf(given).policies).toMatchObject([{ allowedHeaders: ['*', 'authorization'] }]);
      expect(await verdicts(given, preflight('PUT', ['authorization']))).toEqual({
        theirs: [true, false],
        ours: [true, false],
      });
    }
  });

  it('@koa/cors exposes headers on answers that pages read, as we do', async () => {
    const given = use({ origin: ORIGIN, exposeHeaders: 'X-B' });
    expect(conversionOf(given).policies).toMatchObject([{ exposedHeaders: ['X-B'] }]);
    expect(await compare(given, get())).toEqual({});
  });

  it('@koa/cors sends credentials with a fixed origin; a function is refused', async () => {
    const given = use({ origin: ORIGIN, credentials: true });
    expect(conversionOf(given).policies).toMatchObject([{ credentials: true }]);
    for (const credentials of JSON.parse('[true, "no", 1, {}, "", 0, null]')) {
      expect(await compare(use({ origin: ORIGIN, credentials }), get())).toEqual({});
    }
    expect(
      converted('cors({ origin: "https://app.example.com", credentials: (ctx) => true })', '@koa/cors'),
    ).toMatchObject({
      policies: [{ credentials: false }],
      refused: [{ text: '(ctx) => true' }],
    });
  });

  it('@koa/cors sends maxAge unless it is 0', async () => {
    const given = use({ origin: ORIGIN, maxAge: '600', allowHeaders: 'X-A' });
    expect(conversionOf(given).policies).toMatchObject([{ maxAgeSeconds: 600 }]);
    expect(await compare(given, preflight('PUT'))).toEqual({});
    const zero = use({ origin: ORIGIN, maxAge: 0, allowHeaders: 'X-A' });
    expect(conversionOf(zero).policies[0]).not.toHaveProperty('maxAgeSeconds');
    expect(await compare(zero, preflight('PUT'))).toEqual({});
  });

  it('@koa/cors keeps headers on errors unless told not to; ours always do', () => {
    expect(conversionOf(use({ origin: ORIGIN, keepHeadersOnError: false })).codes).toEqual(['NOT_CARRIED']);
    expect(conversionOf(use({ origin: ORIGIN, keepHeadersOnError: true })).codes).toEqual([]);
    const source = (value: string) => `{ origin: "https://app.example.com", keepHeadersOnError: ${value} }`;
    expect(converted(source('null'), '@koa/cors').codes).toEqual(['NOT_CARRIED']);
    expect(converted(source('undefined'), '@koa/cors').codes).toEqual([]);
  });

  it('@koa/cors sets other headers with secureContext, which is refused', () => {
    expect(converted('cors({ origin: "https://app.example.com", secureContext: true })')).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      refused: [{ text: 'secureContext: true' }],
    });
  });

  it('@koa/cors answers the question for private networks with privateNetworkAccess, as we do', async () => {
    const given = use({ origin: ORIGIN, privateNetworkAccess: true, allowHeaders: 'X-A' });
    expect(conversionOf(given).policies).toMatchObject([{ privateNetwork: true }]);
    expect(await compare(given, preflight('PUT', [], { privateNetwork: true }))).toEqual({});
  });
});
