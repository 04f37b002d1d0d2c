import type { SnapshotEntry } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { findCovering } from '../../src/lint/coverage.js';
import { existingAfter, existingOf, recordingExisting } from '../../src/lint/existing-patterns.js';
import { countSteps } from '../fuzz/steps.js';
import { patternOf } from './generated-patterns.js';

const NOW_MS = 0;
const TIMEOUT_MS = 60_000;
/** For any pattern beside any list: as the engine's own bound on an origin. */
const MAX_STEPS = 100_000;
/** Limited to a policy, so that none of them ends the search. */
const listed = (patterns: readonly string[]): SnapshotEntry[] =>
  patterns.map((pattern) => ({ pattern, policies: ['api'] }));

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
/** Every way to put a `*` into `a-a-…-a`. */
const BETWEEN_HYPHENS = upTo(30).flatMap((before) =>
  upTo(29 - before)
    .filter((after) => before + after > 0)
    .flatMap((after) => {
      const host = `https://${'a-'.repeat(before)}*${'-a'.repeat(after)}.example.com`;
      return [host, `${host}:*`];
    }),
);
const AMONG_HYPHENS = upTo(61).flatMap((before) =>
  upTo(61 - before)
    .filter((after) => before + after > 0)
    .map((after) => {
      const prefix = before === 0 ? '' : `a${'-'.repeat(before)}`;
      const suffix = after === 0 ? '' : `${'-'.repeat(after)}a`;
      return `https://${prefix}*${suffix}.example.com:*`;
    }),
);
const EVERY_DEPTH = upTo(120).map((depth) => `https://*.${'b.'.repeat(depth)}example.com:*`);

const NASTY_LISTS = [
  { name: 'no entry', list: listed([]) },
  { name: 'every affix between hyphens', list: listed(BETWEEN_HYPHENS) },
  { name: 'every affix among hyphens', list: listed(AMONG_HYPHENS) },
  { name: 'every depth', list: listed(EVERY_DEPTH) },
];
const NASTY_PATTERNS = [
  `https://${'a-'.repeat(29)}a.example.com:1000`,
  `https://a${'-'.repeat(61)}a.example.com:1000`,
  `https://${'a-'.repeat(15)}*${'-a'.repeat(15)}.example.com`,
  `https://*.${'b.'.repeat(119)}example.com`,
];

describe.each(NASTY_LISTS)('given a list with $name', ({ list }) => {
  it.each(NASTY_PATTERNS)('takes bounded steps to find what covers %s', { timeout: TIMEOUT_MS }, (text) => {
    const pattern = patternOf(text);
    const existing = existingOf(list, NOW_MS);
    const after = existingAfter(existing, { written: list });
    expect(countSteps(() => void findCovering(existing, pattern, []))).toBeLessThan(MAX_STEPS);
    expect(countSteps(() => void findCovering(after, pattern, []))).toBeLessThan(2 * MAX_STEPS);
  });
});

describe('given a list that is kept elsewhere', () => {
  it.each(NASTY_PATTERNS)('asks it for a bounded number of texts for %s', (text) => {
    const existing = recordingExisting(20_000);
    findCovering(existing, patternOf(text), []);
    expect(existing.texts.size).toBeLessThan(300);
  });

  it('asks it for every text that could cover a name', () => {
    const existing = recordingExisting(20_000);
    findCovering(existing, patternOf('https://pr-1-b.a.example:8443'), []);
    for (const wider of [
      'https://pr-1-b.a.example:*',
      'https://pr-*.a.example:8443',
      'https://pr-1-*.a.example:*',
      'https://*-b.a.example:8443',
      'https://*-1-b.a.example:*',
      'https://pr-*-b.a.example:8443',
      'https://*.a.example:*',
      'https://*.example:8443',
      '*',
    ]) {
      expect(existing.texts).toContain(wider);
    }
  });

  it('asks no more once it has as many as may be asked for', () => {
    const existing = recordingExisting(3);
    findCovering(existing, patternOf('https://pr-1-b.a.example:8443'), []);
    expect(existing.texts.size).toBe(3);
  });
});

describe('given an ordinary list', () => {
  const entries = (size: number) =>
    listed(upTo(size).map((index) => `https://pr-*-shop.team-${index % 7}.host-${index}.example`));

  it('takes not one step more at 20,000 entries than at 7', { timeout: TIMEOUT_MS }, () => {
    const pattern = patternOf('https://pr-1-shop.team-1.host-1.example');
    const steps = (size: number) => {
      const existing = existingOf(entries(size), NOW_MS);
      return countSteps(() => void findCovering(existing, pattern, []));
    };
    expect(steps(20_000)).toBe(steps(7));
  });
});
