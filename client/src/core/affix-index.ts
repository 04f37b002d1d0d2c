import type { AffixPattern } from './pattern.js';
import { decrement, increment, type Tally } from './tally.js';

/** Which affix patterns can exist at all, so that nobody asks for one that cannot. */
export interface AffixIndex {
  readonly prefixLengths: Tally<number>;
  readonly suffixLengths: Tally<number>;
}

/** An index of no patterns. */
export function createAffixIndex(): AffixIndex {
  return { prefixLengths: new Map(), suffixLengths: new Map() };
}

/** Counts a pattern in. */
export function addAffix(index: AffixIndex, { prefix, suffix }: AffixPattern): void {
  increment(index.prefixLengths, prefix.length);
  increment(index.suffixLengths, suffix.length);
}

/** Counts a pattern out again. */
export function deleteAffix(index: AffixIndex, { prefix, suffix }: AffixPattern): void {
  decrement(index.prefixLengths, prefix.length);
  decrement(index.suffixLengths, suffix.length);
}
