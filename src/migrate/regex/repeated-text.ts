import { parseOrigin, parsePattern } from '@origin-allowlist/client/core';
import { type Slot, textOf } from './alternatives.js';
import { recognizes } from './recognizer.js';
import { LIST_THEM, type Regex, resist } from './regex.js';
import type { RegexNode } from './regex-node.js';
import { boundedName, firstPattern, reasonWith } from './suggestion.js';

/**
 * Refuses a text that is repeated without an end, as in `com*`: whoever wrote it took the star for a wildcard, or meant the text
 * once. The texts that it does stand for (`co`, `com`, `comm`) are nobody's wish.
 *
 * @param language all that the alternative lets in.
 * @throws ResistanceError when there is one.
 */
export function refuseRepeated(regex: Regex, slots: readonly Slot[], language: RegexNode): void {
  const index = slots.findIndex(({ repeated }) => repeated !== undefined);
  const slot = slots[index];
  if (slot?.repeated === undefined) return;
  const { repeated, canBeEmpty, span } = slot;
  const before = textOf(slots.slice(0, index));
  const behind = textOf(slots.slice(index + 1));
  const never = `${before}${behind}`;
  const once = `${before}${repeated}${behind}`;
  const example = [never, `${before}${repeated}${repeated}${behind}`].find(
    (text) => parseOrigin(text) !== undefined && recognizes(language, text),
  );
  const reason = reasonWith(`It repeats ${repeated}, which no pattern does`, example);
  const meant = firstPattern(index === 0 ? [never] : [`${before}${repeated}*${behind}`, once, never]);
  // `(www\.)*` in front of a name: the name too.
  const isLabel = canBeEmpty && repeated.endsWith('.') && meant === once && parsePattern(never).ok;
  const instead = isLabel ? `${never} and ${once}` : (meant ?? boundedName('https', once) ?? LIST_THEM);
  resist(regex.source, span, reason, insteadOfPort(before, once) ?? instead);
}

/** `:300*`: some ports, or any. */
function insteadOfPort(before: string, once: string): string | undefined {
  const host = /^([a-z]+:\/\/.+):[0-9]*$/.exec(before)?.[1];
  if (host === undefined || !parsePattern(once).ok) return undefined;
  return `Write an entry for each port that is meant. For any port: ${host}:*`;
}
