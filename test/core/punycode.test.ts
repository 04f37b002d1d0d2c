import { domainToASCII } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { decodePunycode, isDecodable } from '../../client/src/core/punycode.js';
import { anyText, LAW_TIMEOUT_MS } from './arbitraries.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

function decoded(encoded: string): string | undefined {
  const codePoints = decodePunycode(encoded);
  return codePoints && String.fromCodePoint(...codePoints);
}

describe('given the samples of RFC 3492 §7.1', () => {
  it.each([
    ['egbpdaj6bu4bxfgehfvwxn', 'ليهمابتكلموشعربي؟'],
    ['ihqwcrb4cv8a8dqg056pqjye', '他们为什么不说中文'],
    ['4dbcagdahymbxekheh6e0a7fei0b', 'למההםפשוטלאמדבריםעברית'],
    ['b1abfaaepdrnnbgefbadotcwatmq2g4l', 'почемужеонинеговорятпорусски'],
    ['3b-ww4c5e180e575a65lsy2b', '3年b組金八先生'],
    ['d9juau41awczczp', 'そのスピードで'],
  ])('it decodes %s', (encoded, text) => {
    expect(decoded(encoded)).toBe(text);
  });
});

describe('given a text that encodes nothing', () => {
  it.each([
    'a_',
    'a-é',
    'b',
    'zz',
    'ls8h=',
    '99999999',
    '-',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9',
  ])('it decodes no %s', (encoded) => {
    expect(decodePunycode(encoded)).toBeUndefined();
  });
});

describe('given a label that begins with xn--', () => {
  it.each(['xn--bcher-kva', 'xn--fiqs8s', 'xn--p1ai', 'xn--80ak6aa92e', 'xn--n3h', 'xn--strae-oqa'])(
    'it takes %s, which stands for a name',
    (label) => {
      expect(isDecodable(label)).toBe(true);
    },
  );

  it.each([
    ['xn--', 'stands for nothing'],
    ['xn--abc-', 'stands for plain abc'],
    ['xn--u-ccb', 'is not in the normal form'],
    ['xn--0', 'does not decode'],
    ['xn---', 'does not decode'],
    ['xn--a-', 'stands for plain a'],
  ])('it refuses %s, which %s', (label) => {
    expect(isDecodable(label)).toBe(false);
  });

  it('it decodes what the platform encodes', () => {
    const letters = fc.constantFrom(...'abcäöüßéñøœłжщяλσ中文日本かなعربיתहिन्');
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 20 }), (chars) => {
        const ascii = domainToASCII(chars.join(''));
        fc.pre(ascii.startsWith('xn--') && ascii.length <= 63);
        expect(domainToASCII(decoded(ascii.slice(4)) ?? '')).toBe(ascii);
        expect(isDecodable(ascii)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('it never throws', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(typeof isDecodable(`xn--${text}`)).toBe('boolean');
      }),
      { numRuns: 1000 },
    );
  });
});
