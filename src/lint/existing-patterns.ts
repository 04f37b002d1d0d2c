import {
  addOrigin,
  compileEntry,
  compileSnapshot,
  createOriginSet,
  findOrigin,
  type OriginEntry,
  type OriginSet,
  type Pattern,
  parsePattern,
  type SnapshotEntry,
} from '@origin-allowlist/client/core';

/** RFC 1035 §2.3.4. */
const MAX_LABEL_LENGTH = 63;

/** A tenant's list, asked by pattern: an answer costs the same at five entries and at 100,000. */
export interface ExistingPatterns {
  /** The entry with this very pattern, whatever its state. */
  readonly find: (pattern: Pattern) => OriginEntry | undefined;
  /**
   * The entries whose wildcard stands straight below a host, in groups: one for each list that this one is made of.
   *
   * @param parent with its port as patterns write it: `example.com`, `example.com:8443`, `example.com:*`.
   */
  readonly wildcardsBelow: (scheme: string, parent: string) => readonly WildcardsBelow[];
  /** Epoch milliseconds; what has expired by then covers nothing. */
  readonly nowMs: number;
}

/** The entries of one list whose wildcard stands straight below one host. */
export interface WildcardsBelow {
  /** The entry with `*.` before the host. */
  readonly subdomains: () => OriginEntry | undefined;
  /** `undefined` = none. */
  readonly affixes: AffixesBelow | undefined;
}

/** Affix entries straight below one host, by the text before the `*` and then by the text after it. */
export interface AffixesBelow {
  /** Lengths worth asking for, the longest first: no more of them than a label has room for. */
  readonly prefixLengths: readonly number[];
  readonly suffixLengths: readonly number[];
  /** `undefined` = none begins so. */
  readonly withPrefix: (prefix: string) => AffixesBySuffix | undefined;
}

interface AffixesBySuffix {
  readonly get: (suffix: string) => OriginEntry | undefined;
}

/** The list that a tenant's compiled allowlist holds, without copying it. */
export function existingIn(origins: OriginSet, nowMs: number): ExistingPatterns {
  const { wildcards, affixIndex } = origins;
  return {
    find: (pattern) => findOrigin(origins, pattern),
    wildcardsBelow: (scheme, host) => {
      const parent = wildcards.parents.get(scheme)?.get(host);
      if (parent === undefined) return [];
      const { affixes } = parent;
      const below = affixes && {
        prefixLengths: longestFirst(affixIndex.prefixLengths.keys()),
        suffixLengths: longestFirst(affixIndex.suffixLengths.keys()),
        withPrefix: (prefix: string) => affixes.get(prefix),
      };
      return [{ subdomains: () => parent.subdomains, affixes: below }];
    },
    nowMs,
  };
}

function longestFirst(lengths: Iterable<number>): readonly number[] {
  return [...lengths].sort((a, b) => b - a);
}

/** The list that these entries are. One whose pattern does not parse is in no list. */
export function existingOf(entries: readonly SnapshotEntry[], nowMs: number): ExistingPatterns {
  // Read by the engine itself, so that the linter and a decision agree on what an entry says. Names and version play no part.
  const snapshot = { tenant: '', lineage: '', revision: 0, count: entries.length, policies: [], entries };
  return existingIn(compileSnapshot(snapshot).origins, nowMs);
}

/** A list that is read piece by piece, being too long to be read in one go. */
export interface GrowingList {
  /** Reads on: of two entries with one pattern the later counts. */
  readonly add: (entries: readonly SnapshotEntry[]) => void;
  /** What has been read so far. */
  readonly existing: ExistingPatterns;
}

/** An empty list that grows. Once all is read it is what {@link existingOf} would give. */
export function createGrowingList(nowMs: number): GrowingList {
  const origins = createOriginSet();
  const namings = new Map<string, readonly string[]>();
  return {
    add: (entries) => {
      for (const entry of entries) {
        const parsed = parsePattern(entry.pattern);
        if (parsed.ok) addOrigin(origins, parsed.pattern, compileEntry(parsed.pattern, entry, namings));
      }
    },
    existing: existingIn(origins, nowMs),
  };
}

/**
 * Collects the texts of the patterns a linter asks a list for, so that only those need be read from where the list is kept.
 * It finds nothing and tells of no bound, so that every question is asked.
 *
 * @param limit texts collected at most; once there are as many, more may have been asked for.
 */
export function recordingExisting(limit: number): ExistingPatterns & { readonly texts: ReadonlySet<string> } {
  const texts = new Set<string>();
  const record = (text: string): undefined => {
    if (texts.size < limit) texts.add(text);
  };
  return {
    find: ({ text }) => record(text),
    wildcardsBelow: (scheme, parent) => {
      if (texts.size >= limit) return [];
      const withPrefix = (prefix: string) => ({
        get: (suffix: string) => record(`${scheme}://${prefix}*${suffix}.${parent}`),
      });
      const affixes = { prefixLengths: AFFIX_LENGTHS, suffixLengths: AFFIX_LENGTHS, withPrefix };
      return [{ subdomains: () => record(`${scheme}://*.${parent}`), affixes }];
    },
    nowMs: 0,
    texts,
  };
}

/** The lengths of text that a label with a wildcard in it has room for. */
const AFFIX_LENGTHS = longestFirst(Array.from({ length: MAX_LABEL_LENGTH }, (_, length) => length));

/** What a write does to a list. */
export interface ListChange {
  /** Entries that are new, or replace the one with their pattern. */
  readonly written: readonly SnapshotEntry[];
  /** These, where they have been read already. */
  readonly writtenList?: ExistingPatterns;
  /** Canonical texts of the patterns that go. */
  readonly removed?: ReadonlySet<string>;
}

/** A list as it will be after a write; costs what the write holds, not what the list holds. */
export function existingAfter(before: ExistingPatterns, change: ListChange): ExistingPatterns {
  const written = change.writtenList ?? existingOf(change.written, before.nowMs);
  const replaced = new Set(change.written.map(({ pattern }) => pattern));
  const stays = (entry: OriginEntry | undefined): OriginEntry | undefined =>
    entry === undefined || replaced.has(entry.pattern) || change.removed?.has(entry.pattern)
      ? undefined
      : entry;
  return {
    find: (pattern) => written.find(pattern) ?? stays(before.find(pattern)),
    wildcardsBelow: (scheme, parent) => [
      ...written.wildcardsBelow(scheme, parent),
      ...before.wildcardsBelow(scheme, parent).map((below) => only(below, stays)),
    ],
    nowMs: before.nowMs,
  };
}

/** The same group without the entries that do not stay. */
function only(
  { subdomains, affixes }: WildcardsBelow,
  stays: (entry: OriginEntry | undefined) => OriginEntry | undefined,
): WildcardsBelow {
  return {
    subdomains: () => stays(subdomains()),
    affixes: affixes && {
      ...affixes,
      withPrefix: (prefix) => {
        const entries = affixes.withPrefix(prefix);
        return entries && { get: (suffix) => stays(entries.get(suffix)) };
      },
    },
  };
}
