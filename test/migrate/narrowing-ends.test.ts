import { describe, expect, it } from 'vitest';
import { narrowRegex } from '../../src/migrate/regex/narrowing.js';
import type { Regex } from '../../src/migrate/regex/regex.js';

const LIST = 'Write an entry for each origin that is meant.';
const PORTS = 'Write an entry for each port that is meant. For any port: http://localhost:*';

function narrow(source: string, more: Partial<Regex> = {}) {
  const { patterns, notes, refused } = narrowRegex({ source, flags: '', dialect: 'javascript', ...more });
  return {
    patterns,
    notes: notes.map(({ code, examples }) => [code, ...examples]),
    refused: refused.map(({ resists, instead }) => [resists, instead]),
  };
}

/** A repetition at the end of host or port; none of what it stands for is listed. */
const REFUSED: readonly (readonly [source: string, resists: string, instead: string])[] = [
  ['^https://example\\.com*$', 'm*', 'https://example.com'],
  ['^https://example\\.com+$', 'm+', 'https://example.com'],
  ['^https://example\\.com{1,}$', 'm{1,}', 'https://example.com'],
  ['^https://example\\.co[m]*$', '[m]*', 'https://example.com'],
  ['^https://example\\.com*:3000$', 'm*', 'https://example.com:3000'],
  ['^https://example\\.(com)*$', '(com)*', 'https://example.com'],
  ['^https://example(\\.com)*$', '(\\.com)*', 'https://example.com'],
  ['^https://example\\.com\\.*$', '\\.*', 'https://example.com'],
  ['^https://(www\\.)*example\\.com$', '(www\\.)*', 'https://example.com and https://www.example.com'],
  ['^https*://example\\.com$', 's*', 'https://example.com'],
  ['https://*.example.com', '/*', 'https://*.example.com'],
  ['^https://pr-*\\.example\\.com$', '-*', 'https://pr-*.example.com'],
  ['^https://ex[a-z]*$', '[a-z]*', LIST],
  ['^https://ex[a-z]*', '[a-z]*', LIST],
  ['^https://example\\.com[^a]*$', '[^a]*', LIST],
  ['^https://example\\.com\\d*$', '\\d*', LIST],
  ['^https://example\\.com.{0,20}$', '.{0,20}', LIST],
  ['^https://example(\\.[a-z]+)*$', '(\\.[a-z]+)*', LIST],
  ['^https://example([a-z]+\\.)*$', '([a-z]+\\.)*', LIST],
  ['^https://.*\\.example\\.(com|org)*$', '(com|org)*', LIST],
  ['^http://localhost:*$', ':*', 'http://localhost:*'],
  ['^http://localhost:300*$', '0*', PORTS],
  ['^http://localhost:3\\d*$', '3\\d*', PORTS],
  ['^http://localhost:[1-3]*$', '[1-3]*', PORTS],
  ['^http://localhost:3[0-9]{3}$', '3[0-9]{3}', PORTS],
  ['^http://localhost:3.*$', '.*', PORTS],
];

/** Begins with what can be no scheme. */
const SCHEMES: readonly (readonly [source: string, resists: string])[] = [
  ['^[hx]+://example\\.com$', '[hx]+://example\\.com'],
  ['^\\d+://example\\.com$', '^\\d+://example\\.com$'],
  ['^.+https://example\\.com$', '.+https://example\\.com'],
];

/** What is suggested, each a pattern. */
const SUGGESTED: readonly (readonly [source: string, instead: string])[] = [
  ['localhost:\\d+$', 'http://localhost:* and https://localhost:*'],
  ['localhost:3000$', 'http://localhost:3000 and https://localhost:3000'],
  ['^http://.*localhost:\\d+$', 'http://localhost:* and https://localhost:*'],
  ['127\\.0\\.0\\.1:\\d+$', 'http://127.0.0.1:* and https://127.0.0.1:*'],
  ['.*-\\.example\\.com', `${LIST} If all names below example.com are yours: https://*.example.com`],
  ['.*-shop\\.example\\.com$', 'https://*-shop.example.com'],
  ['^https://.*example\\.com:3000$', 'https://example.com:3000 and https://*.example.com:3000'],
  ['com$', LIST],
];

describe('given a repetition at the end of host or port', () => {
  it.each(REFUSED)(
    'refuses %s for %s, and lists nothing of what it stands for',
    (source, resists, instead) => {
      expect(narrow(source)).toEqual({ patterns: [], notes: [], refused: [[resists, instead]] });
    },
  );

  it('refuses what Python would go on from', () => {
    const flask: Partial<Regex> = { dialect: 'python', flags: 'i' };
    expect(narrow('https://example.com*', flask).refused).toEqual([['m*', 'https://example.com']]);
    expect(narrow('http://localhost:300*', flask).refused).toEqual([['0*', PORTS]]);
  });

  it('keeps the other endings of a choice', () => {
    expect(narrow('^https://shop\\.example\\.(de|at|c[a-z]*)$')).toEqual({
      patterns: ['https://shop.example.de', 'https://shop.example.at'],
      notes: [],
      refused: [['[a-z]*', LIST]],
    });
    expect(narrow('^https://example\\.com:?\\d*$')).toEqual({
      patterns: ['https://example.com:*'],
      notes: [],
      refused: [['\\d*', LIST]],
    });
  });

  it('writes out what ends soon', () => {
    expect(narrow('^https://example\\.com{1,2}$').patterns).toEqual([
      'https://example.com',
      'https://example.comm',
    ]);
    expect(narrow('^http://localhost:300?$').patterns).toEqual([
      'http://localhost:300',
      'http://localhost:30',
    ]);
  });

  it('takes [1-9] and more digits for any port, whose every number of four digits it lets in', () => {
    expect(narrow('^http://localhost:[1-9]\\d{0,4}$')).toEqual({
      patterns: ['http://localhost:*'],
      notes: [['WIDER', 'http://localhost']],
      refused: [],
    });
  });

  it('passes over what no origin can hold there', () => {
    const same = { patterns: ['https://example.com'], notes: [], refused: [] };
    expect(narrow('^https://example\\.com/*$')).toEqual(same);
    expect(narrow('^https://example\\.com(/\\w+)*/?$')).toEqual(same);
  });

  it('takes a class of all that may follow for an open end', () => {
    const open = {
      patterns: ['https://example.com'],
      notes: [['OPEN_END', 'https://example.com.evil.example']],
      refused: [],
    };
    expect(narrow('^https://example\\.com\\S*$')).toEqual(open);
    expect(narrow('^https://example\\.com[^/]*$')).toEqual(open);
  });
});

describe('given what stands where the scheme does', () => {
  it.each(SCHEMES)('refuses %s for %s', (source, resists) => {
    expect(narrow(source)).toEqual({ patterns: [], notes: [], refused: [[resists, LIST]] });
  });

  it('takes http for the developer’s own machine where any scheme is let in', () => {
    expect(narrow('://localhost:\\d+$')).toEqual({
      patterns: ['http://localhost:*'],
      notes: [
        ['WIDER', 'http://localhost'],
        ['ANY_SCHEME', 'https://localhost:1'],
      ],
      refused: [],
    });
  });
});

describe('given an expression that is refused', () => {
  it.each(SUGGESTED)('suggests patterns for %s: %s', (source, instead) => {
    expect(narrow(source).refused.map((one) => one[1])).toEqual([instead]);
  });
});
