import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fitQuotas } from '../../src/store/usage.js';

const NONE = { entries: 0, wildcards: 0, policies: 0 };
const QUOTAS = { entries: 100, wildcards: 99, policies: 1 };

describe('given the operations of a long list', () => {
  it('counts them in turns, and refuses what does not fit', async () => {
    let turn = 0;
    const seen = new Set<number>();
    const after = {
      get pattern() {
        workFor(1);
        seen.add(turn);
        return 'https://*.example.com';
      },
    };
    const operations = Array.from({ length: 100 }, () => ({
      subject: 'entry' as const,
      before: null,
      after,
    }));
    let isOver = false;
    const fitted = fitQuotas(NONE, operations, QUOTAS)
      .catch((error: unknown) => error)
      .finally(() => {
        isOver = true;
      });
    while (!isOver) {
      await setImmediate();
      turn += 1;
    }
    expect(await fitted).toMatchObject({
      code: 'quota_exceeded',
      extra: { quota: 'wildcards', limit: 99, used: 0, wanted: 100 },
    });
    expect(seen.size).toBeGreaterThan(2);
  });
});

/** Keeps the process from doing anything else. */
function workFor(durationMs: number): void {
  const startMs = performance.now();
  while (performance.now() - startMs < durationMs);
}
