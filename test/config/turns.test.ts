import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inTurns, mapInTurns } from '../../src/turns.js';

const ITEMS = Array.from({ length: 100 }, (_, index) => index);

/** Keeps the process from doing anything else. */
function workFor(durationMs: number): void {
  const startMs = performance.now();
  while (performance.now() - startMs < durationMs);
}

describe('given few items that each take long', () => {
  it('lets others have their turn before the last', async () => {
    let isOver = false;
    let others = 0;
    const work = mapInTurns(ITEMS, () => workFor(2)).then(() => {
      isOver = true;
    });
    while (!isOver) {
      await setTimeout(0);
      if (!isOver) others += 1;
    }
    await work;
    expect(others).toBeGreaterThan(2);
  });
});

describe('given any items', () => {
  it('gives each once, in their order', async () => {
    const seen: number[] = [];
    for await (const turn of inTurns(ITEMS)) seen.push(...turn);
    expect(seen).toEqual(ITEMS);
    expect(await mapInTurns(ITEMS, (item) => item)).toEqual(ITEMS);
  });

  it('gives no group of an empty list', async () => {
    const turns: unknown[] = [];
    for await (const turn of inTurns([])) turns.push(turn);
    expect(turns).toEqual([]);
  });
});
