import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGranted } from './browser.js';
import { conversionOf, theirAnswer, type Use } from './compare.js';
import { ourAnswer } from './ours.js';
import { get, type Probe, preflight } from './probe.js';

const ORIGINS = [
  'https://a.example.com',
  'https://b.example.com',
  'https://evil.example',
  'null',
  'http://a.example.com',
];
const TEXTS = [...ORIGINS, '*', 'https://a.example.com/', 'https://*.example.com'];
const EXPRESSIONS = [
  /^https:\/\/a\.example\.com$/,
  /\.example\.com$/,
  /example\.com$/,
  /^https?:\/\/.\.example\.com/,
  /.*/,
];
const METHODS = ['GET', 'PUT', 'put', 'DELETE', 'PATCH', '*'];
const HEADERS = ['X-A', 'authorization', 'Content-Type', '*'];

const origin = fc.constantFrom(...TEXTS);
const origins = fc.array(origin, { maxLength: 3 });
const expression = fc.constantFrom(...EXPRESSIONS);
const methods = fc.array(fc.constantFrom(...METHODS), { maxLength: 3 });
const headers = fc.array(fc.constantFrom(...HEADERS), { maxLength: 3 });
const names = fc.oneof(
  headers,
  headers.map((list) => list.join(',')),
);

/** As of a JSON file, which has no types: what each library takes for on differs. */
const flag = fc
  .constantFrom('true', 'false', '"yes"', '"false"', '""', '1', '0', 'null')
  .map((json) => JSON.parse(json));

const reflecting = {
  origin: fc.oneof(
    origin,
    origins,
    expression,
    fc.array(fc.oneof(origin, expression), { maxLength: 3 }),
    fc.boolean(),
  ),
  methods: fc.oneof(
    methods,
    methods.map((list) => list.join(',')),
  ),
  allowedHeaders: names,
  exposedHeaders: names,
  credentials: flag,
  maxAge: fc.constantFrom(0, 600),
};
const fetchStyle = {
  allowMethods: methods,
  allowHeaders: headers,
  exposeHeaders: headers,
  credentials: flag,
  maxAge: fc.constantFrom(0, 600),
};
const optional = { requiredKeys: [] };

/** Uses of every library that runs here, with any of its options. */
const anyUse: fc.Arbitrary<Use> = fc.oneof(
  fc.record(reflecting, optional).map((options) => ({ library: 'cors', options }) as const),
  fc.record(reflecting, optional).map((options) => ({ library: '@fastify/cors', options }) as const),
  fc
    .record({ ...fetchStyle, origin: fc.oneof(origin, origins) }, optional)
    .map((options) => ({ library: 'hono/cors', options }) as const),
  fc
    .record({ ...fetchStyle, origin }, optional)
    .map((options) => ({ library: '@koa/cors', options }) as const),
);

const anyProbe: fc.Arbitrary<Probe> = fc.oneof(
  fc.constantFrom(...ORIGINS).map((one) => get(one)),
  fc
    .tuple(
      fc.constantFrom(...ORIGINS),
      fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'patch', 'DELETE'),
      fc.subarray(['authorization', 'content-type', 'x-a', 'x-b']),
    )
    .map(([one, method, asked]) => preflight(method, asked, { origin: one })),
);

const GAINING = ['WIDER'];
const LOSING = ['NARROWER', 'OPEN_END', 'OPEN_START', 'UNESCAPED_DOT', 'ANY_SCHEME', 'NEVER_WORKED'];
const LIMIT_MS = 30_000;

describe('given any configuration of a library that runs here', () => {
  it(
    'grants and refuses what the library did, or says what changes',
    async () => {
      await fc.assert(
        fc.asyncProperty(anyUse, fc.array(anyProbe, { minLength: 4, maxLength: 8 }), async (use, probes) => {
          const conversion = conversionOf(use);
          const tells = (codes: readonly string[]): boolean =>
            codes.some((code) => conversion.codes.includes(code));
          for (const probe of probes) {
            const [theirs, ours] = [await theirAnswer(use, probe), ourAnswer(conversion, probe)];
            for (const credentials of [false, true]) {
              const before = isGranted(theirs, probe, { credentials });
              const after = isGranted(ours, probe, { credentials });
              const said = { probe, credentials, before, after, ...conversion };
              if (after && !before) expect(tells(GAINING), JSON.stringify(said)).toBe(true);
              if (before && !after)
                expect(tells(LOSING) || conversion.refused.length > 0, JSON.stringify(said)).toBe(true);
            }
          }
        }),
        { numRuns: 120 },
      );
    },
    LIMIT_MS,
  );
});
