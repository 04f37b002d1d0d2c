import type { Alternative, Slot } from './alternatives.js';
import { findDifference } from './difference.js';
import { languageIn } from './languages.js';
import { recognizes } from './recognizer.js';
import type { Regex } from './regex.js';
import type { RegexNode } from './regex-node.js';

/** What an alternative says up to where it ends or lets anything follow. */
export interface ExpressionEnd {
  readonly slots: readonly Slot[];
  /** Anything may follow. */
  readonly isOpen: boolean;
  /** The `.*` that says so; `undefined` where the expression merely stops. */
  readonly loose: Slot | undefined;
}

/**
 * Reads off how an alternative ends: without what no origin can hold there (`/*`), and without a last `.*`. Decides on what the
 * last place holds: `m*` and `[a-z]*` can be empty too, and are part of the name.
 */
export function findEnd(regex: Regex, alternative: Alternative): ExpressionEnd {
  const { slots, endsAt } = withoutIdleEnd(regex, alternative);
  const last = slots.at(-1);
  // Behind a colon it is the port.
  const isLoose = last?.char === '*' && isAnything(last.node) && slots.at(-2)?.char !== ':';
  if (!isLoose) return { slots, isOpen: !endsAt, loose: undefined };
  return { slots: slots.slice(0, -1), isOpen: true, loose: last };
}

function withoutIdleEnd(regex: Regex, alternative: Alternative): Alternative {
  const last = alternative.slots.at(-1);
  // Whoever repeats the colon means ports; that it never let one in has to be said.
  if (last === undefined || !last.canBeEmpty || last.repeated === ':') return alternative;
  const without = { ...alternative, slots: alternative.slots.slice(0, -1) };
  const closed = languageIn(regex, { ...alternative, endsAt: true });
  const adds = findDifference(closed, languageIn(regex, { ...without, endsAt: true }));
  return adds.kind === 'none' ? withoutIdleEnd(regex, without) : alternative;
}

/** What may stand behind a name: nothing, every character that an origin can have there, more of the name, a port. */
const CONTINUATIONS = [
  '',
  ...'abcdefghijklmnopqrstuvwxyz0123456789-.:',
  '.evil.example:8443',
  'x'.repeat(64),
];

function isAnything(node: RegexNode): boolean {
  return CONTINUATIONS.every((text) => recognizes(node, text));
}
