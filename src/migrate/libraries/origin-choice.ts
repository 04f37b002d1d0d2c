import { parsePattern } from '@origin-allowlist/client/core';
import type { Value, Written } from '../literal/value.js';
import { narrowRegex } from '../regex/narrowing.js';
import { LIST_THEM, type Regex } from '../regex/regex.js';
import { type Report, refuse, tell } from '../report.js';
import { refuseValue } from './option-value.js';

/** Whom an option lets in. */
export interface OriginChoice {
  /** Canonical patterns. */
  readonly patterns: readonly string[];
  /** Everybody: by `*`, or by sending each its own origin. */
  readonly any: 'no' | 'star' | 'echo';
}

export const NOBODY: OriginChoice = { patterns: [], any: 'no' };
export const EVERYBODY: OriginChoice = { patterns: [], any: 'star' };
export const EVERYBODY_ECHOED: OriginChoice = { patterns: [], any: 'echo' };

/** Several choices as one. */
export function anyChoiceOf(choices: readonly OriginChoice[]): OriginChoice {
  const isEchoed = choices.some(({ any }) => any === 'echo');
  const isStar = choices.some(({ any }) => any === 'star');
  return {
    patterns: choices.flatMap(({ patterns }) => patterns),
    any: isStar ? 'star' : isEchoed ? 'echo' : 'no',
  };
}

/**
 * The choice that a text makes which is compared with the Origin header as it is. One that no browser sends let nobody in, and
 * is refused rather than repaired: the repaired one would let somebody in.
 *
 * @param credentials of the policy: what goes with none is not suggested then.
 */
export function exactChoice(
  text: string,
  value: Written,
  report: Report,
  credentials: boolean,
): OriginChoice {
  const parsed = parsePattern(text);
  if (
    parsed.ok &&
    (parsed.pattern.kind === 'exact' || parsed.pattern.kind === 'null') &&
    !parsed.pattern.anyPort
  ) {
    return { patterns: [parsed.pattern.text], any: 'no' };
  }
  const problem = parsed.ok ? undefined : parsed.problems[0];
  const reason = problem?.detail ?? 'It is compared as it is, and no origin holds a *.';
  report.refused.push({
    code: 'NEVER_WORKED',
    text: value.source,
    resists: problem?.text ?? text,
    reason: `It let nobody in. ${reason}`,
    instead: insteadOf(text, credentials) ?? problem?.fix ?? LIST_THEM,
  });
  return NOBODY;
}

/** What was probably meant by a text that is a pattern, several origins, or an expression in quotes. */
function insteadOf(text: string, credentials: boolean): string | undefined {
  const meant = meantBy(text);
  // The service never takes these two together with credentials.
  const isImpossible = credentials && meant.some((pattern) => pattern === '*' || pattern === 'null');
  return meant.length === 0 || isImpossible ? undefined : meant.join(' and ');
}

function meantBy(text: string): readonly string[] {
  if (parsePattern(text).ok) return [text];
  const pieces = text.split(',').map((piece) => piece.trim());
  if (pieces.length > 1 && pieces.every((piece) => parsePattern(piece).ok)) return pieces;
  const [, source, flags = ''] = /^\/(.+)\/([a-z]*)$/.exec(text) ?? [];
  return source === undefined ? [] : narrowRegex({ source, flags, dialect: 'javascript' }).patterns;
}

/** The choice that an expression makes, as typed patterns; what changes by that is told, what cannot be said is refused. */
export function regexChoice(regex: Regex, value: Written, report: Report): OriginChoice {
  const { patterns, notes, refused } = narrowRegex(regex);
  for (const { code, detail, examples } of notes) {
    tell(report, value.source, code, detail, examples.length === 0 ? {} : { examples });
  }
  for (const resistance of refused)
    report.refused.push({ code: 'EXPRESSION', text: value.source, ...resistance });
  if (patterns.includes('*')) return EVERYBODY_ECHOED;
  return { patterns, any: 'no' };
}

/** The choice of a value that is no origin: refused. */
export function refusedChoice(value: Value, report: Report): OriginChoice {
  if (value.kind === 'code' || value.kind === 'call') {
    const instead = `${LIST_THEM} What a function decided by, the list decides now: entries can be added while the app runs.`;
    refuse(report, value, 'COMPUTED', 'Whom it lets in is known only when the program runs.', instead);
  } else if (value.kind === 'boolean' && !value.boolean) {
    refuse(report, value, 'SAYS_NOTHING', 'It lets nobody in.', 'Leave it out.');
  } else refuseValue(report, value);
  return NOBODY;
}

/** Whom a policy lets in, and whether with credentials. */
export interface Admission {
  readonly patterns: readonly string[];
  readonly credentials: boolean;
}

/**
 * A choice together with credentials. Everybody and credentials never go together: where browsers refused the two, credentials
 * go; where a library got round that by sending each caller its own origin, everybody goes.
 */
export function admit(choice: OriginChoice, credentials: boolean, value: Written, report: Report): Admission {
  if (choice.any === 'no') return { patterns: choice.patterns, credentials };
  if (choice.any === 'star') {
    if (credentials) {
      const detail =
        'Browsers take no credentials from an answer with *, so these never worked; they are off.';
      tell(report, value.source, 'CREDENTIALS_OFF', detail);
    }
    return { patterns: ['*'], credentials: false };
  }
  if (!credentials) {
    const detail = 'Each origin was sent back as it came; * is sent instead, which lets in the same.';
    tell(report, value.source, 'ECHO_TO_ANY', detail, { severity: 'ok' });
    return { patterns: ['*'], credentials };
  }
  const reason = 'It lets every page on the web read answers in the name of the user who is signed in.';
  refuse(
    report,
    value,
    'EVERYBODY_WITH_CREDENTIALS',
    reason,
    `${LIST_THEM} Or turn credentials off and write *.`,
  );
  return { patterns: choice.patterns, credentials };
}
