import { type Pattern, parsePattern } from '@origin-allowlist/client/core';
import fc from 'fast-check';

/** Few enough texts that generated patterns and origins meet often. */
const SCHEMES = ['https', 'http'];
const PORTS = ['', ':8443', ':*'];
const ORIGIN_PORTS = ['', ':8443', ':1'];
const LABELS = ['a', 'pr', 'pr-1', 'pr-1-shop', 'pr--shop', 'pr-x_y', '1-shop', 'x-my-shop', '-shop', 'pr-'];
const PARENTS = [
  'example',
  'a.example',
  'b.a.example',
  'github.io',
  'amazonaws.com',
  'localhost',
  'a.example.',
];
const PREFIXES = ['', 'pr-', 'pr-1-', 'x-'];
const SUFFIXES = ['', '-shop', '-my-shop', '--shop'];
const OTHERS = [
  '*',
  'null',
  'https://127.0.0.1',
  'https://10.0.0.1:*',
  'https://[::1]:8443',
  'capacitor://localhost',
];

const name = fc.oneof(
  fc.constantFrom(...PARENTS),
  fc.tuple(fc.constantFrom(...LABELS), fc.constantFrom(...PARENTS)).map((parts) => parts.join('.')),
);
const subdomains = name.map((host) => `*.${host}`);
const affix = fc
  .tuple(fc.constantFrom(...PREFIXES), fc.constantFrom(...SUFFIXES), fc.constantFrom(...PARENTS))
  .map(([prefix, suffix, host]) => `${prefix}*${suffix}.${host}`);

const hostPattern = fc
  .tuple(fc.constantFrom(...SCHEMES), fc.oneof(name, subdomains, affix), fc.constantFrom(...PORTS))
  .map(([scheme, host, port]) => `${scheme}://${host}${port}`);

/** Canonical patterns of every kind. */
export const patternText = fc
  .oneof({ weight: 9, arbitrary: hostPattern }, { weight: 1, arbitrary: fc.constantFrom(...OTHERS) })
  .filter((text) => parsePattern(text).ok);

/** A pattern, and another that lets in less of the same, or the same. */
export const narrowedPattern = fc
  .record({
    wider: patternText.filter((text) => text.includes('://')),
    labels: fc.constantFrom('*.', 'pr-1.', '*.pr.', 'pr-*.', 'pr-*-shop.'),
    middle: fc.constantFrom('*', '1', '1-*', '*-1', '1-*-1'),
    port: fc.constantFrom(':*', '', ':8443'),
  })
  .map(({ wider, labels, middle, port }) => {
    const stem = wider.endsWith(':*') ? wider.slice(0, -':*'.length) : wider;
    const narrowed = stem.includes('//*.') ? stem.replace('*.', labels) : stem.replace('*', middle);
    return { wider, narrowed: wider.endsWith(':*') ? `${narrowed}${port}` : narrowed };
  })
  .filter(({ narrowed }) => parsePattern(narrowed).ok);

/** Origins as browsers send them, many of which the patterns let in. */
export const originText = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...SCHEMES),
        fc.oneof(
          name,
          fc.tuple(fc.constantFrom(...LABELS), name).map((parts) => parts.join('.')),
        ),
        fc.constantFrom(...ORIGIN_PORTS),
      )
      .map(([scheme, host, port]) => `${scheme}://${host}${port}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('null', 'https://127.0.0.1', 'https://10.0.0.1:1', 'capacitor://localhost'),
  },
);

/** Texts that admins paste: canonical patterns with something wrong, and anything at all. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc
    .tuple(
      fc.constantFrom('', ' ', '"', 'HTTPS://', 'https:/', 'ws://', 'blob:', '^', '.'),
      patternText,
      fc.constantFrom('', '/', ':443', ':80', ':', '"', '\n', '?x', '#x', '.', ',*', '\\.com$', '\u200b'),
    )
    .map((parts) => parts.join('')),
);

/** The pattern that a canonical text is. */
export function patternOf(text: string): Pattern {
  const parsed = parsePattern(text);
  if (!parsed.ok) throw new Error(`not canonical: ${text}`);
  return parsed.pattern;
}
