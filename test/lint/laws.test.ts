import {
  compileSnapshot,
  DEFAULT_POLICY,
  decide,
  parsePattern,
  type SnapshotEntry,
} from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findCovering } from '../../src/lint/coverage.js';
import {
  createGrowingList,
  existingAfter,
  existingOf,
  recordingExisting,
} from '../../src/lint/existing-patterns.js';
import type { LintContext } from '../../src/lint/lint-context.js';
import { lintPattern } from '../../src/lint/lint-pattern.js';
import { anyText, narrowedPattern, originText, patternOf, patternText } from './generated-patterns.js';

const NOW_MS = Date.parse('2026-06-01T00:00:00.000Z');
const POLICIES = ['default', 'api'];

const context: fc.Arbitrary<LintContext> = fc.record({
  credentials: fc.boolean(),
  environment: fc.constantFrom('production', 'staging', 'development'),
});

/** Any state an entry can have, most often none that takes it out. */
const entryState: fc.Arbitrary<Omit<SnapshotEntry, 'pattern'>> = fc.oneof(
  fc.constant({}),
  fc.record(
    {
      enabled: fc.boolean(),
      expiresAt: fc.constantFrom('2026-06-01T00:00:00.000Z', '2026-06-01T00:00:00.001Z'),
      policies: fc.subarray(POLICIES),
    },
    { requiredKeys: [] },
  ),
);
const entry = fc.tuple(patternText, entryState).map(([pattern, state]) => ({ ...state, pattern }));

/** Whether the engine itself lets an origin in. */
function lets(entries: readonly SnapshotEntry[], origin: string, policy: string): boolean {
  const policies = POLICIES.map((name) => ({ ...DEFAULT_POLICY, name, paths: [`/${name}`] }));
  const compiled = compileSnapshot({
    tenant: 'a',
    lineage: '',
    revision: 1,
    count: entries.length,
    policies,
    entries,
  });
  return decide({ method: 'GET', origin, policy }, compiled, NOW_MS).allowed;
}

describe('the linter', () => {
  it('answers any text, twice the same', () => {
    fc.assert(
      fc.property(anyText, context, (text, given) => {
        expect(lintPattern(text, given)).toEqual(lintPattern(text, given));
      }),
    );
  });

  it('refuses what the engine cannot read, and only that for its syntax', () => {
    fc.assert(
      fc.property(anyText, context, (text, given) => {
        const isRefused = lintPattern(text, given).some((finding) => finding.class === 'syntax');
        expect(isRefused).toBe(!parsePattern(text).ok);
      }),
    );
  });

  it('puts findings in the order of their severity', () => {
    fc.assert(
      fc.property(anyText, context, (text, given) => {
        const severities = lintPattern(text, given).map(({ severity }) => severity);
        const ordered = ['reject', 'warn', 'ok'].flatMap((each) => severities.filter((one) => one === each));
        expect(severities).toEqual(ordered);
      }),
    );
  });
});

describe('fixes', () => {
  it('are canonical patterns that would not be refused', () => {
    fc.assert(
      fc.property(anyText, context, (text, given) => {
        for (const { fix } of lintPattern(text, given)) {
          if (fix === undefined) continue;
          expect(parsePattern(fix)).toMatchObject({ ok: true, pattern: { text: fix } });
          expect(lintPattern(fix, given).map(({ severity }) => severity)).not.toContain('reject');
        }
      }),
    );
  });
});

describe('examples', () => {
  it('are origins that the pattern lets in', () => {
    fc.assert(
      fc.property(patternText, context, (pattern, given) => {
        for (const { examples = [] } of lintPattern(pattern, given)) {
          for (const origin of examples) expect(lets([{ pattern }], origin, 'default')).toBe(true);
        }
      }),
    );
  });
});

describe('REDUNDANT', () => {
  it('means that every origin the entry lets in is let in without it', () => {
    let redundant = 0;
    fc.assert(
      fc.property(
        narrowedPattern,
        entryState,
        fc.array(entry, { maxLength: 3 }),
        fc.subarray(POLICIES),
        fc.array(originText, { minLength: 20, maxLength: 20 }),
        ({ wider, narrowed }, state, more, policies, origins) => {
          const others = [{ ...state, pattern: wider }, ...more].filter(
            ({ pattern }) => pattern !== narrowed,
          );
          const existing = existingOf(others, NOW_MS);
          const findings = lintPattern(narrowed, {
            credentials: false,
            environment: 'production',
            policies,
            existing,
          });
          if (!findings.some(({ code }) => code === 'REDUNDANT')) return;
          redundant += 1;
          for (const policy of policies.length === 0 ? POLICIES : policies) {
            const letIn = origins.filter((origin) => lets([{ pattern: narrowed }], origin, policy));
            expect(letIn.filter((origin) => !lets(others, origin, policy))).toEqual([]);
          }
        },
      ),
      { numRuns: 500 },
    );
    // Without hits the law would hold for nothing.
    expect(redundant).toBeGreaterThan(50);
  });

  it('is found for every pattern that is a narrower form of one in the list', () => {
    fc.assert(
      fc.property(narrowedPattern, ({ wider, narrowed }) => {
        const covering = findCovering(existingOf([{ pattern: wider }], NOW_MS), patternOf(narrowed), []);
        expect(covering?.pattern).toBe(wider === narrowed ? undefined : wider);
      }),
      { numRuns: 500 },
    );
  });

  it('is found for every origin that the engine lets in by a wildcard', () => {
    fc.assert(
      fc.property(patternText, originText, (wider, origin) => {
        const isLetIn = wider !== origin && lets([{ pattern: wider }], origin, 'default');
        const covering = findCovering(existingOf([{ pattern: wider }], NOW_MS), patternOf(origin), []);
        expect(covering?.pattern).toBe(isLetIn ? wider : undefined);
      }),
      { numRuns: 500 },
    );
  });

  it('is found in a list as a write leaves it when it is found in that list written down', () => {
    const distinct = (entries: readonly SnapshotEntry[]) => [
      ...new Map(entries.map((each) => [each.pattern, each])).values(),
    ];
    const entries = fc.array(entry, { maxLength: 6 }).map(distinct);
    fc.assert(
      fc.property(entries, entries, fc.array(patternText), patternText, (old, written, gone, text) => {
        const removed = new Set(gone.filter((one) => !written.some(({ pattern }) => pattern === one)));
        const left = old.filter(({ pattern }) => !removed.has(pattern));
        const after = existingAfter(existingOf(old, NOW_MS), { written, removed });
        const whole = existingOf(distinct([...left, ...written]), NOW_MS);
        const isCovered = findCovering(whole, patternOf(text), POLICIES) !== undefined;
        expect(findCovering(after, patternOf(text), POLICIES) !== undefined).toBe(isCovered);
      }),
      { numRuns: 500 },
    );
  });

  it('is the same in a list that was read piece by piece', () => {
    const entries = fc.array(entry, { maxLength: 6 });
    fc.assert(
      fc.property(entries, entries, patternText, (first, second, text) => {
        const { existing, add } = createGrowingList(NOW_MS);
        add(first);
        add(second);
        const all = [...first, ...second];
        const whole = existingOf(all, NOW_MS);
        for (const { pattern } of all) {
          expect(existing.find(patternOf(pattern))).toEqual(whole.find(patternOf(pattern)));
        }
        const covering = findCovering(existing, patternOf(text), POLICIES);
        expect(covering).toEqual(findCovering(whole, patternOf(text), POLICIES));
      }),
      { numRuns: 500 },
    );
  });

  it('is found among the patterns that the linter asks a list for', () => {
    fc.assert(
      fc.property(narrowedPattern, fc.array(entry, { maxLength: 3 }), ({ wider, narrowed }, more) => {
        const recorded = recordingExisting(1_000);
        findCovering(recorded, patternOf(narrowed), []);
        const covering = findCovering(
          existingOf([{ pattern: wider }, ...more], NOW_MS),
          patternOf(narrowed),
          [],
        );
        if (covering !== undefined) expect(recorded.texts).toContain(covering.pattern);
      }),
      { numRuns: 500 },
    );
  });

  it('is never said of two entries at once, each because of the other', () => {
    const covers = (wider: string, pattern: string) =>
      findCovering(existingOf([{ pattern: wider }], NOW_MS), patternOf(pattern), []) !== undefined;
    fc.assert(
      fc.property(narrowedPattern, ({ wider, narrowed }) => {
        expect(covers(narrowed, wider)).toBe(false);
      }),
    );
  });
});
