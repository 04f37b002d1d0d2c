import type { AffixPattern, Pattern, PatternKind, SubdomainsPattern } from './pattern.js';

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
 * The wildcards at and below one host suffix. `example.com` has a branch when some wildcard stands at it (`*.example.com`,
 * `pr-*.example.com`) or deeper, so a walk from the right ends as soon as the list knows nothing further.
 */
export interface Branch {
  /** Wildcards at this suffix or below it; at 0 the branch is dropped. */
  size: number;
  /** Affix patterns whose parent host this is. */
  affixes: Affixes | undefined;
}

/** Texts beside the `*` of affix patterns under one parent host, each with the number of patterns that have it. */
export interface Affixes {
  readonly prefixes: Map<string, number>;
  readonly prefixLengths: Map<number, number>;
  readonly suffixLengths: Map<number, number>;
}

/**
 * A tenant's patterns, arranged so that a look-up costs the same at ten entries and at 100,000, whoever wrote the header.
 * Every pattern is filed under its own canonical text; a wildcard is found by building the few texts that would cover the
 * origin. Exact texts are filed apart, so that no header can name a wildcard by its text.
 */
export interface OriginSet {
  /** By the whole text of the origin (`null` included), compared with the raw header. */
  readonly exact: Map<string, OriginEntry>;
  /** `:*`, subdomain and affix patterns, by their text. */
  readonly wildcards: Map<string, OriginEntry>;
  readonly branches: Map<string, Branch>;
  /** The entry `*`. */
  any: OriginEntry | undefined;
}

/** An empty set: it lets nobody in. */
export function createOriginSet(): OriginSet {
  return { exact: new Map(), wildcards: new Map(), branches: new Map(), any: undefined };
}

/** Adds an entry, or replaces the one with the same pattern. */
export function addOrigin(set: OriginSet, pattern: Pattern, entry: OriginEntry): void {
  switch (pattern.kind) {
    case 'any':
      set.any = entry;
      return;
    case 'null':
      set.exact.set(pattern.text, entry);
      return;
    case 'exact':
      (pattern.anyPort ? set.wildcards : set.exact).set(pattern.text, entry);
      return;
    case 'subdomains':
    case 'affix':
      if (!set.wildcards.has(pattern.text)) growBranches(set, pattern);
      set.wildcards.set(pattern.text, entry);
  }
}

/**
 * Removes the entry with this pattern; the exact inverse of {@link addOrigin}.
 *
 * @returns whether there was one.
 */
export function deleteOrigin(set: OriginSet, pattern: Pattern): boolean {
  switch (pattern.kind) {
    case 'any': {
      const had = set.any !== undefined;
      set.any = undefined;
      return had;
    }
    case 'null':
      return set.exact.delete(pattern.text);
    case 'exact':
      return (pattern.anyPort ? set.wildcards : set.exact).delete(pattern.text);
    case 'subdomains':
    case 'affix': {
      const had = set.wildcards.delete(pattern.text);
      if (had) shrinkBranches(set, pattern);
      return had;
    }
  }
}

/** Entries in the set. */
export function countOrigins(set: OriginSet): number {
  return set.exact.size + set.wildcards.size + (set.any === undefined ? 0 : 1);
}

/**
 * Where the suffix one label longer begins, given where a suffix begins (or the host's length to start with); -1 when the
 * suffix is the whole host. A trailing dot belongs to the last label.
 */
export function growSuffix(host: string, start: number): number {
  if (start <= 0) return -1;
  return host.lastIndexOf('.', start - 2) + 1;
}

function growBranches(set: OriginSet, pattern: SubdomainsPattern | AffixPattern): void {
  const { host } = pattern;
  for (let start = growSuffix(host, host.length); start !== -1; start = growSuffix(host, start)) {
    const suffix = host.slice(start);
    const branch = set.branches.get(suffix);
    if (branch === undefined) set.branches.set(suffix, { size: 1, affixes: undefined });
    else branch.size += 1;
  }
  if (pattern.kind === 'affix') addAffix(set, pattern);
}

function shrinkBranches(set: OriginSet, pattern: SubdomainsPattern | AffixPattern): void {
  const { host } = pattern;
  if (pattern.kind === 'affix') deleteAffix(set, pattern);
  for (let start = growSuffix(host, host.length); start !== -1; start = growSuffix(host, start)) {
    const suffix = host.slice(start);
    const branch = set.branches.get(suffix);
    if (branch === undefined) continue;
    branch.size -= 1;
    if (branch.size === 0) set.branches.delete(suffix);
  }
}

function addAffix(set: OriginSet, pattern: AffixPattern): void {
  const branch = set.branches.get(pattern.host);
  if (branch === undefined) return;
  branch.affixes ??= { prefixes: new Map(), prefixLengths: new Map(), suffixLengths: new Map() };
  increment(branch.affixes.prefixes, pattern.prefix);
  increment(branch.affixes.prefixLengths, pattern.prefix.length);
  increment(branch.affixes.suffixLengths, pattern.suffix.length);
}

function deleteAffix(set: OriginSet, pattern: AffixPattern): void {
  const branch = set.branches.get(pattern.host);
  if (branch?.affixes === undefined) return;
  decrement(branch.affixes.prefixes, pattern.prefix);
  decrement(branch.affixes.prefixLengths, pattern.prefix.length);
  decrement(branch.affixes.suffixLengths, pattern.suffix.length);
  if (branch.affixes.prefixes.size === 0) branch.affixes = undefined;
}

function increment<K>(tally: Map<K, number>, key: K): void {
  tally.set(key, (tally.get(key) ?? 0) + 1);
}

function decrement<K>(tally: Map<K, number>, key: K): void {
  const count = tally.get(key) ?? 0;
  if (count > 1) tally.set(key, count - 1);
  else tally.delete(key);
}
