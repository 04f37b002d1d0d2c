import { BACKSLASH, SPACE, TILDE } from './ascii.js';

/** Characters of a foreign text that are shown to a person. */
const MAX_SHOWN = 120;

/**
 * A text that anybody may have sent, fit to stand in a sentence, a terminal or a log: printable ASCII only, everything else and `\`
 * escaped as JavaScript does (`\u000a`), so that it can neither end the line nor reorder it; cut after 120 characters, with `…` in
 * their place.
 */
export function shownText(text: string): string {
  let shown = '';
  for (let index = 0; index < text.length; index += 1) {
    if (index === MAX_SHOWN) return `${shown}…`;
    shown += shownChar(text.charCodeAt(index));
  }
  return shown;
}

function shownChar(code: number): string {
  if (code === BACKSLASH) return '\\\\';
  if (code >= SPACE && code <= TILDE) return String.fromCharCode(code);
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Names in a sentence: the first of them, and how many more there are; `none` when there are none. */
export function shownNames(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = names.slice(0, MAX_NAMES).map(shownText).join(', ');
  const more = names.length - MAX_NAMES;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** Names listed in one sentence. */
const MAX_NAMES = 8;
