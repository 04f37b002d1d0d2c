import { type OriginEntry, visitOrigins } from './origin-set.js';
import type { CompiledAllowlist, Snapshot, SnapshotEntry } from './snapshot.js';

/**
 * The snapshot of a compiled list, also after deltas: compiled again it decides alike. Entries stand in another order than in the one
 * it was compiled from, and those that never match for want of a pattern are not among them.
 */
export function toSnapshot(compiled: CompiledAllowlist): Snapshot {
  const { tenant, lineage, revision, policySettings: policies } = compiled;
  const entries = originEntriesOf(compiled).map(toSnapshotEntry);
  return { tenant, lineage, revision, count: entries.length, policies, entries };
}

/** What the list holds now. A delta replaces entries and changes none: what is taken at one moment stays one version. */
export function originEntriesOf({ origins }: CompiledAllowlist): readonly OriginEntry[] {
  const entries: OriginEntry[] = [];
  visitOrigins(origins, (entry) => entries.push(entry));
  return entries;
}

/** The inverse of `compileEntry`. */
export function toSnapshotEntry({ pattern, enabled, expiresAtMs, policies }: OriginEntry): SnapshotEntry {
  return {
    pattern,
    ...(!enabled && { enabled }),
    ...(expiresAtMs !== undefined && { expiresAt: toTime(expiresAtMs) }),
    ...(policies !== undefined && { policies }),
  };
}

/** What was no date has passed, and so has the epoch. */
function toTime(ms: number): string {
  return new Date(Number.isNaN(ms) ? 0 : ms).toISOString();
}
