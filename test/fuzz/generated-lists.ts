import type { Snapshot, SnapshotEntry, SnapshotPolicy } from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { HOSTILE_ORIGINS } from './hostile-origins.js';
import { spoilings } from './spoiling.js';

/** The time every generated decision is made at; entries expire before, at and after it. */
export const NOW_MS = Date.UTC(2030, 0, 1);

const SCHEMES = ['https', 'https', 'https', 'http', 'capacitor', 'a+b-c.d', 's'.repeat(64)];
/** Few, and alike: most requests should come near some entry. */
const NAMES = [
  'example.com',
  'a.example.com',
  'b.a.example.com',
  'notexample.com',
  'example.co',
  'example.com.',
  'shop.example.com',
  'evil.com',
  'com',
  'localhost',
  'cat',
  'concat',
  'xn--bcher-kva.example',
  'foo_bar.example.com',
  '-edge-.example.com',
  `${'b.'.repeat(118)}example.com`,
];
const ADDRESSES = ['127.0.0.1', '192.168.1.10', '[::1]', '[2001:db8::1]'];
const WILDCARDS = [
  '*.',
  '*.',
  'pr-*-shop.',
  'pr-*.',
  '*-shop.',
  'a-*-b.',
  `${'c'.repeat(40)}-*-${'d'.repeat(20)}.`,
];
const PORTS = ['', '', '', ':*', ':8080', ':1', ':65535', ':443', ':80'];
/** No patterns, each for another reason. */
const BROKEN = [
  'https://*',
  'https://*example.com',
  'https://a*.example.com',
  'https://*.*.example.com',
  '*.example.com',
  'https://pr-*-*.com',
  'https://*.127.0.0.1',
  'http://*.[::1]',
  'https://--*.example.com',
  'https://example.*',
  'ws://example.com',
  'https://a.example.com:8080:*',
];

const patterns: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: join(SCHEMES, NAMES) },
  { weight: 8, arbitrary: join(SCHEMES, WILDCARDS, NAMES) },
  { weight: 2, arbitrary: join(SCHEMES, ADDRESSES) },
  { weight: 1, arbitrary: fc.constantFrom('null', 'null', '*') },
  { weight: 1, arbitrary: fc.constantFrom(...BROKEN, ...HOSTILE_ORIGINS) },
);

/** Pattern texts: most of them right, some spoiled. */
export const patternTexts: fc.Arbitrary<string> = fc.oneof(
  { weight: 9, arbitrary: patterns },
  { weight: 1, arbitrary: fc.tuple(patterns, spoilings).map(([text, spoil]) => spoil(text)) },
);

function join(schemes: readonly string[], ...parts: readonly (readonly string[])[]): fc.Arbitrary<string> {
  const pieces = [...parts, PORTS].map((part) => fc.constantFrom(...part));
  return fc
    .tuple(fc.constantFrom(...schemes), ...pieces)
    .map(([scheme, ...rest]) => `${scheme}://${rest.join('')}`);
}

const EXPIRIES = [
  '2029-12-31T23:59:59.999Z',
  '2030-01-01T00:00:00.000Z',
  '2030-01-01T00:00:00.001Z',
  '2031-01-01T00:00:00.000Z',
];

/** List entries: one pattern each, a few of them off in some way. */
export const entries: fc.Arbitrary<SnapshotEntry> = fc.oneof(
  { weight: 3, arbitrary: patternTexts.map((pattern) => ({ pattern })) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        pattern: patternTexts,
        enabled: fc.boolean(),
        expiresAt: fc.constantFrom(...EXPIRIES),
        policies: fc.subarray(['default', 'api', 'admin', 'gone']),
      },
      { requiredKeys: ['pattern'] },
    ),
  },
);

const METHODS = [
  'PUT',
  'DELETE',
  'PATCH',
  'patch',
  'put',
  'OPTIONS',
  'PURGE',
  '*',
  'TRACE',
  'connect',
  'bad method',
];
const HEADERS = ['Content-Type', 'authorization', 'X-A', 'x-b', '*', 'bad header', 'x-\u00fc'];
const settings = fc.record(
  {
    credentials: fc.boolean(),
    methods: fc.subarray(METHODS, { maxLength: 4 }),
    allowedHeaders: fc.subarray(HEADERS, { maxLength: 4 }),
    exposedHeaders: fc.subarray(HEADERS, { maxLength: 3 }),
    maxAgeSeconds: fc.constantFrom(0, 600, 86_400),
    privateNetwork: fc.boolean(),
    alwaysSend: fc.boolean(),
    enforcement: fc.constantFrom('headers', 'headers', 'headers', 'block', 'report'),
  },
  {
    requiredKeys: [
      'credentials',
      'methods',
      'allowedHeaders',
      'exposedHeaders',
      'privateNetwork',
      'alwaysSend',
      'enforcement',
    ],
  },
);

const PREFIXES = ['/api', '/api/admin', '/admin', '/a/b', '/API', '/caf\u00e9', '/api-v2', '/'];
const paths = fc.subarray(PREFIXES, { maxLength: 2 });

/** A tenant's policies: `default`, and up to two more on some paths. */
export const policyLists: fc.Arbitrary<readonly SnapshotPolicy[]> = fc
  .tuple(settings, fc.array(fc.tuple(paths, settings), { maxLength: 2 }))
  .map(([first, rest]) => {
    const others = rest.map(([prefixes, other], index) => ({
      ...other,
      name: index === 0 ? 'api' : 'admin',
      paths: prefixes,
    }));
    return [{ ...first, name: 'default', paths: ['/'] }, ...others];
  });

const TWINS: readonly ((pattern: string) => string)[] = [
  (pattern) => pattern.replace('https:', 'http:'),
  (pattern) => pattern.replace('http:', 'https:'),
  (pattern) => `${pattern}:*`,
  (pattern) => pattern.replace(/:[^/]*$/, ''),
  (pattern) => pattern.replace('://', '://*.'),
  (pattern) => pattern.replace(/:\/\/[^.]*\./, '://*.'),
];

/** Entries, and at times some that differ from the first in one part only. */
const lists: fc.Arbitrary<readonly SnapshotEntry[]> = fc
  .tuple(fc.array(entries, { maxLength: 7 }), fc.subarray([...TWINS], { maxLength: 2 }))
  .map(([list, twins]) => [
    ...list,
    ...list.slice(0, 1).flatMap((first) => twins.map((twin) => ({ ...first, pattern: twin(first.pattern) }))),
  ]);

/** Snapshots of small lists, where entries get in each other's way. */
export const snapshots: fc.Arbitrary<Snapshot> = fc
  .tuple(lists, policyLists)
  .map(([list, policies]) => snapshotOf(list, policies));

/** A snapshot around a list. */
export function snapshotOf(list: readonly SnapshotEntry[], policies: readonly SnapshotPolicy[]): Snapshot {
  const lineage = '00000000-0000-4000-8000-000000000000';
  return { tenant: 'acme', lineage, revision: 1, count: list.length, policies, entries: list };
}
