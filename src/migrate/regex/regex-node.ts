import type { CharSet } from './char-set.js';

/** Where a part stands in the expression's source: half open. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A part of a regular expression, understood. Groups are gone: nothing here remembers what a group matched. */
export type RegexNode =
  | CharsNode
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[]; readonly span: Span }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[]; readonly span: Span }
  | RepeatNode
  /** `^` and `$`: a place, not a character. */
  | { readonly kind: 'start'; readonly span: Span }
  | { readonly kind: 'end'; readonly span: Span };

/** One character out of a set; out of none when it is one that no origin holds. */
export interface CharsNode {
  readonly kind: 'chars';
  readonly chars: CharSet;
  /** A dot without backslash, which most authors meant to be a dot. */
  readonly isBareDot: boolean;
  readonly span: Span;
}

/** `*`, `+`, `?`, `{2,5}`. */
export interface RepeatNode {
  readonly kind: 'repeat';
  readonly node: RegexNode;
  readonly min: number;
  /** `Infinity` where there is no limit. */
  readonly max: number;
  readonly span: Span;
}

const NOWHERE: Span = { start: 0, end: 0 };

/** One character out of a set, made here and not by an author. */
export function anyOf(chars: CharSet): CharsNode {
  return { kind: 'chars', chars, isBareDot: false, span: NOWHERE };
}

/** A literal text. */
export function literal(text: string): RegexNode {
  return sequence([...text].map(anyOf));
}

export function sequence(parts: readonly RegexNode[]): RegexNode {
  return { kind: 'sequence', parts, span: NOWHERE };
}

export function choice(options: readonly RegexNode[]): RegexNode {
  return { kind: 'choice', options, span: NOWHERE };
}

export function repeat(node: RegexNode, min: number, max = Number.POSITIVE_INFINITY): RepeatNode {
  return { kind: 'repeat', node, min, max, span: NOWHERE };
}
