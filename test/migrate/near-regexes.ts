import { parseOrigin } from '@origin-allowlist/client/core';
import fc from 'fast-check';

/** A part of an expression, and texts that stand in its place: some that it matches, some that are beside it. */
type Piece = readonly [source: string, texts: readonly string[]];

/** In this list and the next ones the plain piece is the first. */
const BEGINNINGS: readonly Piece[] = [
  ['^', ['']],
  ['', ['', 'evil-', 'x']],
  ['^.*', ['', 'x']],
  ['^x*', ['', 'x', 'xx']],
  ['^[a-z]*', ['', 'evil']],
];
const SCHEMES: readonly Piece[] = [
  ['https://', ['https://']],
  ['https?://', ['https://', 'http://']],
  ['https*://', ['https://', 'http://', 'httpss://']],
  ['[a-z]+://', ['https://', 'http://', 'x://']],
  ['[hx]+://', ['h://', 'x://', 'https://']],
  ['//', ['https://', 'http://']],
  ['', ['https://', 'https://evil', 'http://a.']],
];
const LABELS: readonly Piece[] = [
  ['', ['', 'evil', 'a.']],
  ['(.*\\.)?', ['', 'a.', 'a.b.']],
  ['([a-z]+\\.)*', ['', 'a.', '1.', 'a.b.']],
  ['(www\\.)*', ['', 'www.', 'www.www.', 'a.']],
  ['[a-z]*\\.', ['', 'a.', '1.']],
  ['x*\\.', ['x.', 'xx.', 'a.']],
  ['pr-\\d+\\.', ['pr-1.', 'pr-x.', 'pr-.']],
  ['pr-1*\\.', ['pr-1.', 'pr-11.', 'pr-.']],
  ['.*', ['', 'a.', 'evil']],
  ['.', ['', 'a', '.']],
];
const NAMES: readonly Piece[] = [
  ['example\\.com', ['example.com']],
  ['example.com', ['example.com', 'examplexcom']],
  ['localhost', ['localhost']],
  ['example\\.com*', ['example.co', 'example.com', 'example.comm']],
  ['example.com+', ['example.co', 'example.com', 'example.comm']],
  ['example\\.com?', ['example.co', 'example.com', 'example.comm']],
  ['example\\.com.?', ['example.com', 'example.comx', 'example.com.']],
  ['example\\.co[a-z]*', ['example.co', 'example.com', 'example.cox']],
  ['example\\.(de|c[a-z]*)', ['example.de', 'example.c', 'example.com']],
  ['ex[a-z]*', ['ex', 'exa']],
  ['example(\\.[a-z]+)*', ['example', 'example.com', 'example.com.de']],
  ['example([a-z]+\\.)*', ['example', 'exampleab.', 'exampleab.c']],
  ['example\\.(com|de)*', ['example.', 'example.com', 'example.comde']],
  ['example\\.com\\d*', ['example.com', 'example.com1']],
  ['127\\.0\\.0\\.1\\d*', ['127.0.0.1', '127.0.0.12']],
];
const PORTS: readonly Piece[] = [
  ['', ['', ':8443']],
  [':\\d+', ['', ':1', ':8443']],
  ['(:\\d+)?', ['', ':1', ':8443']],
  [':?\\d*', ['', ':1', ':8443', '1']],
  [':300*', [':30', ':300', ':3000', ':3001']],
  [':300?', [':30', ':300', ':3000']],
  [':3\\d*', [':3', ':30', ':3001', ':4000']],
  [':[1-3]+', [':1', ':12', ':4']],
  [':[1-9]\\d*', ['', ':1', ':8443']],
  [':\\d{4}', ['', ':1', ':8443']],
  [':3.*', [':3', ':3000', ':4']],
  [':*', ['', ':8443']],
  ['(:3000)*', ['', ':3000']],
  [':', ['', ':8443']],
];
const ENDS: readonly Piece[] = [
  ['$', ['', '1', 'm']],
  ['', ['', '.evil.example', '1']],
  ['.*$', ['', '.evil.example', '1']],
  ['[^a]*$', ['', '.evil.x', '1']],
  ['[^/]*$', ['', '.evil.example', '1']],
  ['/*$', ['', '1']],
  ['(/.*)?$', ['', '1']],
  ['\\d*$', ['', '1', '12']],
  ['\\w*$', ['', '1', 'evil']],
  ['.?$', ['', '1', '.']],
  ['.{0,9}$', ['', '1', '.evil']],
];

const PARTS = [BEGINNINGS, SCHEMES, LABELS, NAMES, PORTS, ENDS];
const parts = PARTS.map((pieces) => fc.constantFrom(...pieces));
/** Parts that are not the plain one. With more, nearly every expression is refused, and a law about patterns says nothing. */
const strange = fc.subarray(
  PARTS.map((_pieces, index) => index),
  { maxLength: 2 },
);
/** One text for each part, whichever texts it has. */
const choices = fc.array(fc.array(fc.nat(11), { minLength: PARTS.length, maxLength: PARTS.length }), {
  minLength: 40,
  maxLength: 80,
});

/** Sources of expressions, each with origins near to it: put together of what its own parts match and what stands beside that. */
export const regexAndOrigins = fc
  .tuple(fc.tuple(...parts), strange, choices)
  .map(([drawn, indexes, rows]) => {
    const pieces = drawn.map(
      (piece, index) => (indexes.includes(index) ? piece : PARTS[index]?.[0]) ?? piece,
    );
    return {
      source: pieces.map(([source]) => source).join(''),
      origins: rows
        .map((row) => pieces.map(([, texts], at) => texts[(row[at] ?? 0) % texts.length]).join(''))
        .filter((text) => parseOrigin(text) !== undefined),
    };
  });
