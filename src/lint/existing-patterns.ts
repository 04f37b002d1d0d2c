import {
  compileSnapshot,
  type OriginEntry,
  type OriginSet,
  type SnapshotEntry,
} from '@origin-allowlist/client/core';

/** A tenant's list, asked by text: an answer costs the same at five entries and at 100,000. */
export interface ExistingPatterns {
  /** The entry with this canonical text, whatever its state. */
  readonly find: (text: string) => OriginEntry | undefined;
  /** `false` when no affix pattern straight below this host begins with this text; saves the look-ups for all its endings. */
  readonly mayHavePrefix: (host: string, prefix: string) => boolean;
  /** Epoch milliseconds; what has expired by then covers nothing. */
  readonly nowMs: number;
}

/** The list that a tenant's compiled allowlist holds, without copying it. */
export function existingIn(origins: OriginSet, nowMs: number): ExistingPatterns {
  return {
    find: (text) => (text === '*' ? origins.any : (origins.exact.get(text) ?? origins.wildcards.get(text))),
    mayHavePrefix: (host, prefix) => origins.branches.get(host)?.affixes?.prefixes.has(prefix) ?? false,
    nowMs,
  };
}

/** The list that these entries are. One whose pattern does not parse is in no list. */
export function existingOf(entries: readonly SnapshotEntry[], nowMs: number): ExistingPatterns {
  // Read by the engine itself, so that the linter and a decision agree on what an entry says. Names and version play no part.
  const snapshot = { tenant: '', lineage: '', revision: 0, count: entries.length, policies: [], entries };
  return existingIn(compileSnapshot(snapshot).origins, nowMs);
}

/** What a write does to a list. */
export interface ListChange {
  /** Entries that are new, or replace the one with their pattern. */
  readonly written: readonly SnapshotEntry[];
  /** Canonical texts of the patterns that go. */
  readonly removed?: ReadonlySet<string>;
}

/** A list as it will be after a write; costs what the write holds, not what the list holds. */
export function existingAfter(before: ExistingPatterns, change: ListChange): ExistingPatterns {
  const written = existingOf(change.written, before.nowMs);
  return {
    find: (text) => written.find(text) ?? (change.removed?.has(text) ? undefined : before.find(text)),
    mayHavePrefix: (host, prefix) =>
      written.mayHavePrefix(host, prefix) || before.mayHavePrefix(host, prefix),
    nowMs: before.nowMs,
  };
}
