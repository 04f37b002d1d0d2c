import fc from 'fast-check';
import { slowPattern } from './slow-pattern.js';

const BAD_CHARS = [
  ...'\0\t\n\r !"#$%&\'()*+,/;<=>?@[\\]^`{|}~\x7f\u0080\u00ff\u0131\u0430\u200b\u212a\ud83d',
];
const GOOD_CHARS = [...'abcz019-_.:xA'];
const ENDINGS = [
  '.evil.com',
  'evil.com',
  '.',
  '..',
  '/',
  '/x',
  ':',
  ':0',
  ':443',
  ':80',
  ':8080',
  ':65535',
  '@evil.com',
  '?',
  '#',
  '%00',
  '%2e',
  '\\',
  ' ',
  ',',
  '\r\n',
  ', https://evil.com',
];
const BEGINNINGS = ['evil', 'evil.', '.', '-', 'a.', 'x-', 'user@', 'user:pass@', '%2e', '*.', '[', 'xn--'];

/** One way to spoil a text; `at` and `which` choose where and by what. */
const SPOILERS: readonly ((text: string, at: number, which: number) => string)[] = [
  (text, at, which) => insert(text, at, pick(BAD_CHARS, which)),
  (text, at, which) => insert(text, at, pick(GOOD_CHARS, which)),
  (text, at) => text.slice(0, at % (text.length + 1)) + text.slice((at % (text.length + 1)) + 1),
  (text, _at, which) => text + pick(ENDINGS, which),
  (text, _at, which) => text.replace('://', `://${pick(BEGINNINGS, which)}`),
  (text, at) => upper(text, at),
  (text, at) => encode(text, at),
  (text) => text.replace('https:', 'http:'),
  (text) => text.replace('http:', 'https:'),
  (text, _at, which) => text.replace(/:[^/]*$|$/, pick(ENDINGS, which)),
  (text) => text.replace(/:\/\/[^.]*\./, '://'),
  (text) => text.replace(/\.[^.:]*(:|$)/, '$1'),
  (text, at) => text.replace('://', `://${'a'.repeat((at % 70) + 1)}.`),
  (text, _at, which) => text.replace('://', `://${'b.'.repeat(which % 140)}`),
];

/** A pattern's text made into an origin it takes, as a rule: what stands for its `*` is chosen by `which`. */
export function originOf(pattern: string, which: number): string {
  const labels = [
    'a',
    'b.a',
    'x-1',
    '-',
    '0',
    'pr-7',
    'a_b',
    'xn--bcher-kva',
    'a.b.c.d',
    '',
    'evil-com',
    'c'.repeat(50),
  ];
  const ports = ['', ':1', ':8080', ':65535', ':443', ':0', ':', ':80'];
  if (slowPattern(pattern)?.kind === 'any') return 'https://anywhere.example';
  return pattern
    .replace(/:\*$/, pick(ports, which))
    .replace('*', pick(labels, Math.floor(which / ports.length)));
}

const spoiling = fc.tuple(fc.nat(SPOILERS.length - 1), fc.nat(400), fc.nat(400));

/** Leaves a text as it is or spoils it once or twice. */
export const spoilings: fc.Arbitrary<(text: string) => string> = fc
  .oneof(
    { weight: 5, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.tuple(spoiling) },
    { weight: 2, arbitrary: fc.tuple(spoiling, spoiling) },
  )
  .map(
    (steps) => (text) => steps.reduce((spoiled, [how, at, which]) => spoil(spoiled, how, at, which), text),
  );

function spoil(text: string, how: number, at: number, which: number): string {
  return SPOILERS[how]?.(text, at, which) ?? text;
}

/** The element at an index of any size; a list that is gone through again and again. */
export function pick(list: readonly string[], which: number): string {
  return list[which % list.length] ?? '';
}

function insert(text: string, at: number, piece: string): string {
  const index = at % (text.length + 1);
  return text.slice(0, index) + piece + text.slice(index);
}

function upper(text: string, at: number): string {
  const index = at % (text.length + 1);
  return text.slice(0, index) + text.slice(index, index + 1).toUpperCase() + text.slice(index + 1);
}

function encode(text: string, at: number): string {
  const index = at % (text.length + 1);
  const code = text.charCodeAt(index);
  return Number.isNaN(code) ? text : `${text.slice(0, index)}%${code.toString(16)}${text.slice(index + 1)}`;
}
