import { type Automaton, buildAutomaton } from './automaton.js';
import { ORIGIN_CHARS } from './char-set.js';
import type { RegexNode } from './regex-node.js';

/** What tells whether a text is in a language, one character at a time. Positions are numbers of its own. */
export interface Recognizer {
  /** Before the first character. */
  readonly start: number;
  /** After one more of {@link ORIGIN_CHARS}, by its index; {@link DEAD} when nothing that goes on from there is accepted. */
  readonly step: (position: number, charIndex: number) => number;
  /** Whether the text read so far is accepted as a whole. */
  readonly accepts: (position: number) => boolean;
  /** By the index of a character: which others it is never told apart from have the same. */
  readonly kinds: readonly string[];
}

/** The position from which nothing is accepted. */
export const DEAD = 0;

/**
 * The recognizer of an expression whose whole text it has to be; the same for the same node, so that what one search has found
 * out the next one knows. Made deterministic only as far as it is asked.
 *
 * @returns `undefined` when the expression is too large.
 */
export function recognizerOf(node: RegexNode): Recognizer | undefined {
  if (known.has(node)) return known.get(node);
  const automaton = buildAutomaton(node);
  const recognizer = automaton === undefined ? undefined : createRecognizer(automaton);
  known.set(node, recognizer);
  return recognizer;
}

const known = new WeakMap<RegexNode, Recognizer | undefined>();

/** Whether a text is in the language of an expression; `false` too when that is too large to say. */
export function recognizes(node: RegexNode, text: string): boolean {
  const recognizer = recognizerOf(node);
  if (recognizer === undefined) return false;
  let position = recognizer.start;
  for (const char of text) {
    const index = ORIGIN_CHARS.indexOf(char);
    position = index === -1 ? DEAD : recognizer.step(position, index);
  }
  return recognizer.accepts(position);
}

/** A set of the automaton's states, in order, and where each character leads from there, as far as that was asked. */
interface Position {
  readonly states: readonly number[];
  readonly next: (number | undefined)[];
}

function createRecognizer(automaton: Automaton): Recognizer {
  const positions: Position[] = [{ states: [], next: [] }];
  const numbers = new Map<string, number>([['', DEAD]]);
  const numberOf = (states: readonly number[]): number => {
    const key = states.join();
    const number = numbers.get(key) ?? positions.length;
    if (number === positions.length) {
      numbers.set(key, number);
      positions.push({ states, next: [] });
    }
    return number;
  };
  return {
    start: numberOf(closure(automaton, new Set([automaton.start]))),
    step(number, charIndex) {
      const position = positions[number];
      if (position === undefined) return DEAD;
      const next = position.next[charIndex] ?? numberOf(advance(automaton, position.states, charIndex));
      position.next[charIndex] = next;
      return next;
    },
    accepts: (number) => positions[number]?.states.includes(automaton.accept) === true,
    kinds: kindsOf(automaton),
  };
}

function advance(automaton: Automaton, states: readonly number[], charIndex: number): readonly number[] {
  const char = ORIGIN_CHARS.charAt(charIndex);
  const next = new Set<number>();
  for (const state of states) {
    for (const { chars, to } of automaton.states[state]?.steps ?? []) {
      if (chars.includes(char)) next.add(to);
    }
  }
  return closure(automaton, next);
}

function closure(automaton: Automaton, reached: Set<number>): readonly number[] {
  // A Set hands out what is added to it while it is walked.
  for (const state of reached) {
    for (const to of automaton.states[state]?.jumps ?? []) reached.add(to);
  }
  return [...reached].sort((a, b) => a - b);
}

function kindsOf({ states }: Automaton): readonly string[] {
  const sets = [...new Set(states.flatMap(({ steps }) => steps.map(({ chars }) => chars)))];
  return [...ORIGIN_CHARS].map((char) => sets.map((set) => (set.includes(char) ? '1' : '0')).join(''));
}
