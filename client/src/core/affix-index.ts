import type { AffixPattern } from './pattern.js';
import { decrement, increment, type Tally } from './tally.js';

/**
 * Which affix patterns can exist at all: asked before any text is put together, so that a label made of hyphens tries no more
 * than what the list really has.
 */
export interface AffixIndex {
  /** Hosts that some pattern's label stands below. */
  readonly parents: Tally<string>;
  /** What stands before the `*`, with the parent host, as {@link prefixKey} writes it. */
  readonly prefixes: Tally<string>;
  readonly prefixLengths: Tally<number>;
  readonly suffixLengths: Tally<number>;
}

/** An index of no patterns. */
export function createAffixIndex(): AffixIndex {
  return { parents: new Map(), prefixes: new Map(), prefixLengths: new Map(), suffixLengths: new Map() };
}

/** The key of a prefix under its parent host. */
export function prefixKey(prefix: string, parent: string): string {
  return `${prefix}*.${parent}`;
}

/** Counts a pattern in. */
export function addAffix(index: AffixIndex, { host, prefix, suffix }: AffixPattern): void {
  increment(index.parents, host);
  increment(index.prefixes, prefixKey(prefix, host));
  increment(index.prefixLengths, prefix.length);
  increment(index.suffixLengths, suffix.length);
}

/** Counts a pattern out again. */
export function deleteAffix(index: AffixIndex, { host, prefix, suffix }: AffixPattern): void {
  decrement(index.parents, host);
  decrement(index.prefixes, prefixKey(prefix, host));
  decrement(index.prefixLengths, prefix.length);
  decrement(index.suffixLengths, suffix.length);
}
