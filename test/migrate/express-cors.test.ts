import { describe, expect, it } from 'vitest';
import { convertConfiguration } from '../../src/migrate/conversion.js';
import { compare, conversionOf, type Use, verdicts } from './compare.js';
import { converted } from './ours.js';
import { get, preflight, sameOrigin } from './probe.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';

function use(options: Extract<Use, { library: 'cors' }>['options'] = {}): Use {
  return { library: 'cors', options };
}

describe('given a configuration of cors', () => {
  it('cors without options lets every page read, and any header be sent', async () => {
    expect(conversionOf(use())).toMatchObject({
      policies: [
        {
          name: 'default',
          paths: ['/'],
          credentials: false,
          methods: ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE'],
          allowedHeaders: ['*', 'authorization'],
        },
      ],
      entries: [{ pattern: '*' }],
      refused: [],
    });
    expect(await compare(use(), get(EVIL))).toEqual({});
    expect(await compare(use(), sameOrigin())).toEqual({});
    expect(await compare(use(), preflight('PUT', ['authorization', 'x-a']))).toEqual({
      'access-control-allow-headers': ['authorization, x-a', '*, authorization'],
    });
    expect(await verdicts(use(), preflight('PUT', ['authorization', 'x-a']))).toEqual({
      theirs: [true, false],
      ours: [true, false],
    });
  });

  it('cors sends a fixed origin to everybody, we to that origin alone', async () => {
    const fixed = use({ origin: ORIGIN });
    expect(conversionOf(fixed).entries).toEqual([{ pattern: ORIGIN }]);
    expect(await compare(fixed, get())).toEqual({});
    expect(await compare(fixed, get(EVIL))).toEqual({ 'access-control-allow-origin': [ORIGIN, '-'] });
    expect(await verdicts(fixed, get(EVIL))).toEqual({ theirs: [false, false], ours: [false, false] });
  });

  it('cors answers a refused preflight 204 without an origin, we 403 without any header', async () => {
    const listed = use({ origin: [ORIGIN], credentials: true });
    expect(await compare(listed, preflight('PUT', [], { origin: EVIL }))).toEqual({
      status: ['204', '403'],
      'access-control-allow-credentials': ['true', '-'],
      'access-control-allow-methods': ['DELETE, GET, HEAD, PATCH, POST, PUT', '-'],
    });
  });

  it('cors sends credentials and exposed headers to refused origins too, which no browser heeds', async () => {
    const listed = use({ origin: [ORIGIN], credentials: true, exposedHeaders: ['X-B'] });
    expect(await compare(listed, get())).toEqual({});
    expect(await compare(listed, get(EVIL))).toEqual({
      'access-control-allow-credentials': ['true', '-'],
      'access-control-expose-headers': ['X-B', '-'],
    });
  });

  it('cors compares a list of origins as texts, so one that no browser sends is refused with its right spelling', async () => {
    const given = use({
      origin: [ORIGIN, 'https://b.example.com/', 'HTTPS://c.example.com', 'https://*.d.example.com', '*'],
    });
    expect(conversionOf(given)).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      refused: [
        { text: '"https://b.example.com/"', resists: '/', instead: 'https://b.example.com' },
        { text: '"HTTPS://c.example.com"', resists: 'HTTPS', instead: 'https://c.example.com' },
        {
          text: '"https://*.d.example.com"',
          resists: 'https://*.d.example.com',
          instead: 'https://*.d.example.com',
        },
        { text: '"*"', resists: '*', instead: '*' },
      ],
    });
    expect(await compare(given, get('https://b.example.com'))).toEqual({});
    expect(await compare(given, get('https://x.d.example.com'))).toEqual({});
    // With credentials * is nothing to suggest.
    const withCredentials = use({ origin: ['*', `${ORIGIN}, *`], credentials: true });
    expect(conversionOf(withCredentials).refused).toMatchObject([
      { text: '"*"', instead: 'Write an entry for each origin that is meant.' },
      { text: `"${ORIGIN}, *"`, instead: 'Write an entry for each origin that is meant.' },
    ]);
  });

  it('cors looks for a regular expression anywhere; what has an end and a beginning becomes patterns', async () => {
    const given = use({ origin: [/^https:\/\/(?:www\.)?example\.com$/, /^https?:\/\/localhost(:\d+)?$/] });
    expect(conversionOf(given)).toMatchObject({
      entries: [
        { pattern: 'https://www.example.com' },
        { pattern: 'https://example.com' },
        { pattern: 'https://localhost:*' },
        { pattern: 'http://localhost:*' },
      ],
      refused: [],
    });
    for (const origin of ['https://www.example.com', 'https://example.com', 'http://localhost:3000', EVIL]) {
      expect(await compare(given, get(origin))).toEqual({});
    }
  });

  it('cors lets a regular expression without $ go on, which the pattern does not and says', async () => {
    const given = use({ origin: /^https:\/\/app\.example\.com/ });
    expect(conversionOf(given)).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      codes: ['OPEN_END'],
      refused: [],
    });
    expect(await verdicts(given, get(`${ORIGIN}.evil.example`))).toEqual({
      theirs: [true, false],
      ours: [false, false],
    });
  });

  it('cors takes a suffix for a site; without a dot before it the expression is refused', async () => {
    const given = use({ origin: /example\.com$/ });
    expect(conversionOf(given)).toMatchObject({
      entries: [],
      refused: [
        {
          text: '/example\\.com$/',
          resists: 'example\\.com',
          instead: 'https://example.com and https://*.example.com',
        },
      ],
    });
    expect(await verdicts(given, get('https://evilexample.com'))).toEqual({
      theirs: [true, false],
      ours: [false, false],
    });
  });

  it('cors lets an expression with the flag g in every second time, we every time', async () => {
    const given = use({ origin: /^https:\/\/app\.example\.com$/g });
    expect(conversionOf(given)).toMatchObject({ entries: [{ pattern: ORIGIN }], codes: ['STATEFUL_REGEX'] });
    expect(await compare(given, get())).toEqual({});
    expect(await compare(given, get())).toEqual({ 'access-control-allow-origin': ['-', ORIGIN] });
  });

  it('cors sends every origin back with origin: true; without credentials that is *', async () => {
    const given = use({ origin: true });
    expect(conversionOf(given)).toMatchObject({ entries: [{ pattern: '*' }], refused: [] });
    expect(conversionOf(given).codes).toContain('ECHO_TO_ANY');
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, false], ours: [true, false] });
  });

  it('cors sends every origin back with credentials, which is refused', async () => {
    const given = use({ origin: true, credentials: true });
    expect(conversionOf(given)).toMatchObject({ entries: [], refused: [{ text: 'true', resists: 'true' }] });
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, true], ours: [false, false] });
  });

  it('cors with * and credentials never let credentials through, so they are off', async () => {
    const given = use({ origin: '*', credentials: true });
    expect(conversionOf(given)).toMatchObject({
      policies: [{ credentials: false }],
      entries: [{ pattern: '*' }],
      refused: [],
    });
    expect(conversionOf(given).codes).toContain('CREDENTIALS_OFF');
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, false], ours: [true, false] });
  });

  it('cors is turned off by origin: false, which is an empty list', async () => {
    const given = use({ origin: false });
    expect(conversionOf(given)).toMatchObject({
      entries: [],
      codes: expect.arrayContaining(['CORS_OFF']),
      refused: [],
    });
    expect(await verdicts(given, get())).toEqual({ theirs: [false, false], ours: [false, false] });
  });

  it('cors lets nobody in by null in a list, and everybody by a number, which are refused', async () => {
    const empty = use({ origin: JSON.parse(`["${ORIGIN}", null, false]`) });
    expect(conversionOf(empty)).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      refused: [
        { code: 'SAYS_NOTHING', text: 'null' },
        { code: 'SAYS_NOTHING', text: 'false' },
      ],
    });
    expect(await compare(empty, get(EVIL))).toEqual({});
    const given = use({ origin: JSON.parse(`["${ORIGIN}", 5]`) });
    expect(conversionOf(given)).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      refused: [{ code: 'WRONG_KIND', text: '5' }],
    });
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, false], ours: [false, false] });
    expect(converted('cors({ origin: [undefined, known] })', 'cors').refused).toMatchObject([
      { code: 'SAYS_NOTHING', text: 'undefined' },
      { code: 'COMPUTED', text: 'known' },
    ]);
  });

  it('cors may ask a function for the origin, which is refused: the list is what decides', () => {
    const { entries, refused } = converted(
      'cors({ origin: (origin, callback) => callback(null, isKnown(origin)) })',
    );
    expect(entries).toEqual([]);
    expect(refused).toMatchObject([{ text: '(origin, callback) => callback(null, isKnown(origin))' }]);
  });

  it('cors takes methods as a list or a text with commas, in the case they are written', async () => {
    expect(conversionOf(use({ methods: ['put', 'patch'] }))).toMatchObject({
      policies: [{ methods: ['PUT', 'patch'] }],
      codes: expect.arrayContaining(['WIDER', 'METHOD_NOT_UPPER_CASE']),
    });
    expect(await verdicts(use({ methods: ['put', 'patch'] }), preflight('PUT'))).toEqual({
      theirs: [false, false],
      ours: [true, false],
    });
    const given = use({ origin: [ORIGIN], methods: 'PUT, QUERY', allowedHeaders: 'X-A' });
    expect(conversionOf(given)).toMatchObject({ policies: [{ methods: ['PUT', 'QUERY'] }] });
    expect(await compare(given, preflight('QUERY'))).toEqual({});
    expect(await verdicts(given, preflight('DELETE'))).toEqual({
      theirs: [false, false],
      ours: [false, false],
    });
  });

  it('cors without allowedHeaders allows what is asked for, Authorization too', async () => {
    const given = use({ origin: [ORIGIN], credentials: true });
    expect(conversionOf(given).policies).toMatchObject([{ allowedHeaders: ['*', 'authorization'] }]);
    expect(await compare(given, preflight('PUT', ['x-a']))).toEqual({
      'access-control-allow-headers': ['x-a', 'authorization, x-a'],
    });
    expect(await verdicts(given, preflight('PUT', ['authorization', 'x-a']))).toEqual({
      theirs: [true, true],
      ours: [true, true],
    });
  });

  it('cors with a list of allowedHeaders allows those; an empty list allows none', async () => {
    const given = use({ origin: [ORIGIN], allowedHeaders: ['X-A', 'Content-Type'] });
    expect(conversionOf(given).policies).toMatchObject([{ allowedHeaders: ['X-A', 'Content-Type'] }]);
    expect(await compare(given, preflight('PUT', ['content-type', 'x-a']))).toEqual({});
    const none = use({ origin: [ORIGIN], allowedHeaders: [] });
    expect(conversionOf(none).policies).toMatchObject([{ allowedHeaders: [] }]);
    expect(await compare(none, preflight('PUT'))).toEqual({});
    expect(await verdicts(none, preflight('PUT', ['x-a']))).toEqual({
      theirs: [false, false],
      ours: [false, false],
    });
  });

  it('cors with * among names and credentials means any only without cookies, so it is left out', async () => {
    const given = use({ origin: [ORIGIN], credentials: true, allowedHeaders: '*', methods: ['PUT', '*'] });
    expect(conversionOf(given)).toMatchObject({
      policies: [{ credentials: true, allowedHeaders: [], methods: ['PUT'] }],
      codes: ['NARROWER'],
    });
    expect(await verdicts(given, preflight('PUT', ['x-a']))).toEqual({
      theirs: [true, false],
      ours: [false, false],
    });
  });

  it('cors exposes headers on every answer, we on those that pages read', async () => {
    const given = use({ origin: [ORIGIN], exposedHeaders: 'X-B,X-C', allowedHeaders: 'X-A' });
    expect(conversionOf(given).policies).toMatchObject([{ exposedHeaders: ['X-B', 'X-C'] }]);
    expect(await compare(given, get())).toEqual({});
    expect(await compare(given, preflight('PUT'))).toEqual({});
  });

  it('cors sends credentials for true alone', async () => {
    const given = use({ origin: [ORIGIN], credentials: true });
    expect(conversionOf(given).policies).toMatchObject([{ credentials: true }]);
    expect(await verdicts(given, get())).toEqual({ theirs: [true, true], ours: [true, true] });
    // As of a JSON file, which has no types.
    for (const credentials of JSON.parse('["yes", "false", 1, [], {}]')) {
      const seeming = use({ origin: [ORIGIN], credentials });
      expect(conversionOf(seeming)).toMatchObject({
        policies: [{ credentials: false }],
        entries: [{ pattern: ORIGIN }],
        codes: ['NEVER_WORKED'],
        refused: [],
      });
      expect(await compare(seeming, get())).toEqual({});
      const any = conversionOf(use({ origin: true, credentials }));
      expect(any).toMatchObject({ entries: [{ pattern: '*' }], refused: [] });
    }
    for (const credentials of JSON.parse('[0, "", null, false]')) {
      const off = conversionOf(use({ origin: [ORIGIN], credentials }));
      expect(off).toMatchObject({ policies: [{ credentials: false }], codes: [], refused: [] });
    }
  });

  it('cors sends maxAge as it is, 0 included; more than a day is a day', async () => {
    for (const maxAge of [0, 600]) {
      const given = use({ origin: [ORIGIN], maxAge, allowedHeaders: 'X-A' });
      expect(conversionOf(given).policies).toMatchObject([{ maxAgeSeconds: maxAge }]);
      expect(await compare(given, preflight('PUT'))).toEqual({});
    }
    const long = use({ origin: [ORIGIN], maxAge: 1_000_000, allowedHeaders: 'X-A' });
    expect(conversionOf(long)).toMatchObject({
      policies: [{ maxAgeSeconds: 86_400 }],
      codes: expect.arrayContaining(['MAX_AGE_BOUNDED']),
    });
    expect(await compare(long, preflight('PUT'))).toEqual({ 'access-control-max-age': ['1000000', '86400'] });
  });

  it('cors hands preflights on with preflightContinue, which is refused', () => {
    expect(conversionOf(use({ preflightContinue: true }))).toMatchObject({
      refused: [{ text: 'preflightContinue: true' }],
    });
    expect(conversionOf(use({ preflightContinue: JSON.parse('"no"') }))).toMatchObject({
      refused: [{ code: 'NO_COUNTERPART', text: 'preflightContinue: "no"' }],
    });
    expect(conversionOf(use({ preflightContinue: false })).refused).toEqual([]);
  });

  it('cors answers preflights with optionsSuccessStatus, we with 204', async () => {
    const given = use({ origin: [ORIGIN], optionsSuccessStatus: 200, allowedHeaders: 'X-A' });
    expect(conversionOf(given)).toMatchObject({ codes: ['NOT_CARRIED'], refused: [] });
    expect(await compare(given, preflight('PUT'))).toEqual({ status: ['200', '204'] });
    expect(conversionOf(use({ origin: [ORIGIN], optionsSuccessStatus: 204 })).codes).toEqual([]);
  });

  it('cors on a path is a policy for that path', () => {
    expect(converted("app.use('/api', cors({ origin: 'https://app.example.com' }))", 'cors')).toMatchObject({
      policies: [{ name: 'api', paths: ['/api'] }],
      entries: [{ pattern: ORIGIN, policies: ['api'] }],
    });
    expect(
      converted("app.get('/orders/:id', cors({ origin: 'https://app.example.com' }), show)", 'cors'),
    ).toMatchObject({
      policies: [],
      refused: [{ text: "'/orders/:id'", resists: ':id' }],
    });
    expect(
      converted("app.get('/orders', cors({ origin: 'https://app.example.com' }), list)", 'cors'),
    ).toMatchObject({
      policies: [{ name: 'orders', paths: ['/orders'] }],
      codes: ['PATH_WIDER'],
    });
  });

  it('cors is what NestJS hands app.enableCors to; on Fastify say --from @fastify/cors', () => {
    const source = `
      const app = await NestFactory.create(AppModule);
      app.enableCors({ origin: ['https://app.example.com'], credentials: true });
      await app.listen(3000);`;
    expect(convertConfiguration(source).from).toBe('cors');
    expect(converted(source)).toMatchObject({
      policies: [{ name: 'default', paths: ['/'], credentials: true }],
      entries: [{ pattern: ORIGIN }],
      refused: [],
    });
    expect(converted('app.enableCors()')).toMatchObject({ entries: [{ pattern: '*' }], refused: [] });
    expect(converted(source, '@fastify/cors').policies).toMatchObject([{ methods: ['GET', 'HEAD', 'POST'] }]);
    expect(converted('app.enableCors((request, callback) => callback(null, {}))').refused).toMatchObject([
      { code: 'COMPUTED' },
    ]);
  });

  it('cors on a path below another runs both layers; here the longer path answers alone, and that is told', () => {
    const source = "app.use(cors({ origin: 'https://app.example.com' })); app.use('/public', cors());";
    expect(converted(source, 'cors')).toMatchObject({
      policies: [{ name: 'default' }, { name: 'public', paths: ['/public'] }],
      entries: [
        { pattern: ORIGIN, policies: ['default'] },
        { pattern: '*', policies: ['public'] },
      ],
      codes: expect.arrayContaining(['STACKED_LAYERS']),
    });
  });

  it('cors takes options from a function of the request, which is refused', () => {
    expect(converted('app.use(cors((request, callback) => callback(null, options)))', 'cors')).toMatchObject({
      refused: [{ text: '(request, callback) => callback(null, options)' }],
    });
  });
});
