import {
  addOrigin,
  compileSnapshot,
  countOrigins,
  createOriginSet,
  DEFAULT_POLICY,
  deleteOrigin,
  findOrigin,
  matchOrigin,
  type OriginEntry,
  type OriginSet,
  type Pattern,
  parsePattern,
  type SnapshotEntry,
} from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { hostileOrigin, LAW_TIMEOUT_MS, pattern as patternText } from './arbitraries.js';
import { naiveMatches } from './naive-matcher.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

const NOW = Date.parse('2030-01-01T00:00:00Z');

function parsed(text: string): Pattern {
  const result = parsePattern(text);
  if (!result.ok) throw new Error(`${text} is no pattern`);
  return result.pattern;
}

function setOf(entries: readonly SnapshotEntry[]): OriginSet {
  return compileSnapshot({
    tenant: 'acme',
    lineage: 'l',
    revision: 1,
    count: entries.length,
    policies: [DEFAULT_POLICY],
    entries,
  }).origins;
}

function matchIn(patterns: readonly string[], origin: string): string {
  const found = matchOrigin(setOf(patterns.map((pattern) => ({ pattern }))), origin, 'default', NOW);
  return typeof found === 'string' ? found : found.pattern;
}

describe('given an affix pattern', () => {
  it.each([
    ['https://pr-*-shop.example.com', 'https://pr-1-shop.example.com'],
    ['https://pr-*-shop.example.com', 'https://pr-a-b-shop.example.com'],
    ['https://pr-*-shop.example.com', 'https://pr---shop.example.com'],
    ['https://*-shop.example.com', 'https://x-shop.example.com'],
    ['https://pr-*.example.com', 'https://pr-1.example.com'],
    ['https://pr-*.example.com', `https://pr-${'a'.repeat(60)}.example.com`],
    ['https://pr-*.example.com:8443', 'https://pr-1.example.com:8443'],
    ['https://pr-*.example.com:*', 'https://pr-1.example.com:8443'],
    ['https://pr-*.example.com:*', 'https://pr-1.example.com'],
    ['https://pr-*.example.com.', 'https://pr-1.example.com.'],
  ])('%s covers %s', (pattern, origin) => {
    expect(matchIn([pattern], origin)).toBe(pattern);
  });

  it.each([
    ['https://pr-*-shop.example.com', 'https://pr-shop.example.com', 'the two sides overlap'],
    ['https://pr-*-shop.example.com', 'https://pr--shop.example.com', 'nothing stands for the wildcard'],
    ['https://pr-*-shop.example.com', 'https://pr-1-shop.evil.com', 'another parent'],
    ['https://pr-*-shop.example.com', 'https://pr-1.x-shop.example.com', 'two labels'],
    ['https://pr-*-shop.example.com', 'https://x.pr-1-shop.example.com', 'a label before'],
    ['https://pr-*.example.com', 'https://pr-.example.com', 'nothing stands for the wildcard'],
    ['https://pr-*.example.com', 'https://pr-a_b.example.com', 'an underscore'],
    ['https://pr-*.example.com', 'https://xpr-1.example.com', 'text before'],
    ['https://pr-*.example.com', 'https://pr-1.example.com.', 'a trailing dot'],
    ['https://pr-*.example.com', 'https://pr-1.example.com:8443', 'a port'],
    ['https://pr-*.example.com:8443', 'https://pr-1.example.com', 'no port'],
    ['https://pr-*.example.com', 'http://pr-1.example.com', 'another scheme'],
    ['https://pr-*.example.com', 'https://pr-*.example.com', 'its own text'],
  ])('%s does not cover %s: %s', (pattern, origin) => {
    expect(matchIn([pattern], origin)).toMatch(/^origin_(not_listed|invalid)$/);
  });
});

describe('given patterns that all cover an origin', () => {
  const ALL = [
    'https://*.example',
    'https://*.a.example:*',
    'https://*.a.example',
    'https://pr-*.b.a.example',
    'https://pr-1.b.a.example:*',
    'https://pr-1.b.a.example',
  ];

  it('the narrowest is named: exact, any port, affix, then the nearest parent', () => {
    const named: string[] = [];
    for (let left = ALL.length; left > 0; left -= 1)
      named.push(matchIn(ALL.slice(0, left), 'https://pr-1.b.a.example'));
    expect(named).toEqual([
      'https://pr-1.b.a.example',
      'https://pr-1.b.a.example:*',
      'https://pr-*.b.a.example',
      'https://*.a.example',
      'https://*.a.example:*',
      'https://*.example',
    ]);
  });

  it.each([
    ['disabled', { enabled: false }, 'entry_disabled'],
    ['expired at this very moment', { expiresAt: '2030-01-01T00:00:00Z' }, 'entry_expired'],
    ['for another policy', { policies: ['other'] }, 'entry_other_policy'],
    ['of an expiry that is no time', { expiresAt: 'soon' }, 'entry_expired'],
  ])('one that is %s is passed over for the next', (_, state, miss) => {
    const narrow = { pattern: 'https://a.example', ...state };
    const wide = { pattern: 'https://*.example' };
    expect(matchOrigin(setOf([narrow, wide]), 'https://a.example', 'default', NOW)).toMatchObject(wide);
    expect(matchOrigin(setOf([narrow]), 'https://a.example', 'default', NOW)).toBe(miss);
  });

  it('of several that are passed over the narrowest gives the reason', () => {
    const entries = [
      { pattern: 'https://*.example', enabled: false },
      { pattern: 'https://a.example', expiresAt: '2029-12-31T23:59:59.999Z' },
    ];
    expect(matchOrigin(setOf(entries), 'https://a.example', 'default', NOW)).toBe('entry_expired');
  });
});

describe('given an entry with limits that hold', () => {
  it.each([
    ['a later expiry', { expiresAt: '2030-01-01T00:00:00.001Z' }],
    ['this policy among others', { policies: ['other', 'default'] }],
    ['no policy named', { policies: [] }],
    ['enabled', { enabled: true }],
  ])('%s lets the origin in', (_, state) => {
    const entry = { pattern: 'https://a.example', ...state };
    expect(matchOrigin(setOf([entry]), 'https://a.example', 'default', NOW)).toMatchObject({
      pattern: entry.pattern,
    });
  });
});

describe('given a pattern that does not parse', () => {
  it('it matches nothing, its own text included', () => {
    const set = setOf([
      { pattern: 'https://example.com/' },
      { pattern: 'HTTPS://example.com' },
      { pattern: '' },
    ]);
    expect(countOrigins(set)).toBe(0);
    expect(matchOrigin(set, 'https://example.com/', 'default', NOW)).toBe('origin_invalid');
    expect(matchOrigin(set, 'https://example.com', 'default', NOW)).toBe('origin_not_listed');
  });
});

const limits = fc.record(
  {
    enabled: fc.boolean(),
    expiresAt: fc.constantFrom('2029-01-01T00:00:00Z', '2030-01-01T00:00:00Z', '2031-01-01T00:00:00Z'),
    policies: fc.constantFrom([], ['default'], ['other'], ['other', 'default']),
  },
  { requiredKeys: [] },
);
const entry: fc.Arbitrary<SnapshotEntry> = fc
  .tuple(patternText, fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: limits }))
  .map(([pattern, rest]) => ({ pattern, ...rest }));
const edit = fc.record({ entry, isAdded: fc.constantFrom(true, true, false) });

/** Half of the origins are made from a pattern of the list, so that many are let in. */
const editsAndOrigins = fc.array(edit, { minLength: 1, maxLength: 60, size: 'max' }).chain((edits) => {
  const listed = fc
    .constantFrom(...edits.map(({ entry: { pattern } }) => pattern))
    .map((pattern) => pattern.replace('://*.', '://a.b.').replace(':*', ':8443').replace('*', '1'));
  const origins = fc.array(fc.oneof(hostileOrigin, listed), { minLength: 1, maxLength: 20, size: 'max' });
  return fc.tuple(fc.constant(edits), origins);
});

describe('given any list, edited in any order', () => {
  it('the set agrees with a matcher that tries every entry', () => {
    let hits = 0;
    let misses = 0;
    fc.assert(
      fc.property(editsAndOrigins, ([edits, origins]) => {
        const set = createOriginSet();
        const entries = new Map<string, SnapshotEntry>();
        for (const { entry: edited, isAdded } of edits) apply(set, entries, edited, isAdded);
        expect(countOrigins(set)).toBe(entries.size);
        for (const origin of origins) {
          const found = matchOrigin(set, origin, 'default', NOW);
          const expected = naiveMatches([...entries.values()], origin, 'default', NOW);
          const best = Math.min(...expected.map(({ rank }) => rank));
          const candidates = expected.filter(({ rank }) => rank === best).map(({ pattern }) => pattern);
          if (typeof found === 'string') expect(candidates).toEqual([]);
          else expect(candidates).toContain(found.pattern);
          if (typeof found === 'string') misses += 1;
          else hits += 1;
        }
      }),
      { numRuns: 400 },
    );
    // The law says nothing unless both happen often.
    expect(hits).toBeGreaterThan(500);
    expect(misses).toBeGreaterThan(500);
  });

  it('deleting leaves no trace', () => {
    const texts = fc.uniqueArray(patternText, { maxLength: 30 });
    fc.assert(
      fc.property(texts, texts, (kept, removed) => {
        const set = createOriginSet();
        const expected = createOriginSet();
        for (const text of kept) addOrigin(expected, parsed(text), entryOf(text));
        for (const text of [...kept, ...removed]) addOrigin(set, parsed(text), entryOf(text));
        for (const text of removed) expect(deleteOrigin(set, parsed(text))).toBe(true);
        for (const text of removed) expect(deleteOrigin(set, parsed(text))).toBe(false);
        for (const text of kept) addOrigin(set, parsed(text), entryOf(text));
        expect(set).toEqual(expected);
      }),
    );
  });

  it('what was added is found by its pattern', () => {
    fc.assert(
      fc.property(fc.uniqueArray(patternText, { maxLength: 30 }), patternText, (texts, asked) => {
        const set = createOriginSet();
        for (const text of texts) addOrigin(set, parsed(text), entryOf(text));
        expect(findOrigin(set, parsed(asked))?.pattern).toBe(texts.includes(asked) ? asked : undefined);
      }),
    );
  });
});

function entryOf(text: string): OriginEntry {
  return {
    pattern: text,
    kind: parsed(text).kind,
    enabled: true,
    expiresAtMs: undefined,
    policies: undefined,
  };
}

function apply(
  set: OriginSet,
  entries: Map<string, SnapshotEntry>,
  edited: SnapshotEntry,
  isAdded: boolean,
): void {
  const pattern = parsed(edited.pattern);
  if (!isAdded) {
    expect(deleteOrigin(set, pattern)).toBe(entries.delete(edited.pattern));
    return;
  }
  const compiled = findOrigin(setOf([edited]), pattern);
  if (compiled === undefined) throw new Error(`${edited.pattern} was not compiled`);
  addOrigin(set, pattern, compiled);
  entries.set(edited.pattern, edited);
}
