import type { AffixPattern, AnyPattern, Pattern, PatternKind, SubdomainsPattern } from './pattern.js';

/** What the set keeps of an entry. Kept small: a tenant may have 100,000. */
export interface OriginEntry {
  /** The pattern's canonical text. */
  readonly pattern: string;
  readonly kind: PatternKind;
  readonly enabled: boolean;
  /** Epoch milliseconds from which on it matches nothing; `undefined` = never. */
  readonly expiresAtMs: number | undefined;
  /** Policies it applies to; `undefined` = all. */
  readonly policies: readonly string[] | undefined;
}

/**
 * What a set knows of one host suffix. `example.com` has a branch when some wildcard stands at it (`*.example.com`,
 * `pr-*.example.com`) or deeper, so that a walk from the right ends as soon as the list knows nothing further.
 */
export interface Branch {
  /** Wildcards at this suffix or below it; at 0 the branch is dropped. */
  size: number;
  /** Subdomain patterns whose parent host this is. */
  subdomains: number;
  /** The same for affix patterns, by what stands beside the `*`. */
  affixes: Affixes | undefined;
}

/** Texts beside the `*` of the affix patterns under one parent host, each with the number of patterns that have it. */
export interface Affixes {
  readonly prefixes: Map<string, number>;
  readonly prefixLengths: Map<number, number>;
  readonly suffixLengths: Map<number, number>;
}

/**
 * A tenant's patterns, arranged so that a look-up costs the same at ten entries and at 100,000, whoever wrote the header.
 * Each is filed under its own canonical text, and wildcards are found by building the few texts that would cover the origin.
 * Exact texts have a map of their own: it is asked with the raw header, which must not name a wildcard by its text.
 */
export interface OriginSet {
  /** `https://app.example.com[:port]` and `null`. */
  readonly exact: Map<string, OriginEntry>;
  /** `https://app.example.com:*` */
  readonly exactOnAnyPort: Map<string, OriginEntry>;
  readonly subdomains: Map<string, OriginEntry>;
  readonly affixes: Map<string, OriginEntry>;
  /** Of the subdomain and affix patterns, how many end in `:*`. */
  wildcardsOnAnyPort: number;
  readonly branches: Map<string, Branch>;
  /** The entry `*`. */
  any: OriginEntry | undefined;
}

/** An empty set: it lets nobody in. */
export function createOriginSet(): OriginSet {
  return {
    exact: new Map(),
    exactOnAnyPort: new Map(),
    subdomains: new Map(),
    affixes: new Map(),
    wildcardsOnAnyPort: 0,
    branches: new Map(),
    any: undefined,
  };
}

/** Adds an entry, or replaces the one with the same pattern. */
export function addOrigin(set: OriginSet, pattern: Pattern, entry: OriginEntry): void {
  if (pattern.kind === 'any') {
    set.any = entry;
    return;
  }
  const entries = entriesFor(set, pattern);
  if (isWildcard(pattern) && !entries.has(pattern.text)) addWildcard(set, pattern);
  entries.set(pattern.text, entry);
}

/**
 * Removes the entry with this pattern; the exact inverse of {@link addOrigin}.
 *
 * @returns whether there was one.
 */
export function deleteOrigin(set: OriginSet, pattern: Pattern): boolean {
  if (pattern.kind === 'any') {
    const had = set.any !== undefined;
    set.any = undefined;
    return had;
  }
  const had = entriesFor(set, pattern).delete(pattern.text);
  if (had && isWildcard(pattern)) deleteWildcard(set, pattern);
  return had;
}

/** Entries in the set. */
export function countOrigins(set: OriginSet): number {
  const any = set.any === undefined ? 0 : 1;
  return any + set.exact.size + set.exactOnAnyPort.size + set.subdomains.size + set.affixes.size;
}

function entriesFor(set: OriginSet, pattern: Exclude<Pattern, AnyPattern>): Map<string, OriginEntry> {
  switch (pattern.kind) {
    case 'null':
      return set.exact;
    case 'exact':
      return pattern.anyPort ? set.exactOnAnyPort : set.exact;
    case 'subdomains':
      return set.subdomains;
    case 'affix':
      return set.affixes;
  }
}

type WildcardPattern = SubdomainsPattern | AffixPattern;

function isWildcard(pattern: Pattern): pattern is WildcardPattern {
  return pattern.kind === 'subdomains' || pattern.kind === 'affix';
}

/**
 * Where the suffix one label longer begins, given where a suffix begins (or the host's length to start with); -1 when the
 * suffix is the whole host. A trailing dot belongs to the last label.
 */
export function growSuffix(host: string, start: number): number {
  if (start <= 0) return -1;
  return host.lastIndexOf('.', start - 2) + 1;
}

function addWildcard(set: OriginSet, pattern: WildcardPattern): void {
  const { host } = pattern;
  if (pattern.anyPort) set.wildcardsOnAnyPort += 1;
  for (let start = growSuffix(host, host.length); start !== -1; start = growSuffix(host, start)) {
    const suffix = host.slice(start);
    const branch = set.branches.get(suffix) ?? { size: 0, subdomains: 0, affixes: undefined };
    branch.size += 1;
    set.branches.set(suffix, branch);
  }
  const parent = set.branches.get(host);
  if (parent === undefined) return;
  if (pattern.kind === 'subdomains') parent.subdomains += 1;
  else addAffix(parent, pattern);
}

function deleteWildcard(set: OriginSet, pattern: WildcardPattern): void {
  const { host } = pattern;
  if (pattern.anyPort) set.wildcardsOnAnyPort -= 1;
  const parent = set.branches.get(host);
  if (parent !== undefined) {
    if (pattern.kind === 'subdomains') parent.subdomains -= 1;
    else deleteAffix(parent, pattern);
  }
  for (let start = growSuffix(host, host.length); start !== -1; start = growSuffix(host, start)) {
    const suffix = host.slice(start);
    const branch = set.branches.get(suffix);
    if (branch === undefined) continue;
    branch.size -= 1;
    if (branch.size === 0) set.branches.delete(suffix);
  }
}

function addAffix(parent: Branch, pattern: AffixPattern): void {
  parent.affixes ??= { prefixes: new Map(), prefixLengths: new Map(), suffixLengths: new Map() };
  increment(parent.affixes.prefixes, pattern.prefix);
  increment(parent.affixes.prefixLengths, pattern.prefix.length);
  increment(parent.affixes.suffixLengths, pattern.suffix.length);
}

function deleteAffix(parent: Branch, pattern: AffixPattern): void {
  if (parent.affixes === undefined) return;
  decrement(parent.affixes.prefixes, pattern.prefix);
  decrement(parent.affixes.prefixLengths, pattern.prefix.length);
  decrement(parent.affixes.suffixLengths, pattern.suffix.length);
  if (parent.affixes.prefixes.size === 0) parent.affixes = undefined;
}

function increment<K>(tally: Map<K, number>, key: K): void {
  tally.set(key, (tally.get(key) ?? 0) + 1);
}

function decrement<K>(tally: Map<K, number>, key: K): void {
  const count = tally.get(key) ?? 0;
  if (count > 1) tally.set(key, count - 1);
  else tally.delete(key);
}
