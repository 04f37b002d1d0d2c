import { type Alternative, type Slot, textOf } from './alternatives.js';
import { anythingBefore } from './languages.js';
import { recognizes } from './recognizer.js';
import { type Regex, resist } from './regex.js';
import { anyOf, literal, type RegexNode, repeat, type Span, sequence } from './regex-node.js';
import { boundedName, isLoopback, originLetIn, portExample } from './suggestion.js';

/** The scheme of an alternative, and what stands behind its `://`. */
export interface SchemeSplit {
  readonly name: string;
  readonly rest: readonly Slot[];
  /** None was said: this one was taken. */
  readonly isAny: boolean;
}

/**
 * Reads the scheme off an alternative. What stands before everything (`.*`, `[a-z]+` before `://`, or nothing that begins the
 * expression) is judged by what it holds: it has to be able to be the scheme that is taken.
 *
 * @param language all that the alternative lets in.
 * @throws ResistanceError when there is no scheme and nothing that can stand for one.
 */
export function splitScheme(
  regex: Regex,
  alternative: Alternative,
  slots: readonly Slot[],
  language: RegexNode,
): SchemeSplit {
  const first = slots[0];
  const isLoose = first?.char === '*';
  const rest = isLoose ? slots.slice(1) : slots;
  const head = sequence([anythingBefore(regex, alternative), ...(isLoose ? [first.node] : [])]);
  const canBegin = (text: string): boolean => recognizes(head, text);
  const text = textOf(rest);
  const name = /^[a-z][a-z0-9+.-]*(?=:\/\/)/.exec(text)?.[0];
  if (name !== undefined && canBegin('')) {
    return { name, rest: rest.slice(name.length + '://'.length), isAny: false };
  }
  const before = /^:?\/\//.exec(text)?.[0] ?? '';
  const host = /^[^:]*/.exec(text.slice(before.length))?.[0] ?? '';
  const taken = isLoopback(host) ? 'http' : 'https';
  if (before !== '' && canBegin(`${taken}://`.slice(0, -before.length))) {
    return { name: taken, rest: rest.slice(before.length), isAny: true };
  }
  const dot = rest[0];
  if (dot?.char === '.' && canBegin('https://x')) {
    // The dot may be one that a repeated group is known to end in; alone it stands for itself.
    const alone = dot.isBareDot ? dot : { ...dot, node: literal('.'), meant: literal('.') };
    return { name: 'https', rest: [anyLabels(dot.span), alone, ...rest.slice(1)], isAny: true };
  }
  const isAnywhere = canBegin('https://evil') || recognizes(anythingBefore(regex, alternative), 'x');
  return resistWithoutScheme(regex, slots, text, isAnywhere ? language : undefined);
}

/** What stands before `.example.com`, whether it is written or not. */
function anyLabels(span: Span): Slot {
  const node = repeat(anyOf('abcdefghijklmnopqrstuvwxyz0123456789-_.'), 1);
  return { char: '*', node, meant: node, isBareDot: false, canBeEmpty: false, repeated: undefined, span };
}

/** @param language of the alternative when anything may stand in front of it; `undefined` when it begins where it says. */
function resistWithoutScheme(
  regex: Regex,
  slots: readonly Slot[],
  text: string,
  language: RegexNode | undefined,
): never {
  const span = { start: slots[0]?.span.start ?? 0, end: slots.at(-1)?.span.end ?? 0 };
  if (language === undefined) resist(regex.source, span, 'It does not begin with a scheme and ://.');
  const [host = '', port = ''] = /^([^:]*)(:.*)?$/.exec(text)?.slice(1) ?? [];
  const example = originLetIn(language, [
    `https://evil${host}${portExample(port)}`,
    `evil://${host}${portExample(port)}`,
  ]);
  const reason =
    example === undefined
      ? 'Nothing stands before it, so it may be any part of an origin.'
      : `Nothing stands before the name, so ${example} is let in too.`;
  return resist(regex.source, span, reason, boundedName('https', text));
}
