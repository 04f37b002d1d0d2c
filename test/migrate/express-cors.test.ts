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
