import fc from 'fast-check';

/** For laws: they take well under a second each, and far longer on a machine that does much else. */
export const LAW_TIMEOUT_MS = 60_000;

/** Any UTF-16 code units at all, lone surrogates and control characters included. */
export const anyText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0xffff })), { maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes));

/** Texts put together from what origins and patterns are made of, so that nearly right ones are frequent. */
export const nearlyOriginText: fc.Arbitrary<string> = fc
  .array(
    fc.constantFrom(
      ...'https http capacitor file null :// : / . * - a b pr- -shop example com localhost _ [ ] ::1 127.0.0.1 1 443 :* xn-- X é'.split(
        ' ',
      ),
      ' ',
      '\n',
    ),
    { maxLength: 10 },
  )
  .map((parts) => parts.join(''));

/** Few of each, so that generated lists and origins meet. */
const label = fc.constantFrom('a', 'b', 'pr-1', 'pr-2-shop', 'x-shop', 'pr-1-x-shop', 'my_app');
const parent = fc.constantFrom('example', 'a.example', 'b.a.example', 'example.', 'a.example.');
const scheme = fc.constantFrom('https', 'https', 'https', 'http');
const port = fc.constantFrom('', '', ':8443', ':8080');
const anyPort = fc.constantFrom(':*', '');
const affix = fc.constantFrom('pr-*', '*-shop', 'pr-*-shop', 'pr-1-*', 'pr-*-x-shop', 'a-*', '*-a');
const address = fc.constantFrom('127.0.0.1', '[::1]', '10.0.0.1');

function text(...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc.tuple(...parts).map((chosen) => chosen.join(''));
}

const separator = fc.constant('://');
const dot = fc.constant('.');
const star = fc.constant('*.');
const host = fc.oneof(text(label, dot, parent), text(label, dot, label, dot, parent), parent, address);

/** An origin that browsers could send. */
const origin: fc.Arbitrary<string> = text(scheme, separator, host, port);

/** A canonical pattern, of any kind. */
export const pattern: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: text(scheme, separator, host, fc.oneof(port, anyPort)) },
  { weight: 3, arbitrary: text(scheme, separator, star, parent, fc.oneof(port, anyPort)) },
  { weight: 3, arbitrary: text(scheme, separator, affix, dot, parent, fc.oneof(port, anyPort)) },
  { weight: 1, arbitrary: fc.constantFrom('*', 'null') },
);

/** What a request may send for an origin: real ones, damaged ones, and anything. */
export const hostileOrigin: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: origin },
  { weight: 2, arbitrary: pattern },
  { weight: 2, arbitrary: fc.tuple(origin, nearlyOriginText).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: nearlyOriginText },
  { weight: 1, arbitrary: anyText },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'null', '*', '__proto__', 'constructor', 'https://__proto__.example'),
  },
);
