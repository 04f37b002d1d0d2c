import { parsePattern } from '@origin-allowlist/client/core';
import type { Alternative, Slot } from './alternatives.js';
import { findEnd } from './expression-end.js';
import { hostPattern } from './host-template.js';
import { languageIn } from './languages.js';
import { type PortPlace, portPattern } from './port-template.js';
import { type Regex, resist } from './regex.js';
import { literal, type RegexNode, type Span, sequence } from './regex-node.js';
import { refuseRepeated } from './repeated-text.js';
import { splitScheme } from './scheme-template.js';

/** How an alternative became a pattern, and what was made narrower on the way. */
export interface Recognised {
  /** Canonical text. */
  readonly pattern: string;
  /** What of the expression the pattern was made for: closed at both ends, a dot a dot, one scheme. */
  readonly meant: RegexNode;
  /** The same, with another character where the first bare dot is; `undefined` when there is none. */
  readonly withoutDot: RegexNode | undefined;
  /** No scheme was said; one was taken. */
  readonly isAnyScheme: boolean;
  /** The expression let anything follow. */
  readonly isOpen: boolean;
}

/**
 * Reads an alternative as scheme, host and port of a pattern. Narrows where an end is open; never takes a text for the end of a
 * host name unless a dot or the scheme stands before it.
 *
 * @param matched all that the expression matches, other alternatives included.
 * @throws ResistanceError where no pattern says the same, or the narrower thing that was evidently meant.
 */
export function recognise(regex: Regex, alternative: Alternative, matched: RegexNode): Recognised {
  const end = findEnd(regex, alternative);
  const language = languageIn(regex, alternative);
  refuseRepeated(regex, end.slots, language);
  const scheme = splitScheme(regex, alternative, end.slots, language);
  const { name } = scheme;
  const place: PortPlace = { regex, scheme: name, end, matched, language };
  const { host, port, tail } = portPattern(place, scheme.rest);
  const { isOpen } = end;
  const pattern = `${name}://${hostPattern({ regex, scheme: name, port, isOpen, language }, host)}${port}`;
  const parsed = parsePattern(pattern);
  if (!parsed.ok) {
    const { detail } = parsed.problems[0] ?? { detail: '' };
    resist(regex.source, spanOf(alternative.slots), `It comes to ${pattern}, which is no pattern. ${detail}`);
  }
  const head = literal(`${name}://`);
  const bareDot = scheme.rest.findIndex(({ isBareDot }) => isBareDot);
  const otherThanDot = ({ meant }: Slot, index: number): RegexNode =>
    index === bareDot ? literal('x') : meant;
  return {
    pattern: parsed.pattern.text,
    meant: sequence([head, ...scheme.rest.map(({ meant }) => meant), tail]),
    withoutDot: bareDot === -1 ? undefined : sequence([head, ...scheme.rest.map(otherThanDot), tail]),
    isAnyScheme: scheme.isAny,
    isOpen,
  };
}

/** Where slots stand in the expression. */
function spanOf(slots: readonly Slot[]): Span {
  const starts = slots.map(({ span }) => span.start);
  return {
    start: starts.length === 0 ? 0 : Math.min(...starts),
    end: Math.max(0, ...slots.map(({ span }) => span.end)),
  };
}
