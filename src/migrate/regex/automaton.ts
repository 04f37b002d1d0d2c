import type { CharSet } from './char-set.js';
import type { RegexNode } from './regex-node.js';

/** What accepts a set of texts: a walk along its edges from `start` to `accept` spells one of them. Not deterministic. */
export interface Automaton {
  readonly states: readonly AutomatonState[];
  readonly start: number;
  readonly accept: number;
}

interface AutomatonState {
  /** Edges that take a character. */
  readonly steps: { readonly chars: CharSet; readonly to: number }[];
  /** States that are reached without one. */
  readonly jumps: number[];
}

/** States of an automaton. Nested repeats multiply; past this they are not looked into. */
const MAX_AUTOMATON_STATES = 4_000;

/**
 * The automaton of an expression whose whole text it has to be (Thompson's construction). Anchors play no part: whoever asks
 * has read them off the ends.
 *
 * @returns `undefined` past {@link MAX_AUTOMATON_STATES}.
 */
export function buildAutomaton(node: RegexNode): Automaton | undefined {
  const states: AutomatonState[] = [{ steps: [], jumps: [] }];
  const accept = addNode(states, 0, node);
  return accept === undefined ? undefined : { states, start: 0, accept };
}

/** Adds what a node accepts behind the state `from`. @returns the state at its end; `undefined` when there are too many. */
function addNode(states: AutomatonState[], from: number, node: RegexNode): number | undefined {
  if (states.length > MAX_AUTOMATON_STATES) return undefined;
  switch (node.kind) {
    case 'start':
    case 'end':
      return from;
    case 'chars': {
      const to = addState(states);
      states[from]?.steps.push({ chars: node.chars, to });
      return to;
    }
    case 'sequence': {
      let end: number | undefined = from;
      for (const part of node.parts) {
        if (end !== undefined) end = addNode(states, end, part);
      }
      return end;
    }
    case 'choice':
      return addChoice(states, from, node.options);
    case 'repeat':
      return addRepeat(states, from, node);
  }
}

function addChoice(
  states: AutomatonState[],
  from: number,
  options: readonly RegexNode[],
): number | undefined {
  const end = addState(states);
  for (const option of options) {
    const start = addState(states);
    addJump(states, from, start);
    const optionEnd = addNode(states, start, option);
    if (optionEnd === undefined) return undefined;
    addJump(states, optionEnd, end);
  }
  return end;
}

function addRepeat(
  states: AutomatonState[],
  from: number,
  { node, min, max }: RegexNode & { kind: 'repeat' },
): number | undefined {
  let last: number | undefined = from;
  for (let count = 0; count < min && last !== undefined; count += 1) last = addNode(states, last, node);
  if (last === undefined) return undefined;
  const end = addState(states);
  if (max === Number.POSITIVE_INFINITY) {
    addJump(states, last, end);
    const back = addNode(states, end, node);
    if (back !== undefined) addJump(states, back, end);
    return back === undefined ? undefined : end;
  }
  for (let count = min; count < max && last !== undefined; count += 1) {
    addJump(states, last, end);
    last = addNode(states, last, node);
  }
  if (last !== undefined) addJump(states, last, end);
  return last === undefined ? undefined : end;
}

function addState(states: AutomatonState[]): number {
  states.push({ steps: [], jumps: [] });
  return states.length - 1;
}

function addJump(states: AutomatonState[], from: number, to: number): void {
  states[from]?.jumps.push(to);
}
