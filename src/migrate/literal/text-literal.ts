import type { Token } from './token.js';

/** Whose rules a source follows where they differ. JSON follows JavaScript's. */
export type Language = 'javascript' | 'python';

/** The text that a token stands for; `undefined` when part of it is computed (`${…}`, f-strings). */
export function decodeText({ text, affix, quote }: Token, language: Language): string | undefined {
  if (quote === '`' && text.includes('${')) return undefined;
  if (affix.includes('f') && text.includes('{')) return undefined;
  if (affix.includes('r')) return text;
  // Python leaves a backslash before a letter it does not know where it is; JavaScript drops it.
  return text.replaceAll(
    ESCAPES,
    (whole, letter: string) => decodeEscape(letter) ?? otherEscape(whole, letter, language),
  );
}

const ESCAPES = /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|\r\n|.)/gs;
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
  ['\n', ''],
  ['\r\n', ''],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
]);

function decodeEscape(letter: string): string | undefined {
  const known = LETTERS.get(letter);
  if (known !== undefined || letter.length === 1) return known;
  const code = Number.parseInt(letter.replaceAll(/[xu{}]/g, ''), 16);
  return code <= 0x10_ffff ? String.fromCodePoint(code) : undefined;
}

function otherEscape(whole: string, letter: string, language: Language): string {
  return language === 'python' ? whole : letter;
}
