import { type AffixIndex, addAffix, createAffixIndex, deleteAffix } from './affix-index.js';
import { MAX_ORIGIN_LENGTH } from './origin.js';
import type { ExactPattern, NullPattern, Pattern, PatternKind } from './pattern.js';
import { type Counts, countIn, countOut, createCounts } from './tally.js';
import {
  addWildcard,
  createWildcards,
  deleteWildcard,
  findWildcard,
  visitWildcards,
  type Wildcards,
} from './wildcards.js';

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
 * A tenant's patterns, arranged so that a look-up costs the same at ten entries and at 100,000, whoever wrote the header.
 * Every key is a piece of the pattern's text that is a piece of the origins it covers too, so most look-ups ask with a slice of
 * the header. Exact texts have a map of their own: it is asked with the raw header, which must not name a wildcard by its text.
 */
export interface OriginSet {
  /** `https://app.example.com[:port]` and `null`, by the whole text. */
  readonly exact: Map<string, OriginEntry>;
  /** Lengths that these texts have: a header of any other length need not be hashed. */
  readonly exactLengths: Counts;
  /** `https://app.example.com:*`, by the text before the port. */
  readonly exactOnAnyPort: Map<string, OriginEntry>;
  /** `https://*.example.com[:port]` and `https://pr-*-shop.example.com[:port]`. */
  readonly wildcards: Wildcards;
  readonly affixIndex: AffixIndex;
  /** The entry `*`. */
  any: OriginEntry | undefined;
}

/** An empty set: it lets nobody in. */
export function createOriginSet(): OriginSet {
  return {
    exact: new Map(),
    exactLengths: createCounts(MAX_ORIGIN_LENGTH),
    exactOnAnyPort: new Map(),
    wildcards: createWildcards(),
    affixIndex: createAffixIndex(),
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
    case 'exact':
      addExact(set, pattern, entry);
      return;
    case 'subdomains':
      addWildcard(set.wildcards, pattern, entry);
      return;
    case 'affix':
      if (addWildcard(set.wildcards, pattern, entry)) addAffix(set.affixIndex, pattern);
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
    case 'exact':
      return deleteExact(set, pattern);
    case 'subdomains':
      return deleteWildcard(set.wildcards, pattern);
    case 'affix': {
      const had = deleteWildcard(set.wildcards, pattern);
      if (had) deleteAffix(set.affixIndex, pattern);
      return had;
    }
  }
}

/** The entry with this very pattern, whatever its state; `undefined` when there is none. */
export function findOrigin(set: OriginSet, pattern: Pattern): OriginEntry | undefined {
  switch (pattern.kind) {
    case 'any':
      return set.any;
    case 'null':
    case 'exact':
      return exactEntries(set, pattern).get(exactKey(pattern));
    case 'subdomains':
    case 'affix':
      return findWildcard(set.wildcards, pattern);
  }
}

/** Entries in the set. */
export function countOrigins(set: OriginSet): number {
  let count = 0;
  visitOrigins(set, () => {
    count += 1;
  });
  return count;
}

/** Shows every entry of the set, whatever its state. */
export function visitOrigins(set: OriginSet, visit: (entry: OriginEntry) => void): void {
  if (set.any !== undefined) visit(set.any);
  for (const entry of set.exact.values()) visit(entry);
  for (const entry of set.exactOnAnyPort.values()) visit(entry);
  visitWildcards(set.wildcards, visit);
}

/** What a pattern that covers every port ends in. */
export const ANY_PORT = ':*';

function addExact(set: OriginSet, pattern: ExactPattern | NullPattern, entry: OriginEntry): void {
  const entries = exactEntries(set, pattern);
  const key = exactKey(pattern);
  if (!pattern.anyPort && !entries.has(key)) countIn(set.exactLengths, key.length);
  entries.set(key, entry);
}

function deleteExact(set: OriginSet, pattern: ExactPattern | NullPattern): boolean {
  const key = exactKey(pattern);
  const had = exactEntries(set, pattern).delete(key);
  if (had && !pattern.anyPort) countOut(set.exactLengths, key.length);
  return had;
}

function exactEntries(set: OriginSet, { anyPort }: ExactPattern | NullPattern): Map<string, OriginEntry> {
  return anyPort ? set.exactOnAnyPort : set.exact;
}

function exactKey({ text, anyPort }: ExactPattern | NullPattern): string {
  return anyPort ? text.slice(0, -ANY_PORT.length) : text;
}
