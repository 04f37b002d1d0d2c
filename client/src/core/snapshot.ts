import { addOrigin, createOriginSet, type OriginEntry, type OriginSet } from './origin-set.js';
import { type Pattern, parsePattern } from './pattern.js';
import type { SnapshotPolicy } from './policy-settings.js';
import { compilePolicies, type PolicyTable } from './policy-table.js';

/** One entry of a tenant's list: only the fields that decide. */
export interface SnapshotEntry {
  readonly pattern: string;
  /** Absent means `true`. */
  readonly enabled?: boolean;
  /** ISO 8601 in UTC; from that moment on the entry matches nothing. Absent means never. */
  readonly expiresAt?: string;
  /** Names of the policies it applies to; absent or empty means all. */
  readonly policies?: readonly string[];
}

/** Everything needed to decide for one tenant at one version. */
export interface Snapshot {
  /** The tenant's slug. */
  readonly tenant: string;
  readonly lineage: string;
  readonly revision: number;
  /** `entries.length`, so that a truncated list is noticed. */
  readonly count: number;
  /** One of them is named `default`. */
  readonly policies: readonly SnapshotPolicy[];
  readonly entries: readonly SnapshotEntry[];
}

/** A snapshot made ready to decide with. Immutable to its readers; a new version is compiled beside it and swapped in. */
export interface CompiledAllowlist {
  readonly tenant: string;
  readonly lineage: string;
  readonly revision: number;
  readonly origins: OriginSet;
  readonly policies: PolicyTable;
}

/**
 * Compiles a snapshot. Total: an entry whose pattern does not parse never matches, an `expiresAt` that is no date has passed,
 * and of two entries with one pattern the later counts.
 */
export function compileSnapshot(snapshot: Snapshot): CompiledAllowlist {
  const origins = createOriginSet();
  for (const entry of snapshot.entries) {
    const parsed = parsePattern(entry.pattern);
    if (parsed.ok) addOrigin(origins, parsed.pattern, compileEntry(parsed.pattern, entry));
  }
  const { tenant, lineage, revision } = snapshot;
  return { tenant, lineage, revision, origins, policies: compilePolicies(snapshot.policies) };
}

function compileEntry(pattern: Pattern, entry: SnapshotEntry): OriginEntry {
  return {
    pattern: pattern.text,
    kind: pattern.kind,
    enabled: entry.enabled ?? true,
    expiresAtMs: entry.expiresAt === undefined ? undefined : Date.parse(entry.expiresAt),
    policies: entry.policies === undefined || entry.policies.length === 0 ? undefined : entry.policies,
  };
}
