import { parseOrigin } from '@origin-allowlist/client/core';
import { findDifference } from './difference.js';
import { recognizes } from './recognizer.js';
import { choice, type RegexNode } from './regex-node.js';
import type { Recognised } from './template.js';

/** What the patterns let in and the expression did not, or the reverse. */
export type NarrowingCode = 'WIDER' | 'NARROWER' | 'OPEN_END' | 'OPEN_START' | 'UNESCAPED_DOT' | 'ANY_SCHEME';

/** One difference between an expression and the patterns made of it. */
export interface NarrowingNote {
  readonly code: NarrowingCode;
  /** One sentence for a person. */
  readonly detail: string;
  /** Origins that were let in and no longer are; for `WIDER` the reverse. */
  readonly examples: readonly string[];
}

/** An expression and what became of it, as languages. */
export interface Outcome {
  /** All that the expression matches. */
  readonly matched: RegexNode;
  /** Of that, what the alternatives match that became patterns. */
  readonly accepted: RegexNode;
  /** What the patterns let in. */
  readonly allowed: RegexNode;
  readonly recognised: readonly Recognised[];
}

/** Every kind of difference, with an origin that shows it; `undefined` when the languages are too large to tell. */
export function notesOn(outcome: Outcome): readonly NarrowingNote[] | undefined {
  const { matched, accepted, allowed, recognised } = outcome;
  const wider = differenceNote('WIDER', allowed, matched);
  const further = differenceNote('NARROWER', choice(recognised.map(({ meant }) => meant)), allowed);
  const any = differenceNote('NARROWER', accepted, allowed);
  if (wider === undefined || further === undefined || any === undefined) return undefined;
  const known = knownNotes(outcome);
  // Where a scheme was added, what was meant is not all within what was matched.
  const certain = further.filter(({ examples }) => examples.every((origin) => recognizes(matched, origin)));
  // What none of the known reasons explains must be told all the same.
  const isExplained = known.length > 0 || certain.length > 0;
  return [...wider, ...known, ...certain, ...(isExplained ? [] : any)];
}

const DETAILS = {
  WIDER: 'The patterns let in more than the expression did.',
  NARROWER: 'The expression let in more than the patterns do.',
  OPEN_END:
    'Anything could follow the expression on the right, so names that only begin like this one were let in; they are not now.',
  OPEN_START: 'Nothing began the expression on the left, so longer schemes were let in; they are not now.',
  UNESCAPED_DOT:
    'A dot without a backslash stands for any character, so other names were let in; it is a dot now.',
  ANY_SCHEME: 'The expression let in other schemes than the patterns do.',
} as const satisfies Readonly<Record<NarrowingCode, string>>;

function note(code: NarrowingCode, examples: readonly string[]): NarrowingNote {
  return { code, detail: DETAILS[code], examples };
}

/** One note, or none; `undefined` when that cannot be told. */
function differenceNote(
  code: 'WIDER' | 'NARROWER',
  has: RegexNode,
  lacks: RegexNode,
): readonly NarrowingNote[] | undefined {
  const difference = findDifference(has, lacks);
  if (difference.kind === 'unknown') return undefined;
  return difference.kind === 'none' ? [] : [note(code, [difference.origin])];
}

/** The reasons that expressions commonly let in too much. Each is told only with an origin for which it is so. */
function knownNotes({ accepted, allowed, recognised }: Outcome): readonly NarrowingNote[] {
  const isLost = (origin: string): boolean =>
    parseOrigin(origin) !== undefined && recognizes(accepted, origin) && !recognizes(allowed, origin);
  const candidates = recognised.map(candidatesOf);
  return KNOWN.flatMap((code) => {
    const example = candidates.flatMap((of) => of[code]).find(isLost);
    return example === undefined ? [] : [note(code, [example])];
  });
}

const KNOWN = ['OPEN_END', 'OPEN_START', 'UNESCAPED_DOT', 'ANY_SCHEME'] as const;

const SCHEMES = ['http', 'https', 'evil'];

/** Origins that would show each reason, if it applied. */
function candidatesOf(recognised: Recognised): Readonly<Record<(typeof KNOWN)[number], readonly string[]>> {
  const { meant, withoutDot, isAnyScheme, isOpen } = recognised;
  const sample = originIn(findDifference(meant, choice([])));
  if (sample === undefined) return { OPEN_END: [], OPEN_START: [], UNESCAPED_DOT: [], ANY_SCHEME: [] };
  const dotted = withoutDot === undefined ? undefined : originIn(findDifference(withoutDot, choice([])));
  return {
    OPEN_END: isOpen
      ? [`${sample}.evil.example`, `${sample}evil.example`, `${sample}:8443`, `${sample}1`]
      : [],
    OPEN_START: isAnyScheme ? [] : [`evil-${sample}`, `evil${sample}`],
    UNESCAPED_DOT: dotted === undefined ? [] : [dotted],
    ANY_SCHEME: isAnyScheme ? SCHEMES.map((scheme) => sample.replace(/^[a-z]+/, scheme)) : [],
  };
}

function originIn(difference: ReturnType<typeof findDifference>): string | undefined {
  return difference.kind === 'origin' ? difference.origin : undefined;
}
