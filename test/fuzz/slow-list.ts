import type { DecisionReason, Snapshot, SnapshotEntry } from '@origin-allowlist/client/core';
import { type SlowPattern, slowPattern } from './slow-pattern.js';

/** An entry of a list, with its pattern read. */
export interface SlowEntry {
  readonly pattern: SlowPattern;
  readonly entry: SnapshotEntry;
}

/** Of two entries with one pattern the later counts; what is no pattern matches nothing. */
export function entriesOf({ entries }: Snapshot): readonly SlowEntry[] {
  return entries.flatMap((entry, index) => {
    const pattern = slowPattern(entry.pattern);
    const isReplaced = entries.slice(index + 1).some((later) => later.pattern === entry.pattern);
    return pattern === undefined || isReplaced ? [] : [{ pattern, entry }];
  });
}

/** Every reason why an entry that matches does not count; none when it does. */
export function faultsOf(
  { enabled = true, expiresAt, policies = [] }: SnapshotEntry,
  policy: string,
  nowMs: number,
): readonly DecisionReason[] {
  const faults: DecisionReason[] = [];
  if (policies.length > 0 && !policies.includes(policy)) faults.push('entry_other_policy');
  if (!enabled) faults.push('entry_disabled');
  if (expiresAt !== undefined && Date.parse(expiresAt) <= nowMs) faults.push('entry_expired');
  return faults;
}
