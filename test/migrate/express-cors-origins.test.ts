import { describe, expect, it } from 'vitest';
import { compare, conversionOf, type Use, verdicts } from './compare.js';
import { converted } from './ours.js';
import { get } from './probe.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';

function use(options: Extract<Use, { library: 'cors' }>['options'] = {}): Use {
  return { library: 'cors', options };
}

describe('given a configuration of cors', () => {
  it('cors sends a fixed origin to everybody, we to that origin alone', async () => {
    const fixed = use({ origin: ORIGIN });
    expect(conversionOf(fixed).entries).toEqual([{ pattern: ORIGIN }]);
    expect(await compare(fixed, get())).toEqual({});
    expect(await compare(fixed, get(EVIL))).toEqual({ 'access-control-allow-origin': [ORIGIN, '-'] });
    expect(await verdicts(fixed, get(EVIL))).toEqual({ theirs: [false, false], ours: [false, false] });
  });

  it('cors compares a list of origins as texts, so one that no browser sends is refused with its right spelling', async () => {
    const given = use({
      origin: [ORIGIN, 'https://b.example.com/', 'HTTPS://c.example.com', 'https://*.d.example.com', '*'],
    });
    expect(conversionOf(given)).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      refused: [
        { text: '"https://b.example.com/"', resists: '/', instead: 'https://b.example.com' },
        { text: '"HTTPS://c.example.com"', resists: 'HTTPS', instead: 'https://c.example.com' },
        {
          text: '"https://*.d.example.com"',
          resists: 'https://*.d.example.com',
          instead: 'https://*.d.example.com',
        },
        { text: '"*"', resists: '*', instead: '*' },
      ],
    });
    expect(await compare(given, get('https://b.example.com'))).toEqual({});
    expect(await compare(given, get('https://x.d.example.com'))).toEqual({});
    // With credentials * is nothing to suggest.
    const withCredentials = use({ origin: ['*', `${ORIGIN}, *`], credentials: true });
    expect(conversionOf(withCredentials).refused).toMatchObject([
      { text: '"*"', instead: 'Write an entry for each origin that is meant.' },
      { text: `"${ORIGIN}, *"`, instead: 'Write an entry for each origin that is meant.' },
    ]);
  });

  it('cors looks for a regular expression anywhere; what has an end and a beginning becomes patterns', async () => {
    const given = use({ origin: [/^https:\/\/(?:www\.)?example\.com$/, /^https?:\/\/localhost(:\d+)?$/] });
    expect(conversionOf(given)).toMatchObject({
      entries: [
        { pattern: 'https://www.example.com' },
        { pattern: 'https://example.com' },
        { pattern: 'https://localhost:*' },
        { pattern: 'http://localhost:*' },
      ],
      refused: [],
    });
    for (const origin of ['https://www.example.com', 'https://example.com', 'http://localhost:3000', EVIL]) {
      expect(await compare(given, get(origin))).toEqual({});
    }
  });

  it('cors lets a regular expression without $ go on, which the pattern does not and says', async () => {
    const given = use({ origin: /^https:\/\/app\.example\.com/ });
    expect(conversionOf(given)).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      codes: ['OPEN_END'],
      refused: [],
    });
    expect(await verdicts(given, get(`${ORIGIN}.evil.example`))).toEqual({
      theirs: [true, false],
      ours: [false, false],
    });
  });

  it('cors takes a suffix for a site; without a dot before it the expression is refused', async () => {
    const given = use({ origin: /example\.com$/ });
    expect(conversionOf(given)).toMatchObject({
      entries: [],
      refused: [
        {
          text: '/example\\.com$/',
          resists: 'example\\.com',
          instead: 'https://example.com and https://*.example.com',
        },
      ],
    });
    expect(await verdicts(given, get('https://evilexample.com'))).toEqual({
      theirs: [true, false],
      ours: [false, false],
    });
  });

  it('cors lets an expression with the flag g in every second time, we every time', async () => {
    const given = use({ origin: /^https:\/\/app\.example\.com$/g });
    expect(conversionOf(given)).toMatchObject({ entries: [{ pattern: ORIGIN }], codes: ['STATEFUL_REGEX'] });
    expect(await compare(given, get())).toEqual({});
    expect(await compare(given, get())).toEqual({ 'access-control-allow-origin': ['-', ORIGIN] });
  });

  it('cors sends every origin back with origin: true; without credentials that is *', async () => {
    const given = use({ origin: true });
    expect(conversionOf(given)).toMatchObject({ entries: [{ pattern: '*' }], refused: [] });
    expect(conversionOf(given).codes).toContain('ECHO_TO_ANY');
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, false], ours: [true, false] });
  });

  it('cors sends every origin back with credentials, which is refused', async () => {
    const given = use({ origin: true, credentials: true });
    expect(conversionOf(given)).toMatchObject({ entries: [], refused: [{ text: 'true', resists: 'true' }] });
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, true], ours: [false, false] });
  });

  it('cors with * and credentials never let credentials through, so they are off', async () => {
    const given = use({ origin: '*', credentials: true });
    expect(conversionOf(given)).toMatchObject({
      policies: [{ credentials: false }],
      entries: [{ pattern: '*' }],
      refused: [],
    });
    expect(conversionOf(given).codes).toContain('CREDENTIALS_OFF');
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, false], ours: [true, false] });
  });

  it('cors is turned off by origin: false, which is an empty list', async () => {
    const given = use({ origin: false });
    expect(conversionOf(given)).toMatchObject({
      entries: [],
      codes: expect.arrayContaining(['CORS_OFF']),
      refused: [],
    });
    expect(await verdicts(given, get())).toEqual({ theirs: [false, false], ours: [false, false] });
  });

  it('cors lets nobody in by null in a list, and everybody by a number, which are refused', async () => {
    const empty = use({ origin: JSON.parse(`["${ORIGIN}", null, false]`) });
    expect(conversionOf(empty)).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      refused: [
        { code: 'SAYS_NOTHING', text: 'null' },
        { code: 'SAYS_NOTHING', text: 'false' },
      ],
    });
    expect(await compare(empty, get(EVIL))).toEqual({});
    const given = use({ origin: JSON.parse(`["${ORIGIN}", 5]`) });
    expect(conversionOf(given)).toMatchObject({
      entries: [{ pattern: ORIGIN }],
      refused: [{ code: 'WRONG_KIND', text: '5' }],
    });
    expect(await verdicts(given, get(EVIL))).toEqual({ theirs: [true, false], ours: [false, false] });
    expect(converted('cors({ origin: [undefined, known] })', 'cors').refused).toMatchObject([
      { code: 'SAYS_NOTHING', text: 'undefined' },
      { code: 'COMPUTED', text: 'known' },
    ]);
  });

  it('cors may ask a function for the origin, which is refused: the list is what decides', () => {
    const { entries, refused } = converted(
      'cors({ origin: (origin, callback) => callback(null, isKnown(origin)) })',
    );
    expect(entries).toEqual([]);
    expect(refused).toMatchObject([{ text: '(origin, callback) => callback(null, isKnown(origin))' }]);
  });
});
