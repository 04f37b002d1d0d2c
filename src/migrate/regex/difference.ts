import { parseOrigin } from '@origin-allowlist/client/core';
import { ORIGIN_CHARS } from './char-set.js';
import { ORDINARY_ORIGINS, ORIGINS } from './languages.js';
import { DEAD, type Recognizer, recognizerOf } from './recognizer.js';
import type { RegexNode } from './regex-node.js';

/** Situations of a search. Expressions that people write are told apart, or found equal, in a tenth of it. */
const MAX_SITUATIONS = 4_000;

/** An origin in one language that is not in another; none; or that the languages are too large to say. */
export type Difference =
  | { readonly kind: 'origin'; readonly origin: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/**
 * Looks for an origin that `has` accepts and `lacks` does not, by reading it with both and with the grammar of origins side by
 * side, shortest texts first. Exact up to the rules of origins that count (lengths, ports): a text is shown only when it is one.
 *
 * @returns the shortest among those that look like what people register; if there is none, the shortest.
 */
export function findDifference(has: RegexNode, lacks: RegexNode): Difference {
  const ordinary = search(has, lacks, ORDINARY_ORIGINS);
  return ordinary.kind === 'none' ? search(has, lacks, ORIGINS) : ordinary;
}

/** What a text read so far means to all three. */
interface Situation {
  readonly text: string;
  readonly has: number;
  readonly lacks: number;
  readonly grammar: number;
}

interface Search {
  readonly has: Recognizer;
  readonly lacks: Recognizer;
  readonly grammar: Recognizer;
  /** Indexes of one character of each kind that none of them tells apart from the others of it. */
  readonly chars: readonly number[];
  /** Every situation met, in the order to look at them. */
  readonly queue: Situation[];
  readonly seen: Set<string>;
}

function search(hasNode: RegexNode, lacksNode: RegexNode, grammarNode: RegexNode): Difference {
  const [has, lacks, grammar] = [recognizerOf(hasNode), recognizerOf(lacksNode), recognizerOf(grammarNode)];
  if (has === undefined || lacks === undefined || grammar === undefined) return { kind: 'unknown' };
  const chars = tellingChars([has, lacks, grammar]);
  const first = { text: '', has: has.start, lacks: lacks.start, grammar: grammar.start };
  const found: Search = { has, lacks, grammar, chars, queue: [first], seen: new Set() };
  for (const situation of found.queue) {
    if (isDifference(found, situation)) return { kind: 'origin', origin: situation.text };
    if (found.queue.length > MAX_SITUATIONS) return { kind: 'unknown' };
    extend(found, situation);
  }
  return { kind: 'none' };
}

function isDifference({ has, lacks, grammar }: Search, situation: Situation): boolean {
  if (!has.accepts(situation.has) || !grammar.accepts(situation.grammar)) return false;
  if (lacks.accepts(situation.lacks)) return false;
  return situation.text === 'null' || parseOrigin(situation.text) !== undefined;
}

/** Puts what can follow a situation into the queue, unless it was met before. */
function extend({ has, lacks, grammar, chars, queue, seen }: Search, situation: Situation): void {
  for (const char of chars) {
    const nextGrammar = grammar.step(situation.grammar, char);
    const nextHas = nextGrammar === DEAD ? DEAD : has.step(situation.has, char);
    if (nextHas === DEAD) continue;
    const nextLacks = lacks.step(situation.lacks, char);
    const key = `${nextHas},${nextLacks},${nextGrammar}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const text = situation.text + ORIGIN_CHARS.charAt(char);
    queue.push({ text, has: nextHas, lacks: nextLacks, grammar: nextGrammar });
  }
}

function tellingChars(recognizers: readonly Recognizer[]): readonly number[] {
  const kinds = new Map<string, number>();
  for (let index = 0; index < ORIGIN_CHARS.length; index += 1) {
    const kind = recognizers.map((recognizer) => recognizer.kinds[index]).join();
    if (!kinds.has(kind)) kinds.set(kind, index);
  }
  return [...kinds.values()];
}
