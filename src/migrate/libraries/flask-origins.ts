import { parsePattern } from '@origin-allowlist/client/core';
import type { Value } from '../literal/value.js';
import { type Report, refuse } from '../report.js';
import {
  anyChoiceOf,
  EVERYBODY,
  EVERYBODY_ECHOED,
  exactChoice,
  NOBODY,
  type OriginChoice,
  refusedChoice,
  regexChoice,
} from './origin-choice.js';

/**
 * What flask-cors makes of `origins`: one or several texts or expressions. Texts are compared without case; one with any of
 * `* \ ] ? $ ^ [ ( )` is matched as an expression instead, from its beginning on and open at its end.
 *
 * @param sent.wildcard `send_wildcard`: `*` is sent and not the origin that came.
 * @param sent.credentials `supports_credentials`
 */
export function flaskOrigins(
  value: Value | undefined,
  sent: { readonly wildcard: boolean; readonly credentials: boolean },
  report: Report,
): OriginChoice {
  // With credentials flask-cors does not start, for the reason that the refusal gives.
  const everybody = sent.wildcard && !sent.credentials ? EVERYBODY : EVERYBODY_ECHOED;
  const items = value === undefined ? undefined : value.kind === 'list' ? value.items : [value];
  if (items === undefined || items.some(isWildcard)) return everybody;
  return anyChoiceOf(items.map((item) => chooseOne(item, sent.credentials, report)));
}

function isWildcard(value: Value): boolean {
  return value.kind === 'text' && (value.text === '*' || value.text === '.*');
}

function chooseOne(value: Value, credentials: boolean, report: Report): OriginChoice {
  if (value.kind === 'regex') return regexChoice(value.regex, value, report);
  if (value.kind !== 'text') return refusedChoice(value, report);
  if (!isProbablyRegex(value.text)) return exactChoice(value.text.toLowerCase(), value, report, credentials);
  if (parsePattern(value.text).ok) return refuseGlob(value.text, value, report);
  return regexChoice({ source: value.text, flags: 'i', dialect: 'python' }, value, report);
}

/** flask-cors 6, `probably_regex`. */
export function isProbablyRegex(text: string): boolean {
  return /[*\\\]?$^[()]/.test(text);
}

/** `https://*.example.com`, which as an expression repeats the slash. */
function refuseGlob(text: string, value: Value, report: Report): OriginChoice {
  const reason =
    'flask-cors reads it as a regular expression, in which * repeats what stands before it: it never let in what it seems to.';
  refuse(report, value, 'NEVER_WORKED', reason, text);
  return NOBODY;
}
