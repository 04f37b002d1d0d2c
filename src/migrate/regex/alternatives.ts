import type { RegexNode, Span } from './regex-node.js';
import { anyOf, sequence } from './regex-node.js';

/** One place in a text that an expression describes. */
export interface Slot {
  /** The character that stands here; `*` where several texts can. No origin holds a `*`. */
  readonly char: string;
  /** What the expression lets stand here. */
  readonly node: RegexNode;
  /** The same with a bare dot read as a dot. */
  readonly meant: RegexNode;
  readonly isBareDot: boolean;
  readonly canBeEmpty: boolean;
  /** The one text that is repeated here without an end; `undefined` where it is not one text alone. */
  readonly repeated: string | undefined;
  readonly span: Span;
}

/** One of the texts that an expression is a choice of, wildcards and all. */
export interface Alternative {
  readonly slots: readonly Slot[];
  readonly startsAt: boolean;
  readonly endsAt: boolean;
}

/** The text of a place in an expression, wildcards as `*`: one character a slot. */
export function textOf(slots: readonly Slot[]): string {
  return slots.map(({ char }) => char).join('');
}

/** Alternatives of one expression. */
export const MAX_ALTERNATIVES = 64;
/** Texts of a class or a repeat that are written out; more become a wildcard. */
const MAX_WRITTEN_OUT = 10;

/**
 * Writes an expression out as a choice of texts with wildcards. Classes and repeats of few texts are written out too, unless
 * that makes too many.
 *
 * @returns `undefined` when there are more than {@link MAX_ALTERNATIVES} either way.
 */
export function expandAlternatives(node: RegexNode): readonly Alternative[] | undefined {
  const rows = expand(node, MAX_WRITTEN_OUT) ?? expand(node, 1);
  return rows?.flatMap(toAlternative);
}

/** A slot, or an anchor. */
type Item = Slot | 'start' | 'end';
type Rows = readonly (readonly Item[])[];

function expand(node: RegexNode, writtenOut: number): Rows | undefined {
  switch (node.kind) {
    case 'start':
    case 'end':
      return [[node.kind]];
    case 'chars':
      if (node.isBareDot) return [[{ ...textSlot('.', node.span), node, isBareDot: true }]];
      if (node.chars.length > writtenOut) return [[wildSlot(node, false)]];
      return [...node.chars].map((char) => [textSlot(char, node.span)]);
    case 'choice': {
      const options = node.options.map((option) => expand(option, writtenOut));
      return bounded(options.flatMap((rows) => rows ?? TOO_MANY));
    }
    case 'sequence':
      return expandSequence(node.parts, writtenOut);
    case 'repeat':
      return expandRepeat(node, writtenOut);
  }
}

/** Rows that no bound lets through. */
const TOO_MANY: Rows = Array.from({ length: MAX_ALTERNATIVES + 1 }, () => []);

function bounded(rows: Rows): Rows | undefined {
  return rows.length > MAX_ALTERNATIVES ? undefined : rows;
}

function expandSequence(parts: readonly RegexNode[], writtenOut: number): Rows | undefined {
  let rows: Rows = [[]];
  for (const part of parts) {
    const tails = expand(part, writtenOut);
    if (tails === undefined || rows.length * tails.length > MAX_ALTERNATIVES) return undefined;
    rows = rows.flatMap((row) => tails.map((tail) => [...row, ...tail]));
  }
  return rows;
}

function expandRepeat(node: RegexNode & { kind: 'repeat' }, writtenOut: number): Rows | undefined {
  const { node: inner, min, max } = node;
  const once = inner.kind === 'chars' && inner.isBareDot && max > 1 ? undefined : expand(inner, writtenOut);
  if (once !== undefined && max === 1) return bounded(min === 0 ? [...once, []] : once);
  const written = once === undefined ? undefined : writeOut(once, min, max, writtenOut);
  if (written !== undefined) return written;
  const repeated = once === undefined ? undefined : onlyText(once);
  if (repeated !== undefined) return [[{ ...wildSlot(node, min === 0), repeated }]];
  if (inner.kind === 'chars') return [[wildSlot(node, min === 0)]];
  const run = runOf(node, once ?? []);
  if (min > 0) return [run];
  // Labels in front of a name are there or not. Whatever else may be left out stays one place, so that it is judged as a whole.
  return run.at(-1)?.char === '.' ? [run, [leftOut(node)]] : [[wildSlot(node, true)]];
}

/** The text of an expression that has only one; empty texts repeat to nothing. */
function onlyText(once: Rows): string | undefined {
  const [row] = once;
  if (once.length !== 1 || row === undefined || row.length === 0) return undefined;
  const isPlain = row.every((item) => typeof item !== 'string' && item.char !== '*' && !item.isBareDot);
  return isPlain ? row.map((item) => (typeof item === 'string' ? '' : item.char)).join('') : undefined;
}

/** Every text of a repeat, when they are few and hold no wildcard. */
function writeOut(once: Rows, min: number, max: number, limit: number): Rows | undefined {
  const isPlain = once.every((row) => row.every((item) => typeof item !== 'string' && item.char !== '*'));
  if (!isPlain || max > limit) return undefined;
  let rows: Rows = [[]];
  const all: (readonly Item[])[] = [];
  for (let count = 0; count <= max && rows.length > 0; count += 1) {
    if (count >= min) all.push(...rows);
    if (all.length > limit || rows.length * once.length > MAX_ALTERNATIVES) return undefined;
    rows = count === max ? [] : rows.flatMap((row) => once.map((tail) => [...row, ...tail]));
  }
  return all;
}

/** A repeated group, at least once: a wildcard whose first or last character may be known to be a dot. */
function runOf(node: RegexNode & { kind: 'repeat' }, once: Rows): readonly Slot[] {
  const atLeastOnce = { ...node, min: Math.max(node.min, 1) };
  const run = wildSlot(atLeastOnce, false);
  const dot = { ...textSlot('.', node.span), node: sequence([]), meant: sequence([]) };
  const isDot = (item: Item | undefined): boolean =>
    typeof item === 'object' && item.char === '.' && !item.isBareDot;
  if (once.length > 0 && once.every((row) => isDot(row.at(-1)))) return [run, dot];
  if (once.length > 0 && once.every((row) => isDot(row[0]))) return [dot, run];
  return [run];
}

function textSlot(char: string, span: Span): Slot {
  const node = anyOf(char);
  return { char, node, meant: node, isBareDot: false, canBeEmpty: false, repeated: undefined, span };
}

function wildSlot(node: RegexNode, canBeEmpty: boolean): Slot {
  return { char: '*', node, meant: node, isBareDot: false, canBeEmpty, repeated: undefined, span: node.span };
}

/** Labels that are not there. Only what they would have been is kept, for a text that ends where they could stand. */
function leftOut(node: RegexNode): Slot {
  return { ...textSlot('', node.span), node: sequence([]), meant: node, canBeEmpty: true };
}

/** An anchor anywhere but at its end of the text lets nothing through. */
function toAlternative(row: readonly Item[]): readonly Alternative[] {
  const first = row.findIndex((item) => item !== 'start');
  const start = first === -1 ? row.length : first;
  let end = row.length;
  while (end > start && row[end - 1] === 'end') end -= 1;
  const slots = row.slice(start, end).filter((item) => typeof item === 'object');
  if (slots.length < end - start) return [];
  const shown = slots.filter(({ char }) => char !== '');
  const last = slots.at(-1);
  // `example([a-z]+\.)*`: the name may go on, so that it is not `example`.
  const goesOn = last?.char === '' ? [wildSlot(last.meant, true)] : [];
  return [{ slots: [...shown, ...goesOn], startsAt: start > 0, endsAt: end < row.length }];
}
