import fc from 'fast-check';

/** Segments that every reader takes for themselves, and dots. */
const PLAIN = ['api', 'api', 'admin', 'admin', 'x', 'a', 'b', 'api-v2', 'apiary', '..', '..', '.', '...', ''];
const ODD = [
  ...[
    'API',
    'Admin',
    '%61pi',
    '%2e%2e',
    '%2e',
    '%2f',
    '%5c',
    '\\',
    '%',
    '%zz',
    '%ff',
    '%252e',
    '%c0%af',
    '%00',
  ],
  ...['caf\u00e9', 'caf%C3%A9', '%E2%84%AA', 'api\\admin', 'api%2fadmin', 'a;b', '\u0130', '\ud800'],
];
const segments = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...PLAIN) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD) },
);
const STARTS = [
  ...['/', '//', '\\', '/\\', '%2f', '*', 'api', 'http:', 'http://'],
  ...['http://svc.example', 'HTTPS://a:b@svc.example:8443', 'ftp://svc.example'],
];
const starts = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(...STARTS) },
);
const ENDINGS = [
  ...['/', '?x=/api', '#/api', '?', '%3f', '/..', '//'],
  // To the bound on paths, or past it.
  ...[`/${'a'.repeat(16_370)}`, `/${'a'.repeat(16_400)}`],
];
const endings = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(...ENDINGS) },
);

/** Paths about the prefixes of the generated policies. */
const paths = fc.array(segments, { maxLength: 5 }).map((names) => names.map((name) => `/${name}`).join(''));

/** Request targets of every form. */
export const targets: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('/', '/', '/x', '/api/x', '/api/admin/x', '/admin', '/a/b/c') },
  { weight: 4, arbitrary: fc.tuple(starts, paths, endings).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 12 }).map((text) => `/${text}`) },
);
