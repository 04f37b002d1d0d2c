import { DOT, isLabelChar, isSchemeChar } from './ascii.js';

/** Characters the longest possible origin has: scheme 64, `://`, host 253, `:` and five digits. */
export const MAX_ORIGIN_LENGTH = 326;

/**
 * The text that is read, as bytes: V8 asks anew for each character of a text how the text is stored, and a byte of an array takes less
 * than half of the time. Not exported, nor are the tables below: what a loop reads through a binding of another module is not known
 * when it is compiled, and takes twice as long.
 */
const CHARS = new Uint8Array(3 * MAX_ORIGIN_LENGTH + 1);
/** What no part of an origin has. */
const END = 0;
const encoder = new TextEncoder();

/**
 * Begins to read a text: the functions here tell of the one that was begun last. Decisions are synchronous, and each would have to pay
 * for an array of its own.
 *
 * @param text at most {@link MAX_ORIGIN_LENGTH} characters. From the first that is not ASCII on, indices mean nothing: no part of an
 *   origin goes beyond it.
 */
export function beginScan(text: string): void {
  encoder.encodeInto(text, CHARS);
  CHARS[text.length] = END;
}

/** Index just past the characters of a scheme, its first one taken for granted. */
export function endOfSchemeChars(): number {
  let index = 1;
  while (SCHEME_CHARS[CHARS[index] ?? END] === 1) index += 1;
  return index;
}

/** A host name as it stands in a text: where it ends and where its dots are. */
export interface HostLabels {
  /** Index just past the name: of the first character that no name has. */
  end: number;
  /** Dots between two labels: one less than there are labels. A dot that ends the name is none of them. */
  dots: number;
  /** Where they are, in order; what follows the first {@link dots} numbers means nothing. */
  readonly places: Uint16Array;
  /** The same as {@link end}, or the index of the dot that the name ends in. */
  lastLabelEnd: number;
  /** Whether it begins with a dot or has two in a row. */
  hasEmptyLabel: boolean;
}

/**
 * Finds the labels of a host name. It reads every character of every header that is no exact hit, so it takes no turn that depends on
 * where the dots are: a wrong guess of the processor's costs it as much as ten characters.
 *
 * @returns the same object each time: good until the next call.
 */
export function findLabels(start: number): HostLabels {
  let dots = 0;
  let previous = DOT_CHAR;
  let both = 0;
  let index = start;
  for (; ; index += 1) {
    const kind = KINDS[CHARS[index] ?? END] ?? 0;
    if (kind === 0) break;
    PLACES[dots] = index;
    dots += kind - LABEL_CHAR;
    both |= kind & previous & DOT_CHAR;
    previous = kind;
  }
  const endsInDot = dots > 0 && PLACES[dots - 1] === index - 1;
  LABELS.end = index;
  LABELS.dots = endsInDot ? dots - 1 : dots;
  LABELS.lastLabelEnd = endsInDot ? index - 1 : index;
  LABELS.hasEmptyLabel = both !== 0;
  return LABELS;
}

const LABEL_CHAR = 1;
const DOT_CHAR = 2;
/** By byte; 0 for what no name has. */
const KINDS = Uint8Array.from({ length: 0x100 }, (_, code) =>
  code === DOT ? DOT_CHAR : Number(isLabelChar(code)),
);
/** By byte; 0 for what no scheme has. */
const SCHEME_CHARS = Uint8Array.from({ length: 0x100 }, (_, code) => Number(isSchemeChar(code)));
const PLACES = new Uint16Array(MAX_ORIGIN_LENGTH);
/** What was found last. */
export const LABELS: HostLabels = {
  end: 0,
  dots: 0,
  places: PLACES,
  lastLabelEnd: 0,
  hasEmptyLabel: false,
};
