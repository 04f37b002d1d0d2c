import { type AffixIndex, addAffix, createAffixIndex, deleteAffix } from './affix-index.js';
import type { AffixPattern, ExactPattern, Pattern, PatternKind, SubdomainsPattern } from './pattern.js';
import { decrement, increment, type Tally } from './tally.js';

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

/** Entries by scheme, and under it by what follows in their text. */
export type EntriesByScheme = Map<string, Map<string, OriginEntry>>;

/**
 * A tenant's patterns, arranged so that a look-up costs the same at ten entries and at 100,000, whoever wrote the header.
 * Every key is a piece of the pattern's text that is a piece of the origins it covers too, so most look-ups ask with a slice of
 * the header. Exact texts have a map of their own: it is asked with the raw header, which must not name a wildcard by its text.
 */
export interface OriginSet {
  /** `https://app.example.com[:port]` and `null`, by the whole text. */
  readonly exact: Map<string, OriginEntry>;
  /** `https://app.example.com:*`, by the text before the port. */
  readonly exactOnAnyPort: Map<string, OriginEntry>;
  /** `https://*.example.com[:port]`, by `example.com[:port]`. */
  readonly subdomains: EntriesByScheme;
  /** Numbers of labels that the parent hosts of subdomain patterns have: the only parents worth asking for. */
  readonly subdomainDepths: Tally<number>;
  /** The greatest of them, 0 when there is none. */
  deepestSubdomains: number;
  /** `https://pr-*.example.com[:port]`, by `pr-*.example.com[:port]`. */
  readonly affixes: EntriesByScheme;
  readonly affixIndex: AffixIndex;
  /** Of the subdomain and affix patterns, how many end in `:*`. */
  wildcardsOnAnyPort: number;
  /** The entry `*`. */
  any: OriginEntry | undefined;
}

/** An empty set: it lets nobody in. */
export function createOriginSet(): OriginSet {
  return {
    exact: new Map(),
    exactOnAnyPort: new Map(),
    subdomains: new Map(),
    subdomainDepths: new Map(),
    deepestSubdomains: 0,
    affixes: new Map(),
    affixIndex: createAffixIndex(),
    wildcardsOnAnyPort: 0,
    any: undefined,
  };
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
      exactEntries(set, pattern).set(exactKey(pattern), entry);
      return;
    case 'subdomains':
    case 'affix':
      addWildcard(set, pattern, entry);
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
      return exactEntries(set, pattern).delete(exactKey(pattern));
    case 'subdomains':
    case 'affix':
      return deleteWildcard(set, pattern);
  }
}

/** The entry with this very pattern, whatever its state; `undefined` when there is none. */
export function findOrigin(set: OriginSet, pattern: Pattern): OriginEntry | undefined {
  switch (pattern.kind) {
    case 'any':
      return set.any;
    case 'null':
      return set.exact.get(pattern.text);
    case 'exact':
      return exactEntries(set, pattern).get(exactKey(pattern));
    case 'subdomains':
    case 'affix':
      return wildcardEntries(set, pattern).get(pattern.scheme)?.get(wildcardKey(pattern));
  }
}

/** Entries in the set. */
export function countOrigins(set: OriginSet): number {
  let count = set.exact.size + set.exactOnAnyPort.size + (set.any === undefined ? 0 : 1);
  for (const entries of set.subdomains.values()) count += entries.size;
  for (const entries of set.affixes.values()) count += entries.size;
  return count;
}

/** What a pattern that covers every port ends in. */
export const ANY_PORT = ':*';

function exactEntries(set: OriginSet, pattern: ExactPattern): Map<string, OriginEntry> {
  return pattern.anyPort ? set.exactOnAnyPort : set.exact;
}

function exactKey({ text, anyPort }: ExactPattern): string {
  return anyPort ? text.slice(0, -ANY_PORT.length) : text;
}

type WildcardPattern = SubdomainsPattern | AffixPattern;

function wildcardKey({ kind, text, scheme }: WildcardPattern): string {
  return text.slice(scheme.length + (kind === 'subdomains' ? '://*.' : '://').length);
}

function wildcardEntries(set: OriginSet, { kind }: WildcardPattern): EntriesByScheme {
  return kind === 'subdomains' ? set.subdomains : set.affixes;
}

function addWildcard(set: OriginSet, pattern: WildcardPattern, entry: OriginEntry): void {
  const byScheme = wildcardEntries(set, pattern);
  const entries = byScheme.get(pattern.scheme) ?? new Map<string, OriginEntry>();
  byScheme.set(pattern.scheme, entries);
  const key = wildcardKey(pattern);
  const isNew = !entries.has(key);
  entries.set(key, entry);
  if (!isNew) return;
  if (pattern.anyPort) set.wildcardsOnAnyPort += 1;
  if (pattern.kind === 'affix') {
    addAffix(set.affixIndex, pattern);
  } else {
    const depth = depthOf(pattern.host);
    increment(set.subdomainDepths, depth);
    set.deepestSubdomains = Math.max(set.deepestSubdomains, depth);
  }
}

function deleteWildcard(set: OriginSet, pattern: WildcardPattern): boolean {
  const byScheme = wildcardEntries(set, pattern);
  const entries = byScheme.get(pattern.scheme);
  if (entries?.delete(wildcardKey(pattern)) !== true) return false;
  if (entries.size === 0) byScheme.delete(pattern.scheme);
  if (pattern.anyPort) set.wildcardsOnAnyPort -= 1;
  if (pattern.kind === 'affix') {
    deleteAffix(set.affixIndex, pattern);
  } else {
    decrement(set.subdomainDepths, depthOf(pattern.host));
    set.deepestSubdomains = Math.max(0, ...set.subdomainDepths.keys());
  }
  return true;
}

/** Labels of a host; a trailing dot is part of the last. */
function depthOf(host: string): number {
  return (host.endsWith('.') ? host.slice(0, -1) : host).split('.').length;
}
