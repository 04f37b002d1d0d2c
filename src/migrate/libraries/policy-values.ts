import {
  checkPolicySettings,
  DEFAULT_POLICY,
  MAX_AGE_LIMIT_SECONDS,
  type PolicySettings,
} from '@origin-allowlist/client/core';
import type { Value } from '../literal/value.js';
import { type Report, tell } from '../report.js';
import { refuseValue } from './option-value.js';

type NameSetting = 'methods' | 'allowedHeaders' | 'exposedHeaders';

/** Names as a policy can store them: each once, without those that no browser sends or reads. */
export function storableNames(
  setting: NameSetting,
  names: readonly string[],
  subject: string,
  report: Report,
): readonly string[] {
  const given = [
    ...new Set(setting === 'methods' ? names.map((name) => asSent(name, subject, report)) : names),
  ];
  const problems = checkPolicySettings({ ...DEFAULT_POLICY, [setting]: given });
  const broken = new Map(problems.map(({ pointer, detail }) => [pointer, detail]));
  return given.filter((name, index) => {
    const detail = broken.get(`/${setting}/${index}`);
    if (detail !== undefined) tell(report, `${subject} ${name}`, 'NEVER_WORKED', detail);
    return detail === undefined;
  });
}

/** Methods that browsers send in capitals however a page writes them (Fetch §2.2.1 "normalize a method"). */
const NORMALISED = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']);

/** Browsers compare what they send with what the library answers, so `put` allowed nothing. */
function asSent(method: string, subject: string, report: Report): string {
  const upper = method.toUpperCase();
  if (method === upper || !NORMALISED.has(upper)) return method;
  tell(
    report,
    `${subject} ${method}`,
    'WIDER',
    `Browsers ask for ${upper}, which ${method} did not allow; it does now.`,
  );
  return upper;
}

/**
 * Without a `*` that was sent along with credentials. To a request with cookies browsers take it for a name, to others for any;
 * here it would stand for any to both, so it is left out.
 */
export function withoutLiteralStar(
  names: readonly string[],
  subject: string,
  report: Report,
): readonly string[] {
  if (!names.includes('*')) return names;
  const detail =
    'For requests with cookies browsers took * for a name, for others for any; it is left out: name what is meant.';
  tell(report, `${subject} *`, 'NARROWER', detail);
  return names.filter((name) => name !== '*');
}

/** A max-age as a policy can store it; `undefined` for none, and for what no browser understood. */
export function storableMaxAge(
  value: Value,
  subject: string,
  report: Report,
): Pick<PolicySettings, 'maxAgeSeconds'> {
  const seconds = secondsOf(value);
  if (seconds === undefined) {
    refuseValue(report, value);
    return {};
  }
  if (!Number.isInteger(seconds)) {
    tell(report, subject, 'NEVER_WORKED', 'Browsers read whole seconds only; this was not sent as such.');
    return {};
  }
  const bounded = Math.min(Math.max(seconds, 0), MAX_AGE_LIMIT_SECONDS);
  if (bounded !== seconds) {
    const detail = `It is ${bounded} here; no browser keeps an answer longer than ${MAX_AGE_LIMIT_SECONDS} seconds, or a negative time.`;
    tell(report, subject, 'MAX_AGE_BOUNDED', detail, { severity: 'ok' });
  }
  return { maxAgeSeconds: bounded };
}

/** `NaN` for a text that is no number. */
function secondsOf(value: Value): number | undefined {
  if (value.kind === 'number') return value.number;
  if (value.kind === 'duration') return value.seconds;
  if (value.kind === 'text') return /^-?\d+$/.test(value.text) ? Number(value.text) : Number.NaN;
  return undefined;
}
