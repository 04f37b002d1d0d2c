/** ASCII by character code, for what reads text one character at a time. */
export const TAB = 0x09;
export const SPACE = 0x20;
export const HASH = 0x23;
export const OPEN_PARENTHESIS = 0x28;
export const CLOSE_PARENTHESIS = 0x29;
export const STAR = 0x2a;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const HYPHEN = 0x2d;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const COLON = 0x3a;
export const QUESTION = 0x3f;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const UNDERSCORE = 0x5f;
/** The last printable character. */
export const TILDE = 0x7e;

/** `a`–`z` */
export function isLowerLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

/** `A`–`Z` */
export function isUpperLetter(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

/** `0`–`9` */
export function isDigit(code: number): boolean {
  return code >= ZERO && code <= 0x39;
}

const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const LABEL_CHARS = charTable(`${LETTERS_AND_DIGITS}-_`);
const NAME_CHARS = charTable(`${LETTERS_AND_DIGITS}-_.`);
const SCHEME_CHARS = charTable(`${LETTERS_AND_DIGITS}+-.`);

/** What a label is made of, in lower case: letters, digits, `-` and `_`. */
export function isLabelChar(code: number): boolean {
  return LABEL_CHARS[code] === 1;
}

/** What a host name is made of, in lower case: labels and dots. */
export function isNameChar(code: number): boolean {
  return NAME_CHARS[code] === 1;
}

/** What a scheme is made of after its first letter (RFC 3986 §3.1), in lower case. */
export function isSchemeChar(code: number): boolean {
  return SCHEME_CHARS[code] === 1;
}

/** Whether every UTF-16 code unit of a text passes a test. */
export function everyChar(text: string, test: (code: number) => boolean): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (!test(text.charCodeAt(index))) return false;
  }
  return true;
}

/** A table by character code: 1 for the characters of a text. */
export function charTable(chars: string): Uint8Array {
  const table = new Uint8Array(0x80);
  for (let index = 0; index < chars.length; index += 1) {
    const code = chars.charCodeAt(index);
    if (code < 0x80) table[code] = 1;
  }
  return table;
}
