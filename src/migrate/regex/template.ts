import { parsePattern } from '@origin-allowlist/client/core';
import type { Alternative, Slot } from './alternatives.js';
import { boundedName, hostPattern } from './host-template.js';
import { type Regex, resist } from './regex.js';
import { anyOf, literal, type RegexNode, repeat, type Span, sequence } from './regex-node.js';

/** How an alternative became a pattern, and what was made narrower on the way. */
export interface Recognised {
  /** Canonical text. */
  readonly pattern: string;
  /** What of the expression the pattern was made for: closed at both ends, a dot a dot, one scheme. */
  readonly meant: RegexNode;
  /** The same, with another character where the first bare dot is; `undefined` when there is none. */
  readonly withoutDot: RegexNode | undefined;
  /** No scheme was said; `https` was taken. */
  readonly isAnyScheme: boolean;
}

/**
 * Reads an alternative as scheme, host and port of a pattern. Narrows where an end is open; never takes a text for the end of a
 * host name unless a dot or the scheme stands before it.
 *
 * @throws ResistanceError where no pattern says the same, or the narrower thing that was evidently meant.
 */
export function recognise(regex: Regex, alternative: Alternative): Recognised {
  const { slots, isOpen } = trimEnd(alternative);
  const scheme = splitScheme(regex, alternative, slots);
  const { host, port, tail } = splitPort(regex, scheme.rest, isOpen);
  const pattern = `${scheme.name}://${hostPattern(regex, scheme.name, host, isOpen)}${port}`;
  const parsed = parsePattern(pattern);
  if (!parsed.ok) {
    const { detail } = parsed.problems[0] ?? { detail: '' };
    resist(regex.source, spanOf(alternative.slots), `It comes to ${pattern}, which is no pattern. ${detail}`);
  }
  const head = literal(`${scheme.name}://`);
  const bareDot = scheme.rest.findIndex(({ isBareDot }) => isBareDot);
  const otherThanDot = ({ meant }: Slot, index: number): RegexNode =>
    index === bareDot ? literal('x') : meant;
  return {
    pattern: parsed.pattern.text,
    meant: sequence([head, ...scheme.rest.map(({ meant }) => meant), tail]),
    withoutDot: bareDot === -1 ? undefined : sequence([head, ...scheme.rest.map(otherThanDot), tail]),
    isAnyScheme: scheme.isAny,
  };
}

/** The text of a place in an expression, wildcards as `*`. */
export function textOf(slots: readonly Slot[]): string {
  return slots.map(({ char }) => char).join('');
}

/** Where slots stand in the expression. */
function spanOf(slots: readonly Slot[]): Span {
  const starts = slots.map(({ span }) => span.start);
  return {
    start: starts.length === 0 ? 0 : Math.min(...starts),
    end: Math.max(0, ...slots.map(({ span }) => span.end)),
  };
}

/** Without a last `.*`, which says no more than that the end is open. */
function trimEnd({ slots, endsAt }: Alternative): {
  readonly slots: readonly Slot[];
  readonly isOpen: boolean;
} {
  const last = slots.at(-1);
  const isLoose = last?.char === '*' && last.canBeEmpty && slots.at(-2)?.char !== ':';
  return isLoose ? { slots: slots.slice(0, -1), isOpen: true } : { slots, isOpen: !endsAt };
}

interface SchemeSplit {
  readonly name: string;
  readonly rest: readonly Slot[];
  readonly isAny: boolean;
}

function splitScheme(regex: Regex, { startsAt }: Alternative, slots: readonly Slot[]): SchemeSplit {
  const first = slots[0];
  // `.*` in front of everything, or `[a-z]+` before `://`, says as much as no beginning.
  const isLoose = first?.char === '*';
  const rest = isLoose ? slots.slice(1) : slots;
  const text = textOf(rest);
  const name = /^[a-z][a-z0-9+.-]*(?=:\/\/)/.exec(text)?.[0];
  if (name !== undefined) return { name, rest: rest.slice(name.length + '://'.length), isAny: false };
  const isOpen = isLoose || !(startsAt || regex.dialect === 'python' || regex.flags.includes('y'));
  const before = isOpen ? /^:?\/\//.exec(text)?.[0] : undefined;
  if (before !== undefined) return { name: 'https', rest: rest.slice(before.length), isAny: true };
  if (isOpen && first !== undefined && text.startsWith('.')) {
    // The dot may be one that a repeated group is known to end in; alone it stands for itself.
    const dot = { ...first, ...DOT };
    return { name: 'https', rest: [anyLabels(first.span), dot, ...rest.slice(1)], isAny: true };
  }
  return resistWithoutScheme(regex, slots, text, isOpen);
}

const DOT = { char: '.', node: literal('.'), meant: literal('.'), isBareDot: false, canBeEmpty: false };

/** What stands before `.example.com`, whether it is written or not. */
function anyLabels(span: Span): Slot {
  const node = repeat(anyOf('abcdefghijklmnopqrstuvwxyz0123456789-_.'), 1);
  return { char: '*', node, meant: node, isBareDot: false, canBeEmpty: false, span };
}

function resistWithoutScheme(regex: Regex, slots: readonly Slot[], text: string, isOpen: boolean): never {
  const span = spanOf(slots);
  if (!isOpen) return resist(regex.source, span, 'It does not begin with a scheme and ://.');
  const instead = boundedName('https', text);
  const reason =
    instead === undefined
      ? 'Nothing stands before it, so it may be any part of an origin.'
      : `Nothing stands before the name, so https://evil${text} is let in too.`;
  return resist(regex.source, span, reason, instead);
}

interface PortSplit {
  readonly host: readonly Slot[];
  /** As a pattern writes it. */
  readonly port: string;
  /** Digits that the expression leaves to its open end. */
  readonly tail: RegexNode;
}

function splitPort(regex: Regex, slots: readonly Slot[], isOpen: boolean): PortSplit {
  const text = textOf(slots);
  const colon = text.indexOf(':', text.startsWith('[') ? text.indexOf(']') : 0);
  if (colon === -1) return { host: slots, port: '', tail: sequence([]) };
  const host = slots.slice(0, colon);
  const port = text.slice(colon + 1);
  if (/^[0-9]+$/.test(port)) return { host, port: `:${port}`, tail: sequence([]) };
  if (port === '' && isOpen) return { host, port: ':*', tail: repeat(anyOf('0123456789'), 1) };
  if (/^[0-9*]+$/.test(port)) return { host, port: ':*', tail: sequence([]) };
  return resist(
    regex.source,
    spanOf(slots.slice(colon)),
    'This is no port.',
    'A number, or :* for any port.',
  );
}
