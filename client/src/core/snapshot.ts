import { addOrigin, countOrigins, createOriginSet, type OriginEntry, type OriginSet } from './origin-set.js';
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

/**
 * A snapshot made ready to decide with. Immutable to its readers: a new snapshot is compiled beside it and swapped in; a delta
 * changes it between two decisions.
 */
export interface CompiledAllowlist {
  readonly tenant: string;
  readonly lineage: string;
  readonly revision: number;
  readonly origins: OriginSet;
  /** Entries in `origins`: counting them looks at each. */
  readonly originCount: number;
  readonly policies: PolicyTable;
  /** What `policies` was compiled from, for when one of them changes. */
  readonly policySettings: readonly SnapshotPolicy[];
}

/**
 * Compiles a snapshot. Total: an entry whose pattern does not parse never matches, an `expiresAt` that is no date has passed,
 * and of two entries with one pattern the later counts.
 */
export function compileSnapshot(snapshot: Snapshot): CompiledAllowlist {
  const origins = createOriginSet();
  // Of 100,000 entries most name the same few policies: one array for all of them.
  const namings = new Map<string, readonly string[]>();
  for (const entry of snapshot.entries) {
    const parsed = parsePattern(entry.pattern);
    if (parsed.ok) addOrigin(origins, parsed.pattern, compileEntry(parsed.pattern, entry, namings));
  }
  const { tenant, lineage, revision, policies: policySettings } = snapshot;
  const originCount = countOrigins(origins);
  const policies = compilePolicies(policySettings);
  return { tenant, lineage, revision, origins, originCount, policies, policySettings };
}

/**
 * What the set keeps of an entry.
 *
 * @param namings lists of policies that other entries have, to share them.
 */
export function compileEntry(
  pattern: Pattern,
  { enabled = true, expiresAt, policies = [] }: SnapshotEntry,
  namings?: Map<string, readonly string[]>,
): OriginEntry {
  return {
    pattern: pattern.text,
    kind: pattern.kind,
    enabled,
    expiresAtMs: expiresAt === undefined ? undefined : Date.parse(expiresAt),
    policies: policies.length === 0 ? undefined : sharedNaming(policies, namings),
  };
}

function sharedNaming(
  policies: readonly string[],
  namings: Map<string, readonly string[]> | undefined,
): readonly string[] {
  // No name has a comma.
  const key = policies.join();
  const naming = namings?.get(key) ?? policies;
  namings?.set(key, naming);
  return naming;
}
