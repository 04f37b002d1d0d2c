import { parseOrigin } from '@origin-allowlist/client/core';
import fc from 'fast-check';

/** Beginnings, hosts and ends as people write them, right and wrong. */
const BEGINNINGS = ['', '^'];
const SCHEMES = [
  'https://',
  'https?://',
  '(?:http|https)://',
  'http:\\/\\/',
  '[a-z]+://',
  '://',
  '//',
  '',
  '.*',
];
const LABELS = [
  'a',
  'pr-\\d+',
  'pr-\\d',
  'pr-[ab]-x',
  'pr\\d*',
  '[a-z0-9-]+',
  '[^.]+',
  '\\w+',
  '.*',
  '.+',
  '(a|b)',
  '(?:x-)?a',
  '[a-b]{1,2}',
  'x?',
];
const JOINTS = ['\\.', '\\.', '\\.', '.', '', '-', '\\.?'];
const DOMAINS = ['a\\.b', 'a.b', '(a|b)\\.(a|b)', 'localhost', 'b', '[a-z]+\\.b', '127\\.0\\.0\\.1'];
const OPTIONAL = ['(.*\\.)?', '(?:[a-z]+\\.)*', '([a-z0-9-]+\\.)+', '(\\.|//)', '', ''];
const PORTS = ['', '', ':\\d+', '(:\\d+)?', ':80(80)?', '(?::(?:1|22))?', ':', ':.*'];
const ENDS = ['', '$', '$', '$', '.*$', '/?$', '(?:/.*)?$'];

const host = fc
  .record({
    optional: fc.constantFrom(...OPTIONAL),
    labels: fc.array(fc.tuple(fc.constantFrom(...LABELS), fc.constantFrom(...JOINTS)), { maxLength: 2 }),
    domain: fc.constantFrom(...DOMAINS),
  })
  .map(({ optional, labels, domain }) => optional + labels.map((pair) => pair.join('')).join('') + domain);

/** Sources of regular expressions for origins. */
export const regexSource = fc
  .tuple(
    fc.constantFrom(...BEGINNINGS),
    fc.constantFrom(...SCHEMES),
    host,
    fc.constantFrom(...PORTS),
    fc.constantFrom(...ENDS),
  )
  .map((parts) => parts.join(''));

const ORIGIN_SCHEMES = ['https', 'http', 'evil-https', 'x'];
const ORIGIN_LABELS = [
  'a',
  'b',
  'ab',
  'pr-1',
  'pr-12',
  'pr-a-x',
  'pr-b-x',
  'pr1',
  'x-a',
  'xa',
  'x',
  'evil',
  '_',
  '-',
  'pr--x',
];
const ORIGIN_DOMAINS = [
  'a.b',
  'b.a',
  'axb',
  'localhost',
  'b',
  'z.b',
  '127.0.0.1',
  'a.b.evil',
  'evila.b',
  'a.b.',
];
const ORIGIN_PORTS = ['', '', ':8080', ':80', ':1', ':22', ':65535'];

/** Origins that such expressions are about, many of which they match. */
export const originText = fc
  .tuple(
    fc.constantFrom(...ORIGIN_SCHEMES),
    fc.array(fc.constantFrom(...ORIGIN_LABELS), { maxLength: 2 }),
    fc.constantFrom(...ORIGIN_DOMAINS),
    fc.constantFrom(...ORIGIN_PORTS),
  )
  .map(([scheme, labels, domain, port]) => `${scheme}://${[...labels, domain].join('.')}${port}`)
  .filter((text) => parseOrigin(text) !== undefined);

/** Small expressions of every construct, for the reading itself: not only what looks like an origin. */
export const anyRegexSource = fc.letrec<{
  readonly choice: string;
  readonly sequence: string;
  readonly atom: string;
}>((tie) => ({
  choice: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((options) => options.join('|')),
  sequence: fc
    .array(fc.tuple(tie('atom'), fc.constantFrom('', '', '', '?', '*', '+', '{2}', '{1,2}', '{0,}', '+?')), {
      maxLength: 4,
    })
    .map((parts) => parts.map((pair) => pair.join('')).join('')),
  atom: fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom('a', 'b', 'A', '-', '\\.', '\\-', '/', '\\/', ':', '0', '\\x61', '\\u0062'),
    },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        '.',
        '\\d',
        '\\w',
        '\\D',
        '\\W',
        '\\S',
        '[ab]',
        '[^a]',
        '[a-c.]',
        '[\\w-]',
        '[A-Z]',
        '[^\\d]',
      ),
    },
    { weight: 2, arbitrary: tie('choice').map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie('choice').map((inner) => `(?:${inner})`) },
  ),
})).choice;
