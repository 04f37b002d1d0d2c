import { parseOrigin } from '@origin-allowlist/client/core';
import { type Automaton, accepts, advance, begin, buildAutomaton, type Position } from './automaton.js';
import { ORIGIN_CHARS } from './char-set.js';
import { ORDINARY_ORIGINS, ORIGINS } from './languages.js';
import type { RegexNode } from './regex-node.js';

/** Situations of a search. Expressions that people write are told apart, or found equal, in a tenth of it. */
const MAX_SITUATIONS = 4_000;

/** An origin in one language that is not in another; none; or that the languages are too large to say. */
export type Difference =
  | { readonly kind: 'origin'; readonly origin: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/** What a text read so far means to all three. */
interface Situation {
  readonly text: string;
  readonly has: Position;
  readonly lacks: Position;
  readonly grammar: Position;
}

/**
 * Looks for an origin that `has` accepts and `lacks` does not, by walking their automata and that of all origins side by side,
 * shortest texts first. Exact up to the rules of origins that count (lengths, ports): a text is shown only when it is one.
 *
 * @returns the shortest among those that look like what people register; if there is none, the shortest.
 */
export function findDifference(has: RegexNode, lacks: RegexNode): Difference {
  const ordinary = walkToDifference(has, lacks, ORDINARY);
  return ordinary.kind === 'none' ? walkToDifference(has, lacks, ANY) : ordinary;
}

const ANY = buildAutomaton(ORIGINS);
const ORDINARY = buildAutomaton(ORDINARY_ORIGINS);

function walkToDifference(has: RegexNode, lacks: RegexNode, grammar: Automaton | undefined): Difference {
  const walk = startWalk(has, lacks, grammar);
  if (walk === undefined) return { kind: 'unknown' };
  for (const situation of walk.queue) {
    if (isDifference(walk, situation)) return { kind: 'origin', origin: situation.text };
    if (walk.queue.length > MAX_SITUATIONS) return { kind: 'unknown' };
    extend(walk, situation);
  }
  return { kind: 'none' };
}

interface Walk {
  readonly has: Automaton;
  readonly lacks: Automaton;
  readonly grammar: Automaton;
  /** One character of each kind that no edge tells apart from the others of it. */
  readonly chars: readonly string[];
  /** Every situation met, in the order to look at them. */
  readonly queue: Situation[];
  readonly seen: Set<string>;
}

function startWalk(
  hasNode: RegexNode,
  lacksNode: RegexNode,
  grammar: Automaton | undefined,
): Walk | undefined {
  const has = buildAutomaton(hasNode);
  const lacks = buildAutomaton(lacksNode);
  if (has === undefined || lacks === undefined || grammar === undefined) return undefined;
  const first = { text: '', has: begin(has), lacks: begin(lacks), grammar: begin(grammar) };
  return { has, lacks, grammar, chars: tellingChars([has, lacks, grammar]), queue: [first], seen: new Set() };
}

function isDifference(walk: Walk, { text, has, lacks, grammar }: Situation): boolean {
  if (!accepts(walk.has, has) || !accepts(walk.grammar, grammar) || accepts(walk.lacks, lacks)) return false;
  return text === 'null' || parseOrigin(text) !== undefined;
}

/** Puts what can follow a situation into the queue, unless it was met before. */
function extend(walk: Walk, situation: Situation): void {
  for (const char of walk.chars) {
    const grammar = advance(walk.grammar, situation.grammar, char);
    const has = grammar.length === 0 ? [] : advance(walk.has, situation.has, char);
    if (has.length === 0) continue;
    const lacks = advance(walk.lacks, situation.lacks, char);
    const key = [has, lacks, grammar].join(';');
    if (walk.seen.has(key)) continue;
    walk.seen.add(key);
    walk.queue.push({ text: situation.text + char, has, lacks, grammar });
  }
}

function tellingChars(automata: readonly Automaton[]): readonly string[] {
  const sets = new Set(
    automata.flatMap(({ states }) => states.flatMap(({ steps }) => steps.map(({ chars }) => chars))),
  );
  const kinds = new Map<string, string>();
  for (const char of ORIGIN_CHARS) {
    const kind = [...sets].map((set) => (set.includes(char) ? '1' : '0')).join('');
    if (!kinds.has(kind)) kinds.set(kind, char);
  }
  return [...kinds.values()];
}
