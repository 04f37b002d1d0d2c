import { describe, expect, it } from 'vitest';
import { narrowRegex } from '../../src/migrate/regex/narrowing.js';
import type { Regex } from '../../src/migrate/regex/regex.js';

const A = 'https://a.example.com';

function narrow(source: string, more: Partial<Regex> = {}) {
  const { patterns, notes, refused } = narrowRegex({ source, flags: '', dialect: 'javascript', ...more });
  return { patterns, notes: notes.map(({ code, examples }) => [code, ...examples]), refused };
}

/** Says the same, before and after. */
const SAME: readonly (readonly [source: string, patterns: readonly string[]])[] = [
  ['^https://a\\.example\\.com$', [A]],
  ['^https:\\/\\/a\\.example\\.com$', [A]],
  ['^https://a\\.example\\.com:8443$', ['https://a.example.com:8443']],
  ['^https?://a\\.example\\.com$', [A, 'http://a.example.com']],
  ['^(?:http|https)://a\\.example\\.com$', ['http://a.example.com', A]],
  [
    '^https://(a|b)\\.example\\.(com|de)$',
    [A, 'https://a.example.de', 'https://b.example.com', 'https://b.example.de'],
  ],
  [
    '^https://app[1-3]\\.example\\.com$',
    ['https://app1.example.com', 'https://app2.example.com', 'https://app3.example.com'],
  ],
  ['^https://(.*\\.)?example\\.com$', ['https://*.example.com', 'https://example.com']],
  ['^https://.+\\.example\\.com$', ['https://*.example.com']],
  ['^https://([a-z0-9_-]+\\.)+example\\.com$', ['https://*.example.com']],
  ['^https://([\\w-]+\\.)*example\\.com$', ['https://*.example.com', 'https://example.com']],
  ['^https://pr-[a-z0-9-]+-shop\\.example\\.com$', ['https://pr-*-shop.example.com']],
  ['^https?://localhost(:\\d+)?$', ['https://localhost:*', 'http://localhost:*']],
  ['^http://localhost:(3000|8080)$', ['http://localhost:3000', 'http://localhost:8080']],
  ['^https://a\\.example\\.com/?$', [A]],
  ['^http://\\[::1\\]:3000$', ['http://[::1]:3000']],
  ['^http://127\\.0\\.0\\.1(?::\\d{1,5})?$', ['http://127.0.0.1:*']],
  ['^(null|https://a\\.example\\.com)$', ['null', A]],
  ['.*', ['*']],
  ['', ['*']],
];

/** Lets in more now. */
const WIDER: readonly (readonly [source: string, pattern: string, now: string])[] = [
  [
    '^https://pr-\\d+-shop\\.example\\.com$',
    'https://pr-*-shop.example.com',
    'https://pr-x-shop.example.com',
  ],
  ['^https://[a-z0-9-]+\\.example\\.com$', 'https://*.example.com', 'https://x.x.example.com'],
  ['^https://a\\.example\\.com:\\d+$', 'https://a.example.com:*', A],
  ['^https://a\\.example\\.com(:\\d{4})?$', 'https://a.example.com:*', 'https://a.example.com:1'],
];

/** Let in more before, each for a reason. */
const NARROWER: readonly (readonly [code: string, source: string, pattern: string, before: string])[] = [
  ['OPEN_END', '^https://a\\.example\\.com', A, 'https://a.example.com.evil.example'],
  ['OPEN_END', '^https://a\\.example\\.com.*$', A, 'https://a.example.com.evil.example'],
  ['OPEN_START', 'https://a\\.example\\.com$', A, 'evil-https://a.example.com'],
  ['UNESCAPED_DOT', '^https://a.example\\.com$', A, 'https://axexample.com'],
  ['ANY_SCHEME', '\\.example\\.com$', 'https://*.example.com', 'http://x.example.com'],
  ['ANY_SCHEME', '^[a-z]+://a\\.example\\.com$', A, 'http://a.example.com'],
  ['NARROWER', '^https://pr-.*\\.example\\.com$', 'https://pr-*.example.com', 'https://pr-x.x.example.com'],
];

/** What resists, and what to write. */
const REFUSED: readonly (readonly [source: string, resists: string, instead: string])[] = [
  ['example\\.com$', 'example\\.com', 'https://example.com and https://*.example.com'],
  ['^https://.*example\\.com$', '.*', 'https://example.com and https://*.example.com'],
  ['localhost', 'localhost', 'http://localhost:* and https://localhost:*'],
  [
    '^https://a\\.[a-z]+\\.example\\.com$',
    '[a-z]+',
    'Write an entry for each origin that is meant. If all names below example.com are yours: https://*.example.com',
  ],
  [
    '^https://app\\d+\\.example\\.com$',
    '\\d+',
    'Write an entry for each origin that is meant. If all names below example.com are yours: https://*.example.com',
  ],
  [
    '^https://.+$',
    '.+',
    'Write an entry for each origin that is meant. To let everybody in, without credentials: *',
  ],
  ['^https://example\\.[a-z]+$', '[a-z]+', 'Write an entry for each origin that is meant.'],
  ['^https://example\\.', 'example\\.', 'Write an entry for each origin that is meant.'],
  [
    '^(?!https://evil)https://.*\\.example\\.com$',
    '(?!https://evil)',
    'Write an entry for each origin that is meant.',
  ],
  ['^(https)://\\1\\.example\\.com$', '\\1', 'Write an entry for each origin that is meant.'],
  ['\\bexample\\.com$', '\\b', 'Write an entry for each origin that is meant.'],
  ['^https://a\\.example\\.com/$', '^https://a\\.example\\.com/$', A],
  ['^https://a\\.example\\.com:443$', '^https://a\\.example\\.com:443$', A],
  [
    '^https://A\\.example\\.com$',
    '^https://A\\.example\\.com$',
    'Write an entry for each origin that is meant.',
  ],
  ['^https://(a\\.example\\.com$', '(a\\.example\\.com$', 'Write an entry for each origin that is meant.'],
  ['^https://a\\.example\\.(com|de)+$', '(com|de)+', 'Write an entry for each origin that is meant.'],
];

describe('given a regular expression', () => {
  it.each(SAME)('narrows %s to %j, and nothing changes', (source, patterns) => {
    expect(narrow(source)).toEqual({ patterns, notes: [], refused: [] });
  });

  it.each(WIDER)('narrows %s to %s, and says that %s is let in now', (source, pattern, origin) => {
    expect(narrow(source)).toEqual({ patterns: [pattern], notes: [['WIDER', origin]], refused: [] });
  });

  it.each(NARROWER)('tells %s of %s, narrowed to %s: it let in %s', (code, source, pattern, origin) => {
    expect(narrow(source)).toEqual({ patterns: [pattern], notes: [[code, origin]], refused: [] });
  });

  it.each(REFUSED)('refuses %s for %s, and says what to write', (source, resists, instead) => {
    expect(narrow(source)).toEqual({
      patterns: [],
      notes: [],
      refused: [{ resists, reason: expect.any(String), instead }],
    });
  });

  it('keeps what can be said when another alternative resists', () => {
    expect(narrow('^https://(a\\.example\\.com|.*foo\\.com)$')).toEqual({
      patterns: [A],
      notes: [],
      refused: [
        {
          resists: '.*',
          reason: expect.stringContaining('https://evilfoo.com'),
          instead: 'https://foo.com and https://*.foo.com',
        },
      ],
    });
  });

  it('reads capitals where case does not count', () => {
    expect(narrow('^HTTPS://[A-Z]\\.Example\\.com$', { flags: 'i' }).patterns).toEqual([
      'https://*.example.com',
    ]);
    expect(narrow('(?i)HTTPS://A\\.EXAMPLE\\.COM$', { dialect: 'python' }).patterns).toEqual([A]);
  });

  it('begins where Python does and ends where nothing says so', () => {
    const python: Partial<Regex> = { dialect: 'python' };
    expect(narrow('https://a\\.example\\.com$', python)).toEqual({ patterns: [A], notes: [], refused: [] });
    expect(narrow('https://a\\.example\\.com', python).notes).toEqual([
      ['OPEN_END', 'https://a.example.com.evil.example'],
    ]);
    expect(narrow('\\Ahttps://(?P<app>a|b)\\.example\\.com\\Z', python).patterns).toEqual([
      A,
      'https://b.example.com',
    ]);
  });

  it('writes out at most 64 alternatives', () => {
    const letters = '(a|b|c|d|e|f|g|h)';
    expect(narrow(`^https://${letters}${letters}\\.example\\.com$`).patterns).toHaveLength(64);
    expect(narrow(`^https://${letters}${letters}(x|y)\\.example\\.com$`).refused).toMatchObject([
      { reason: 'It stands for more than 64 texts.' },
    ]);
  });

  it.each([
    ['an expression of 2,001 characters', 'a'.repeat(2_001)],
    ['forty-one groups inside one another', `${'('.repeat(41)}a${')'.repeat(41)}`],
    ['a repeat of 256', '^https://a{256}$'],
    ['repeats of repeats', '^https://((a{200}){200}){200}\\.example\\.com$'],
  ])('ends soon for %s', (_what, source) => {
    expect(narrow(source)).toMatchObject({ patterns: [], refused: [{}] });
  });

  it('refuses what it cannot compare with what it would become', () => {
    const source = '^https://(a|b)*a(a|b){13}\\.example\\.com$';
    expect(narrow(source)).toMatchObject({
      patterns: [],
      refused: [{ resists: source, instead: 'If these say what is meant: https://*.example.com' }],
    });
  });
});
