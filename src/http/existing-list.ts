import type { SnapshotEntry } from '@origin-allowlist/client/core';
import { createGrowingList, type ExistingPatterns } from '../lint/existing-patterns.js';
import { inTurns } from '../turns.js';

/** Reads a list in turns, to lint beside it. Not within a write: on a busy machine more writes of long lists were then answered 503. */
export async function readExisting(
  entries: readonly SnapshotEntry[],
  nowMs: number,
): Promise<ExistingPatterns> {
  const list = createGrowingList(nowMs);
  for await (const turn of inTurns(entries)) list.add(turn);
  return list.existing;
}
