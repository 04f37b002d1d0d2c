import { describe, expect, it } from 'vitest';
import { compare, conversionOf, type Use, verdicts } from './compare.js';
import { converted } from './ours.js';
import { get, preflight, sameOrigin } from './probe.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';

function use(options?: Extract<Use, { library: 'hono/cors' }>['options']): Use {
  return { library: 'hono/cors', ...(options !== undefined && { options }) };
}

describe('given a configuration of hono/cors', () => {
  it('hono/cors without options lets every page read, QUERY among its methods', async () => {
    expect(conversionOf(use())).toMatchObject({
      policies: [
        {
          name: 'default',
          methods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'QUERY'],
          allowedHeaders: ['*', 'authorization'],
        },
      ],
      entries: [{ pattern: '*' }],
      refused: [],
    });
    expect(await compare(use(), get(EVIL))).toEqual({});
    expect(await compare(use(), sameOrigin())).toEqual({});
    expect(await verdicts(use(), preflight('QUERY', ['authorization']))).toEqual({
      theirs: [true, false],
      ours: [true, false],
    });
  });

  it('hono/cors sends an origin of its own or of a list to that origin alone, as we do', async () => {
    const fixed = use({ origin: ORIGIN });
    expect(conversionOf(fixed).entries).toEqual([{ pattern: ORIGIN }]);
    const listed = use({ origin: [ORIGIN, 'https://b.example.com'] });
    expect(conversionOf(listed).entries).toEqual([{ pattern: ORIGIN }, { pattern: 'https://b.example.com' }]);
    for (const origin of [ORIGIN, 'https://b.example.com', EVIL]) {
      expect(await compare(listed, get(origin))).toEqual({});
    }
    expect(await compare(fixed, get(EVIL))).toEqual({});
  });

  it('hono/cors compares * in a list as a text, so it let nobody in and is refused', async () => {
    const given = use({ origin: [ORIGIN, '*'] });
    expect(conversionOf(given)).toMatchObject({ entries: [{ pattern: ORIGIN }], refused: [{ text: '"*"' }] });
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [false, false], ours: [false, false] });
    expect(conversionOf(given).refused).toMatchObject([{ instead: '*' }]);
    const withCredentials = use({ origin: [ORIGIN, '*'], credentials: true });
    expect(conversionOf(withCredentials).refused).toMatchObject([
      { text: '"*"', instead: 'Write an entry for each origin that is meant.' },
    ]);
  });

  it('hono/cors lets nobody in by null or a number in a list, which are refused', async () => {
    const given = use({ origin: JSON.parse(`["${ORIGIN}", null, 5]`) });
    expect(conversionOf(given)).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      refused: [
        { code: 'SAYS_NOTHING', text: 'null' },
        { code: 'WRONG_KIND', text: '5' },
      ],
    });
    expect(await compare(given, get(EVIL))).toEqual({});
  });

  it('hono/cors may ask a function for the origin, which is refused', () => {
    const source =
      "app.use('/api/*', cors({ origin: (origin) => origin.endsWith('.example.com') ? origin : null }))";
    expect(converted(source, 'hono/cors')).toMatchObject({
      entries: [],
      refused: [{ text: "(origin) => origin.endsWith('.example.com') ? origin : null" }],
    });
  });

  it('hono/cors takes allowMethods as a list; a function is refused', async () => {
    const given = use({ origin: ORIGIN, allowMethods: ['PUT'], allowHeaders: ['X-A'] });
    expect(conversionOf(given).policies).toMatchObject([{ methods: ['PUT'] }]);
    expect(await compare(given, preflight('PUT', ['x-a']))).toEqual({});
    expect(await verdicts(given, preflight('DELETE'))).toEqual({
      theirs: [false, false],
      ours: [false, false],
    });
    expect(converted('cors({ allowMethods: (origin) => [] })', 'hono/cors').refused).toMatchObject([
      { text: '(origin) => []' },
    ]);
  });

  it('hono/cors takes an empty allowHeaders for none given, and allows what is asked for', async () => {
    const given = use({ origin: ORIGIN, credentials: true, allowHeaders: [] });
    expect(conversionOf(given).policies).toMatchObject([{ allowedHeaders: ['*', 'authorization'] }]);
    expect(await verdicts(given, preflight('PUT', ['authorization', 'x-a']))).toEqual({
      theirs: [true, true],
      ours: [true, true],
    });
  });

  it('hono/cors exposes headers to refused origins too, we to allowed ones', async () => {
    const given = use({ origin: ORIGIN, exposeHeaders: ['X-B'] });
    expect(conversionOf(given).policies).toMatchObject([{ exposedHeaders: ['X-B'] }]);
    expect(await compare(given, get())).toEqual({});
    expect(await compare(given, get(EVIL))).toEqual({ 'access-control-expose-headers': ['X-B', '-'] });
  });

  it('hono/cors sends credentials beside its default *, where they never worked', async () => {
    const given = use({ origin: '*', credentials: true });
    expect(conversionOf(given)).toMatchObject({
      policies: [{ credentials: false }],
      entries: [{ pattern: '*' }],
      codes: expect.arrayContaining(['CREDENTIALS_OFF']),
    });
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, false], ours: [true, false] });
    for (const credentials of JSON.parse('[true, "no", 1, "", 0, null]')) {
      expect(await compare(use({ origin: [ORIGIN], credentials }), get())).toEqual({});
    }
  });

  it('hono/cors sends maxAge as it is, 0 included', async () => {
    for (const maxAge of [0, 600]) {
      const given = use({ origin: ORIGIN, maxAge, allowHeaders: ['X-A'] });
      expect(conversionOf(given).policies).toMatchObject([{ maxAgeSeconds: maxAge }]);
      expect(await compare(given, preflight('PUT'))).toEqual({});
    }
  });

  it("hono/cors on '/api/*' is a policy for /api; on '/api' it is for that path alone, and that is told", () => {
    expect(
      converted("app.use('/api/*', cors({ origin: 'https://app.example.com' }))", 'hono/cors'),
    ).toMatchObject({
      policies: [{ name: 'api', paths: ['/api'] }],
      entries: [{ pattern: ORIGIN, policies: ['api'] }],
      codes: [],
    });
    expect(
      converted("app.use('/api', cors({ origin: 'https://app.example.com' }))", 'hono/cors'),
    ).toMatchObject({
      policies: [{ paths: ['/api'] }],
      codes: ['PATH_WIDER'],
    });
  });

  it('hono/cors takes no regular expression, so one is refused and not narrowed', () => {
    expect(converted('cors({ origin: /^https:\\/\\/app\\.example\\.com$/ })', 'hono/cors')).toMatchObject({
      entries: [],
      refused: [{ text: '/^https:\\/\\/app\\.example\\.com$/' }],
    });
  });
});
