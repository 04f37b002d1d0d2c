import { describe, expect, it } from 'vitest';
import { recorded } from './flask-answers.js';

const ORIGIN = 'https://app.example.com';
const NOBODY = { theirs: [false, false], ours: [false, false] };
/** A page could, by their answer, and cannot by ours. */
const NO_LONGER = { theirs: [true, false], ours: [false, false] };

describe('given a configuration of flask-cors', () => {
  it('flask-cors with * and credentials sends every origin back, which is refused', () => {
    const { conversion, verdicts } = recorded('any origin with credentials');
    expect(conversion).toMatchObject({
      policies: [{ credentials: true }],
      entries: [],
      refused: [{ text: "'*'", resists: "'*'" }],
    });
    expect(verdicts('evil')).toEqual({ theirs: [true, true], ours: [false, false] });
  });

  it('flask-cors compares origins without case; one that no browser sends is refused', () => {
    const { conversion, compare, verdicts } = recorded('list of origins');
    expect(conversion).toMatchObject({
      entries: [{ pattern: ORIGIN }, { pattern: 'https://b.example.com' }],
      refused: [{ text: "'https://c.example.com/'", resists: '/', instead: 'https://c.example.com' }],
    });
    expect(compare('a')).toEqual({});
    expect(compare('b')).toEqual({});
    expect(verdicts('c')).toEqual(NOBODY);
    expect(verdicts('evil')).toEqual(NOBODY);
  });

  it('flask-cors sends one origin to that origin alone, and a refused preflight 200 without headers', () => {
    const { conversion, compare } = recorded('one origin');
    expect(conversion.entries).toEqual([{ pattern: ORIGIN }]);
    expect(compare('a')).toEqual({});
    expect(compare('evil')).toEqual({});
    expect(compare('preflight')).toEqual({ status: ['200', '403'] });
  });

  it('flask-cors matches a text with signs of an expression from its beginning on, and lets anything follow', () => {
    const { conversion, compare, verdicts } = recorded('regex');
    expect(conversion).toMatchObject({
      entries: [{ pattern: 'https://*.example.com' }],
      codes: expect.arrayContaining(['OPEN_END']),
      refused: [],
    });
    expect(compare('sub')).toEqual({});
    expect(compare('deep')).toEqual({});
    expect(verdicts('apex')).toEqual(NOBODY);
    expect(verdicts('after')).toEqual(NO_LONGER);
  });

  it('flask-cors takes a compiled expression; digits in a label become any text, and that is told', () => {
    const { conversion, compare, verdicts } = recorded('compiled regex');
    expect(conversion).toMatchObject({
      entries: [{ pattern: 'https://pr-*-shop.example.com' }],
      codes: ['WIDER'],
      refused: [],
    });
    expect(compare('digits')).toEqual({});
    expect(verdicts('letters')).toEqual({ theirs: [false, false], ours: [true, false] });
    expect(verdicts('before')).toEqual(NOBODY);
  });

  it('flask-cors takes a suffix for a site; without a dot before it the expression is refused', () => {
    const { conversion, verdicts } = recorded('suffix regex');
    expect(conversion).toMatchObject({
      entries: [],
      refused: [
        {
          text: "r'.*example\\.com$'",
          resists: '.*example\\.com',
          instead: 'https://example.com and https://*.example.com',
        },
      ],
    });
    expect(verdicts('evil')).toEqual(NO_LONGER);
  });

  it('flask-cors reads https://*.example.com as an expression that repeats a slash, so it is refused', () => {
    const { conversion, verdicts } = recorded('glob');
    expect(conversion).toMatchObject({
      entries: [],
      refused: [{ text: "'https://*.example.com'", instead: 'https://*.example.com' }],
    });
    expect(verdicts('meant')).toEqual(NOBODY);
    expect(verdicts('matched')).toEqual(NO_LONGER);
  });
});
