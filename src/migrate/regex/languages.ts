import type { Pattern } from '@origin-allowlist/client/core';
import type { Alternative } from './alternatives.js';
import { charSet, ORIGIN_CHARS } from './char-set.js';
import type { Regex } from './regex.js';
import { anyOf, choice, literal, type RegexNode, repeat, sequence } from './regex-node.js';

const LETTERS = charSet((char) => char >= 'a' && char <= 'z');
const DIGITS = charSet((char) => char >= '0' && char <= '9');
const NAME_CHARS = `${LETTERS}${DIGITS}-`;
const LABEL = repeat(anyOf(`${NAME_CHARS}_`), 1);
const WORD = repeat(anyOf(`${LETTERS}${DIGITS}`), 1);
const SCHEME = sequence([anyOf(LETTERS), repeat(anyOf(`${NAME_CHARS}+.`), 0)]);
const PORT = sequence([literal(':'), anyOf(DIGITS.replace('0', '')), repeat(anyOf(DIGITS), 0, 4)]);
const ANYTHING = repeat(anyOf(ORIGIN_CHARS), 0);

/**
 * Every origin (DESIGN §2, "Origin grammar at run time") and `null`, without the rules that count or compute: whoever finds a
 * text in here still asks `parseOrigin`.
 */
export const ORIGINS: RegexNode = choice([
  literal('null'),
  originsOf(LABEL, repeat(literal('.'), 0, 1)),
  sequence([SCHEME, literal('://['), repeat(anyOf(`${DIGITS}abcdef:`), 2), literal(']'), repeat(PORT, 0, 1)]),
]);

/** Those that look like what people register: no underscore, no hyphen at an edge or doubled, no trailing dot. */
export const ORDINARY_ORIGINS: RegexNode = originsOf(
  sequence([WORD, repeat(sequence([literal('-'), WORD]), 0)]),
  literal(''),
);

function originsOf(label: RegexNode, end: RegexNode): RegexNode {
  const host = sequence([label, repeat(sequence([literal('.'), label]), 0), end]);
  return sequence([SCHEME, literal('://'), host, repeat(PORT, 0, 1)]);
}

/** What a pattern lets in, as the engine has it. */
export function languageOf(pattern: Pattern): RegexNode {
  if (pattern.kind === 'any') return ANYTHING;
  if (pattern.kind === 'null') return literal('null');
  const { scheme, host, port, anyPort } = pattern;
  return sequence([
    literal(`${scheme}://`),
    labelsBefore(pattern),
    literal(port === undefined ? host : `${host}:${port}`),
    repeat(PORT, 0, anyPort ? 1 : 0),
  ]);
}

function labelsBefore(pattern: Exclude<Pattern, { kind: 'any' | 'null' }>): RegexNode {
  switch (pattern.kind) {
    case 'exact':
      return literal('');
    case 'subdomains':
      return repeat(sequence([LABEL, literal('.')]), 1);
    case 'affix':
      return sequence([literal(pattern.prefix), repeat(anyOf(NAME_CHARS), 1), literal(`${pattern.suffix}.`)]);
  }
}

/** What an alternative of an expression lets in, with all that its ends leave open. */
export function languageIn(regex: Regex, alternative: Alternative): RegexNode {
  const { slots, endsAt } = alternative;
  return sequence([
    anythingBefore(regex, alternative),
    ...slots.map(({ node }) => node),
    ...(endsAt ? [] : [ANYTHING]),
  ]);
}

/** What may stand in front of an alternative: nothing, unless it is looked for anywhere. */
export function anythingBefore({ dialect, flags }: Regex, { startsAt }: Alternative): RegexNode {
  const isAnchored = startsAt || dialect === 'python' || flags.includes('y');
  return isAnchored ? sequence([]) : ANYTHING;
}
