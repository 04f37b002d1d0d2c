import { DOT, isLabelChar } from './ascii.js';

/** Characters the longest possible origin has: scheme 64, `://`, host 253, `:` and five digits. */
export const MAX_ORIGIN_LENGTH = 326;

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
 * @param text at most {@link MAX_ORIGIN_LENGTH} characters.
 * @returns the same object each time: good until the next call.
 */
export function findLabels(text: string, start: number): HostLabels {
  const { places } = LABELS;
  let dots = 0;
  let previous = DOT_CHAR;
  let both = 0;
  let index = start;
  for (; index < text.length; index += 1) {
    const kind = KINDS[text.charCodeAt(index)] ?? 0;
    if (kind === 0) break;
    places[dots] = index;
    dots += kind - LABEL_CHAR;
    both |= kind & previous & DOT_CHAR;
    previous = kind;
  }
  const endsInDot = dots > 0 && places[dots - 1] === index - 1;
  LABELS.end = index;
  LABELS.dots = endsInDot ? dots - 1 : dots;
  LABELS.lastLabelEnd = endsInDot ? index - 1 : index;
  LABELS.hasEmptyLabel = both !== 0;
  return LABELS;
}

const LABEL_CHAR = 1;
const DOT_CHAR = 2;
/** By character code; 0 for what no name has. */
const KINDS = Uint8Array.from({ length: 0x80 }, (_, code) =>
  code === DOT ? DOT_CHAR : Number(isLabelChar(code)),
);
/** One for all: decisions are synchronous, and each would have to pay for its own. */
export const LABELS: HostLabels = {
  end: 0,
  dots: 0,
  places: new Uint16Array(MAX_ORIGIN_LENGTH),
  lastLabelEnd: 0,
  hasEmptyLabel: false,
};
