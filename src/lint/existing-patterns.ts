import {
  compileSnapshot,
  findOrigin,
  type OriginEntry,
  type OriginSet,
  type Pattern,
  type SnapshotEntry,
} from '@origin-allowlist/client/core';

/** A tenant's list, asked by pattern: an answer costs the same at five entries and at 100,000. */
export interface ExistingPatterns {
  /** The entry with this very pattern, whatever its state. */
  readonly find: (pattern: Pattern) => OriginEntry | undefined;
  /** `false` when no affix pattern straight below this host can begin with this text: saves asking for each of its endings. */
  readonly mayHaveAffix: (host: string, prefix: string) => boolean;
  /** Epoch milliseconds; what has expired by then covers nothing. */
  readonly nowMs: number;
}

/** The list that a tenant's compiled allowlist holds, without copying it. */
export function existingIn(origins: OriginSet, nowMs: number): ExistingPatterns {
  return {
    find: (pattern) => findOrigin(origins, pattern),
    mayHaveAffix: (host, { length }) =>
      origins.affixIndex.parents.has(host) && origins.affixIndex.prefixLengths.has(length),
    nowMs,
  };
}

/** The list that these entries are. One whose pattern does not parse is in no list. */
export function existingOf(entries: readonly SnapshotEntry[], nowMs: number): ExistingPatterns {
  // Read by the engine itself, so that the linter and a decision agree on what an entry says. Names and version play no part.
  const snapshot = { tenant: '', lineage: '', revision: 0, count: entries.length, policies: [], entries };
  return existingIn(compileSnapshot(snapshot).origins, nowMs);
}

/**
 * Collects the texts of the patterns a linter asks a list for, so that only those need be read from where the list is kept.
 * It finds nothing, so that every question is asked.
 *
 * @param limit texts collected at most.
 */
export function recordingExisting(limit: number): ExistingPatterns & { readonly texts: ReadonlySet<string> } {
  const texts = new Set<string>();
  return {
    find: ({ text }) => {
      if (texts.size < limit) texts.add(text);
      return undefined;
    },
    mayHaveAffix: () => texts.size < limit,
    nowMs: 0,
    texts,
  };
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
    find: (pattern) =>
      written.find(pattern) ?? (change.removed?.has(pattern.text) ? undefined : before.find(pattern)),
    mayHaveAffix: (host, prefix) => written.mayHaveAffix(host, prefix) || before.mayHaveAffix(host, prefix),
    nowMs: before.nowMs,
  };
}
