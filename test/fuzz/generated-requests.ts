import type { DecisionRequest } from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { targets } from './generated-targets.js';
import { HOSTILE_ORIGINS } from './hostile-origins.js';
import { originOf, pick, spoilings } from './spoiling.js';

/** Makes a text from the patterns of a list, so that a request comes near what is listed there. */
type FromPatterns = (patterns: readonly string[]) => string;

const nearListed: fc.Arbitrary<FromPatterns> = fc.tuple(fc.nat(999), fc.nat(999), spoilings).map(
  ([index, which, spoil]) =>
    (patterns) =>
      spoil(originOf(pick(patterns, index), which)),
);

/** Origin header values: near some entry, hostile, or anything at all. */
export const originTexts: fc.Arbitrary<FromPatterns> = fc.oneof(
  { weight: 12, arbitrary: nearListed },
  { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_ORIGINS).map((text) => () => text) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...HOSTILE_ORIGINS.filter(({ length }) => length < 400)), spoilings)
      .map(
        ([text, spoil]) =>
          () =>
            spoil(text),
      ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }).map((text) => () => text) },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map((text) => () => `https://${text}`) },
);

const HEADER_NAMES = [
  'content-type',
  'content-type',
  'Content-Type',
  'authorization',
  'x-a',
  'x-a',
  'x-b',
  'X-b',
  'x-c',
  '*',
  '',
  '',
  ' x-a\t',
  'bad header',
  'x-\u00fc',
  'x-a\r\n',
  '\u212a',
  'x'.repeat(200),
];
const headerLine = fc
  .array(fc.constantFrom(...HEADER_NAMES), { maxLength: 4 })
  .map((names) => names.join(','));
/** At the bounds and just past them. */
const LARGE_HEADERS: readonly (string | readonly string[])[] = [
  Array.from({ length: 64 }, () => 'x-a'),
  Array.from({ length: 65 }, () => 'x-a'),
  Array.from({ length: 128 }, () => 'x-a').join(),
  Array.from({ length: 129 }, () => 'x-a').join(),
  `x-a${','.repeat(16)}`,
  `x-a${','.repeat(17)}`,
  Array.from({ length: 16 }, () => ''),
  Array.from({ length: 17 }, () => ''),
  `x-a${' '.repeat(4093)}`,
  `x-a${' '.repeat(4094)}`,
  ['x-a', `x-b${' '.repeat(4090)}`],
  ['x-a', `x-b${' '.repeat(4091)}`],
  'x'.repeat(4096),
  'x'.repeat(4097),
];
const requestHeaders = fc.oneof(
  { weight: 6, arbitrary: headerLine },
  { weight: 2, arbitrary: fc.array(headerLine, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(...LARGE_HEADERS) },
);
const REQUEST_METHODS = [
  'GET',
  'POST',
  'HEAD',
  'GET',
  'PUT',
  'PUT',
  'PUT',
  'PUT',
  'DELETE',
  'DELETE',
  'PATCH',
  'patch',
  'put',
  'PURGE',
  '*',
  'OPTIONS',
  'TRACE',
  'Track',
  '',
  'PUT, DELETE',
  'PUT\r\nX: 1',
  ' PUT',
  'P\u00dcT',
];
const HOSTS = ['example.com', 'localhost', '127.0.0.1', '', '*', 'x'.repeat(400)];
const HOST_ENDINGS = ['', '', '', ':443', ':80', ':8080'];

/** Host headers, most of them of an entry. */
const hosts: fc.Arbitrary<FromPatterns> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...HOSTS).map((host) => () => host) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.nat(999), fc.constantFrom(...HOST_ENDINGS), fc.boolean())
      .map(([index, ending, isUpper]) => (patterns: readonly string[]) => {
        const host = originOf(pick(patterns, index), 0).replace(/^[^/]*:\/\//, '') + ending;
        return isUpper ? host.toUpperCase() : host;
      }),
  },
);

const question = {
  requestMethod: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...REQUEST_METHODS) },
    { weight: 1, arbitrary: fc.subarray(['PUT', 'GET']) },
  ),
  requestHeaders,
  requestPrivateNetwork: fc.constantFrom<string | string[]>('true', 'false', ['true'], ['true', 'true']),
};

/** Preflights that lack only the origin; the application's own OPTIONS requests too. */
export const preflights: fc.Arbitrary<DecisionRequest> = fc.record(
  { method: fc.constant('OPTIONS'), ...question },
  { requiredKeys: ['method'] },
);

/** What a request holds beside its Origin, every header of a preflight there or not. */
const rest = fc.record(
  {
    method: fc.constantFrom('GET', 'OPTIONS', 'OPTIONS', 'OPTIONS', 'POST', 'options'),
    target: targets,
    ...question,
    secFetchSite: fc.constantFrom<string | string[]>(
      'same-origin',
      'none',
      'cross-site',
      ['none', 'none'],
      '',
    ),
    socket: fc.constantFrom('credentialed', 'anonymous'),
    policy: fc.constantFrom('default', 'default', 'default', 'api', 'admin', 'gone', '__proto__'),
  },
  { requiredKeys: ['method'] },
);

/** Origin lines: one as a rule, at times none or several. */
const originLines: fc.Arbitrary<(patterns: readonly string[]) => string | readonly string[] | undefined> =
  fc.oneof(
    { weight: 20, arbitrary: originTexts },
    { weight: 3, arbitrary: fc.constant(() => undefined) },
    {
      weight: 1,
      arbitrary: fc
        .array(originTexts, { maxLength: 2 })
        .map((texts) => (patterns: readonly string[]) => texts.map((text) => text(patterns))),
    },
  );

/** Requests to a list that is not known yet: give them its patterns. */
export const requests: fc.Arbitrary<(patterns: readonly string[]) => DecisionRequest> = fc
  .tuple(rest, originLines, hosts, fc.nat(5), fc.array(fc.nat(999), { maxLength: 2 }))
  .map(([{ policy, socket, ...plain }, origin, host, chance, own]) => (patterns: readonly string[]) => {
    const lines = origin(patterns);
    return {
      ...plain,
      ...(chance === 0 && policy !== undefined && { policy }),
      ...(chance === 1 && socket !== undefined && { socket }),
      ...(lines !== undefined && { origin: lines }),
      host: host(patterns),
      ownOrigins: own.map((index) => originOf(pick(patterns, index), 0)),
    };
  });
