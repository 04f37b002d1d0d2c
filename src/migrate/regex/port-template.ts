import { parsePattern } from '@origin-allowlist/client/core';
import { type Slot, textOf } from './alternatives.js';
import { findDifference } from './difference.js';
import type { ExpressionEnd } from './expression-end.js';
import { type Regex, resist } from './regex.js';
import { anyOf, literal, type RegexNode, repeat, sequence } from './regex-node.js';
import { originLetIn, reasonWith } from './suggestion.js';

/** Where a port stands, and what the expression says around it. */
export interface PortPlace {
  readonly regex: Regex;
  readonly scheme: string;
  readonly end: ExpressionEnd;
  /** All that the expression matches, other alternatives included. */
  readonly matched: RegexNode;
  /** All that this alternative lets in; examples are taken out of it. */
  readonly language: RegexNode;
}

/** A host and its port. */
export interface PortSplit {
  readonly host: readonly Slot[];
  /** As a pattern writes it. */
  readonly port: string;
  /** Digits that the expression leaves to its open end. */
  readonly tail: RegexNode;
}

/**
 * Splits the port off a host: a number, or any port where every number of four digits is let in.
 *
 * @throws ResistanceError where it is some of the ports, and not written out.
 */
export function portPattern(place: PortPlace, slots: readonly Slot[]): PortSplit {
  const text = textOf(slots);
  const colon = text.indexOf(':', text.startsWith('[') ? text.indexOf(']') : 0);
  if (colon === -1) return { host: slots, port: '', tail: sequence([]) };
  const host = slots.slice(0, colon);
  const port = text.slice(colon + 1);
  const { isOpen, loose } = place.end;
  const isNumber = /^[0-9]+$/.test(port);
  if (isNumber && loose === undefined) return { host, port: `:${port}`, tail: sequence([]) };
  if (port === '' && isOpen) return { host, port: ':*', tail: repeat(anyOf('0123456789'), 1) };
  if (!isNumber && isAnyPort(place, host)) return { host, port: ':*', tail: sequence([]) };
  return resistPort(place, host, loose === undefined ? slots.slice(colon + 1) : [loose]);
}

const FOUR_DIGITS = sequence([anyOf('123456789'), repeat(anyOf('0123456789'), 3, 3)]);

/** Decided on all alternatives together: `[1-9]\d*` is written out as nine. */
function isAnyPort({ scheme, matched }: PortPlace, host: readonly Slot[]): boolean {
  const hostNodes = host.map(({ meant }) => meant);
  const fourDigits = sequence([literal(`${scheme}://`), ...hostNodes, literal(':'), FOUR_DIGITS]);
  return findDifference(fourDigits, matched).kind === 'none';
}

function resistPort(
  { regex, scheme, language }: PortPlace,
  host: readonly Slot[],
  slots: readonly Slot[],
): never {
  const span = { start: slots[0]?.span.start ?? 0, end: slots.at(-1)?.span.end ?? 0 };
  const anyPort = `${scheme}://${textOf(host)}:*`;
  const each = 'Write an entry for each port that is meant.';
  const instead = parsePattern(anyPort).ok ? `${each} For any port: ${anyPort}` : each;
  return resist(
    regex.source,
    span,
    reasonWith('It is some of the ports', originLetIn(language, [])),
    instead,
  );
}
