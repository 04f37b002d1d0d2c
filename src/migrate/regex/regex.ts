import type { Span } from './regex-node.js';

/** A regular expression as a configuration writes it. */
export interface Regex {
  readonly source: string;
  /** By their JavaScript letters, for Python too: `i`, `m`, `s`, `x`. */
  readonly flags: string;
  /**
   * Whose rules hold. JavaScript looks anywhere in the text (`RegExp.prototype.test`), Python's `re.match` from its beginning on;
   * neither minds what follows the match.
   */
  readonly dialect: 'javascript' | 'python';
}

/** The part of an expression that no typed pattern can say, and what to do about it. */
export interface Resistance {
  /** As the expression writes it. */
  readonly resists: string;
  /** One sentence for a person. */
  readonly reason: string;
  /** What to write instead. */
  readonly instead: string;
}

/** Thrown while an expression is read or narrowed, and caught where that began. */
export class ResistanceError extends Error {
  override readonly name = 'ResistanceError';
  readonly resistance: Resistance;

  constructor(resistance: Resistance) {
    super(resistance.reason);
    this.resistance = resistance;
  }
}

/** @throws ResistanceError naming the part of `source` at `span`. */
export function resist(source: string, span: Span, reason: string, instead = LIST_THEM): never {
  throw new ResistanceError({ resists: source.slice(span.start, span.end), reason, instead });
}

/** What can always be done. */
export const LIST_THEM = 'Write an entry for each origin that is meant.';
