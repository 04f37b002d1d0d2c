import { MAX_SCHEME_LENGTH } from './origin.js';
import type { OriginEntry } from './origin-set.js';
import type { AffixPattern, SubdomainsPattern } from './pattern.js';
import { type Counts, countIn, countOut, createCounts } from './tally.js';

/** What stands straight below one parent host. */
export interface Parent {
  /** `https://*.example.com[:port]` */
  subdomains: OriginEntry | undefined;
  /** `https://pr-*-shop.example.com[:port]`, by `pr-` and then by `-shop`; `undefined` = none. */
  affixes: Map<string, Map<string, OriginEntry>> | undefined;
}

/** Subdomain and affix patterns, arranged so that a header is asked about once for each parent its host can have. */
export interface Wildcards {
  /** By scheme, and then by `example.com[:port]`. */
  readonly parents: Map<string, Map<string, Parent>>;
  /** Lengths that their schemes have: one of any other need not be hashed. */
  readonly schemeLengths: Counts;
  /** Numbers of labels that the parent hosts have: the only ones worth asking for. */
  readonly depths: Counts;
  /** The greatest of them, 0 when there is none. */
  deepest: number;
  /** How many end in `:*`. */
  onAnyPort: number;
}

/** Labels of a host of 253 characters. */
const MAX_LABELS = 127;

type WildcardPattern = SubdomainsPattern | AffixPattern;

/** No patterns. */
export function createWildcards(): Wildcards {
  return {
    parents: new Map(),
    schemeLengths: createCounts(MAX_SCHEME_LENGTH),
    depths: createCounts(MAX_LABELS),
    deepest: 0,
    onAnyPort: 0,
  };
}

/**
 * Adds an entry, or replaces the one with the same pattern.
 *
 * @returns whether there was none.
 */
export function addWildcard(wildcards: Wildcards, pattern: WildcardPattern, entry: OriginEntry): boolean {
  const isNew = findWildcard(wildcards, pattern) === undefined;
  const parent = parentFor(wildcards, pattern);
  if (pattern.kind === 'subdomains') parent.subdomains = entry;
  else addAffix(parent, pattern, entry);
  if (!isNew) return false;
  countIn(wildcards.schemeLengths, pattern.scheme.length);
  const depth = depthOf(pattern.host);
  countIn(wildcards.depths, depth);
  wildcards.deepest = Math.max(wildcards.deepest, depth);
  if (pattern.anyPort) wildcards.onAnyPort += 1;
  return true;
}

/**
 * Removes the entry with this pattern; the exact inverse of {@link addWildcard}.
 *
 * @returns whether there was one.
 */
export function deleteWildcard(wildcards: Wildcards, pattern: WildcardPattern): boolean {
  const { parents, depths } = wildcards;
  const byHost = parents.get(pattern.scheme);
  const parent = byHost?.get(parentKey(pattern));
  if (byHost === undefined || parent === undefined || entryBelow(parent, pattern) === undefined) return false;
  if (pattern.kind === 'subdomains') parent.subdomains = undefined;
  else deleteAffix(parent, pattern);
  if (parent.subdomains === undefined && parent.affixes === undefined) byHost.delete(parentKey(pattern));
  if (byHost.size === 0) parents.delete(pattern.scheme);
  countOut(wildcards.schemeLengths, pattern.scheme.length);
  countOut(depths, depthOf(pattern.host));
  wildcards.deepest = Math.max(
    0,
    depths.findLastIndex((count) => count > 0),
  );
  if (pattern.anyPort) wildcards.onAnyPort -= 1;
  return true;
}

/** The entry with this very pattern, whatever its state; `undefined` when there is none. */
export function findWildcard({ parents }: Wildcards, pattern: WildcardPattern): OriginEntry | undefined {
  const parent = parents.get(pattern.scheme)?.get(parentKey(pattern));
  return parent === undefined ? undefined : entryBelow(parent, pattern);
}

/** Shows every entry, whatever its state. */
export function visitWildcards({ parents }: Wildcards, visit: (entry: OriginEntry) => void): void {
  for (const byHost of parents.values()) {
    for (const { subdomains, affixes } of byHost.values()) {
      if (subdomains !== undefined) visit(subdomains);
      for (const entries of affixes?.values() ?? []) for (const entry of entries.values()) visit(entry);
    }
  }
}

function entryBelow({ subdomains, affixes }: Parent, pattern: WildcardPattern): OriginEntry | undefined {
  return pattern.kind === 'subdomains' ? subdomains : affixes?.get(pattern.prefix)?.get(pattern.suffix);
}

function parentFor({ parents }: Wildcards, pattern: WildcardPattern): Parent {
  const byHost = parents.get(pattern.scheme) ?? new Map<string, Parent>();
  parents.set(pattern.scheme, byHost);
  const parent = byHost.get(parentKey(pattern)) ?? { subdomains: undefined, affixes: undefined };
  byHost.set(parentKey(pattern), parent);
  return parent;
}

/** The parent host and the port as they stand in the text: after the label that the wildcard is in. */
function parentKey({ text, scheme }: WildcardPattern): string {
  return text.slice(text.indexOf('.', scheme.length + '://'.length) + 1);
}

function addAffix(parent: Parent, { prefix, suffix }: AffixPattern, entry: OriginEntry): void {
  parent.affixes ??= new Map();
  const entries = parent.affixes.get(prefix) ?? new Map<string, OriginEntry>();
  parent.affixes.set(prefix, entries);
  entries.set(suffix, entry);
}

function deleteAffix(parent: Parent, { prefix, suffix }: AffixPattern): void {
  const entries = parent.affixes?.get(prefix);
  entries?.delete(suffix);
  if (entries?.size === 0) parent.affixes?.delete(prefix);
  if (parent.affixes?.size === 0) parent.affixes = undefined;
}

/** Labels of a host; a trailing dot is part of the last. */
function depthOf(host: string): number {
  return (host.endsWith('.') ? host.slice(0, -1) : host).split('.').length;
}
