import type { SnapshotEntry } from '@origin-allowlist/client/core';
import { createGrowingList, type ExistingPatterns } from '../lint/existing-patterns.js';
import { inTurns } from '../turns.js';

/** Reads a list in turns, to lint beside it: one of 100,000 entries takes most of a second. */
export async function readExisting(
  entries: readonly SnapshotEntry[],
  nowMs: number,
): Promise<ExistingPatterns> {
  const list = createGrowingList(nowMs);
  for await (const turn of inTurns(entries)) list.add(turn);
  return list.existing;
}
