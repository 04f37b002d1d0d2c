import {
  BACKSLASH,
  CLOSE_BRACKET,
  CLOSE_PARENTHESIS,
  charTable,
  DOT,
  HASH,
  isDigit,
  isLowerLetter,
  isUpperLetter,
  OPEN_BRACKET,
  OPEN_PARENTHESIS,
  PLUS,
  QUESTION,
  SLASH,
} from './ascii.js';

/**
 * Whether a text is a regular expression: whether it has, up to its path or query, what expressions have, and neither patterns
 * nor URLs nor what is left when somebody mistypes one. An address in brackets is none, and neither are a list of ports
 * (`:[8080,8081]`), one stray parenthesis, or what templates leave behind (`$(HOST)`, `%(host)s`, `{0}`).
 */
export function isRegularExpression(text: string): boolean {
  const isAnchored = text.startsWith('^') || text.endsWith('$');
  if (isAnchored || isLiteral(text) || text.includes('\\/')) return true;
  const start = afterSeparators(text);
  const head = text.slice(0, endOfHead(text, start));
  const isAlternation = head.includes('(') && head.includes('|');
  return isAlternation || HEAD_PARTS.some((part) => head.includes(part)) || hasExpression(head, start);
}

/** The pattern that the commonest expressions stand for; what it cannot translate it leaves standing, and that does not parse. */
export function fromRegularExpression(text: string): string {
  let pattern = text.startsWith('/') && text.endsWith('/') ? text.slice(1, -1) : text;
  if (pattern.startsWith('^')) pattern = pattern.slice(1);
  if (pattern.endsWith('$')) pattern = pattern.slice(0, -1);
  return pattern
    .replaceAll('\\/', '/')
    .replace('(.*)', '.*')
    .replace('(.+)', '.+')
    .replace('://.*\\.', '://*.')
    .replace('://.+\\.', '://*.')
    .replace('://.*.', '://*.')
    .replace('-.*', '-*')
    .replaceAll('\\.', '.');
}

/** What alone tells, wherever it stands before the path. */
const HEAD_PARTS = ['s?:', '(?', ')?', '[^'];

/** `/example/` and `/example/i`, as JavaScript writes them; a path of several segments is none. */
function isLiteral(text: string): boolean {
  if (!text.startsWith('/') || text.startsWith('//')) return false;
  const end = text.lastIndexOf('/');
  return end > 1 && text.indexOf('/', 1) === end && LITERAL_FLAGS.has(text.slice(end + 1));
}

const LITERAL_FLAGS = new Set(['', 'g', 'i', 'gi', 'ig']);

/** Where the host begins: after the slashes that follow the scheme, backslashes too, or those at the very start. */
function afterSeparators(text: string): number {
  const afterColon = text.indexOf(':') + 1;
  const separator = SEPARATORS.find((slashes) => text.startsWith(slashes, afterColon));
  const slash = separator?.charAt(0) ?? '/';
  let index = separator === undefined ? 0 : afterColon;
  while (text.charAt(index) === slash) index += 1;
  return index;
}

const SEPARATORS = ['//', '\\\\'];

/** Where path, query or fragment begin: URLs have parentheses and brackets there. A query names values; `?` alone may be a quantifier. */
function endOfHead(text: string, start: number): number {
  const lastEquals = text.lastIndexOf('=');
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === SLASH || code === HASH) return index;
    const isQuantifier = index > lastEquals || text.charCodeAt(index - 1) === OPEN_PARENTHESIS;
    if (code === QUESTION && !isQuantifier) return index;
  }
  return text.length;
}

/** One pass for escapes, groups, classes, and dots that stand for any character. */
function hasExpression(head: string, start: number): boolean {
  // What a port, or the script after `javascript:`, has in parentheses.
  const colon = head.indexOf(':', start);
  const groupsEnd = colon === -1 ? head.length : colon;
  let group = -1;
  let bracket = -1;
  for (let index = 0; index < head.length; index += 1) {
    // `(https://example.com)` is no group: it closes elsewhere.
    if (index === start) group = -1;
    switch (head.charCodeAt(index)) {
      case BACKSLASH:
        if (index >= start && isEscape(head, index)) return true;
        break;
      case OPEN_PARENTHESIS:
        if (index < groupsEnd && opensGroup(head, index)) group = index;
        break;
      case CLOSE_PARENTHESIS:
        if (group !== -1 && index > group + 1) return true;
        break;
      case OPEN_BRACKET:
        bracket = index;
        break;
      case CLOSE_BRACKET:
        if (bracket !== -1 && isClass(head, bracket, index)) return true;
        bracket = -1;
        break;
      case DOT:
        // Before the host it may be part of a scheme, and so may a plus.
        if ((index === 0 || index >= start) && isAnyCharacter(head, index)) return true;
        break;
    }
  }
  return false;
}

const ESCAPED_PUNCTUATION = charTable('.-*+?()[]{}^$|:');
const ESCAPED_LETTERS = charTable('dDwWsS');

/** `\.`, `\d+`; no backslash for a slash, as in `example.com\path`. */
function isEscape(text: string, index: number): boolean {
  const code = text.charCodeAt(index + 1);
  if (ESCAPED_PUNCTUATION[code] === 1) return true;
  return ESCAPED_LETTERS[code] === 1 && !isLetterOrDigit(text.charCodeAt(index + 2));
}

const BEFORE_NO_GROUP = charTable('$% \t');

/** `$(HOST)` and `%(host)s` are no groups, and neither are a remark after a space and a host in parentheses. */
function opensGroup(text: string, index: number): boolean {
  if (index === 0) return !text.endsWith(')');
  return BEFORE_NO_GROUP[text.charCodeAt(index - 1)] !== 1;
}

const QUANTIFIERS = charTable('*+?{');

/** `[a-z]`, `[abc]+`, `[abc].example.com`; not `[::1]`, `[example]`, `:[8080,8081]`. */
function isClass(text: string, open: number, close: number): boolean {
  const content = text.slice(open + 1, close);
  const after = text.charCodeAt(close + 1);
  if (content.length > 2 && content.charAt(1) === '-') return true;
  if (content === '' || content.includes(':')) return false;
  if (QUANTIFIERS[after] === 1) return true;
  if (content.includes('.') || text.charAt(open - 1) === ':') return false;
  return after === DOT || isLetterOrDigit(after) || isLetterOrDigit(text.charCodeAt(open - 1));
}

/** Where a label can neither begin with a dot nor end before one. */
const EDGES = charTable('/\\-(:|^');

/** `.+`, and `.*`, `.?`, `.{3}` where the dot ends no label: `foo.*` may be a misplaced wildcard. */
function isAnyCharacter(text: string, index: number): boolean {
  const quantifier = text.charCodeAt(index + 1);
  if (quantifier === PLUS) return true;
  const isEdge = index === 0 || EDGES[text.charCodeAt(index - 1)] === 1;
  if (!isEdge || QUANTIFIERS[quantifier] !== 1) return false;
  return text.charAt(index + 1) !== '{' || isDigit(text.charCodeAt(index + 2));
}

function isLetterOrDigit(code: number): boolean {
  return isLowerLetter(code) || isUpperLetter(code) || isDigit(code);
}
