import { describe, expect, it } from 'vitest';
import { existingOf } from '../../src/lint/existing-patterns.js';
import {
  hasCredentials,
  type ListContext,
  lintEntries,
  type WrittenEntry,
} from '../../src/lint/lint-entries.js';

const NOW_MS = Date.parse('2026-06-01T00:00:00.000Z');
const CONTEXT: ListContext = {
  environment: 'production',
  policies: [
    { name: 'default', credentials: false },
    { name: 'account', credentials: true },
  ],
  nowMs: NOW_MS,
};

const said = (entries: readonly WrittenEntry[], more: Partial<ListContext> = {}) =>
  lintEntries(entries, { ...CONTEXT, ...more }).map((findings) =>
    findings.map(({ severity, code }) => `${severity} ${code}`),
  );

describe('given a whole list', () => {
  it('lints each entry beside all others, whichever comes first', () => {
    expect(
      said([
        { pattern: 'https://b.a.example' },
        { pattern: 'https://*.a.example' },
        { pattern: 'https://a.example' },
      ]),
    ).toEqual([['warn REDUNDANT'], [], []]);
  });

  it('calls all but the first of entries with one pattern duplicates', () => {
    expect(said([{ pattern: 'https://a.example' }, { pattern: 'https://a.example' }])).toEqual([
      [],
      ['warn DUPLICATE'],
    ]);
  });

  it('tells of each entry that is none', () => {
    expect(said([{ pattern: 'https://' }, { pattern: 'https://a.example' }])).toEqual([
      ['reject EMPTY_HOST'],
      [],
    ]);
  });
});

describe('given a batch', () => {
  const before = existingOf([{ pattern: 'https://*.a.example' }, { pattern: 'https://c.example' }], NOW_MS);

  it('lints its entries beside the list as it will be', () => {
    expect(said([{ pattern: 'https://b.a.example' }, { pattern: 'https://c.example' }], { before })).toEqual([
      ['warn REDUNDANT'],
      [],
    ]);
  });

  it('leaves out what the batch removes', () => {
    const removed = new Set(['https://*.a.example']);
    expect(said([{ pattern: 'https://b.a.example' }], { before, removed })).toEqual([[]]);
  });
});

describe('given policies of which one has credentials', () => {
  it('judges an entry by the policies it applies to', () => {
    expect(
      said([
        { pattern: 'http://a.example', policies: ['default'] },
        { pattern: 'http://b.example', policies: ['default', 'account'] },
        { pattern: 'http://c.example' },
      ]),
    ).toEqual([
      ['warn INSECURE_SCHEME'],
      ['reject INSECURE_WITH_CREDENTIALS'],
      ['reject INSECURE_WITH_CREDENTIALS'],
    ]);
  });

  it('lets through what the entry accepts', () => {
    const acceptedRisks = [{ code: 'INSECURE_WITH_CREDENTIALS', note: 'TICKET-1' }];
    expect(said([{ pattern: 'http://a.example', acceptedRisks }])).toEqual([
      ['warn INSECURE_WITH_CREDENTIALS'],
    ]);
  });

  it('counts an entry that names no policy for all, and an unknown name for none', () => {
    expect(hasCredentials(CONTEXT.policies, [])).toBe(true);
    expect(hasCredentials(CONTEXT.policies, ['default'])).toBe(false);
    expect(hasCredentials(CONTEXT.policies, ['other'])).toBe(false);
  });
});
