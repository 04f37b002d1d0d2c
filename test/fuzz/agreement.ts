import type { Decision } from '@origin-allowlist/client/core';
import type { SlowAnswer } from './slow-decision.js';

/** What code before the decision may have left on a response. */
const PRIOR = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
  'access-control-allow-private-network',
];
const LISTS = [
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-expose-headers',
];

/** Everything in which a decision is not what it must be: nothing when it is one of the answers. */
export function disagreements(answers: readonly SlowAnswer[], fast: Decision): readonly string[] {
  const [best = ['there is no answer']] = answers
    .map((slow) => differences(slow, fast))
    .toSorted((a, b) => a.length - b.length);
  return best;
}

function differences(slow: SlowAnswer, fast: Decision): readonly string[] {
  const found: string[] = [];
  const same = (what: string, expected: unknown, actual: unknown) => {
    if (expected !== actual)
      found.push(`${what}: ${JSON.stringify(expected)}, not ${JSON.stringify(actual)}`);
  };
  same('kind', slow.kind, fast.kind);
  same('allowed', slow.allowed, fast.allowed);
  same('policy', slow.policy, fast.policy);
  same('enforcement', slow.enforcement, fast.enforcement);
  same('status', slow.status, fast.status);
  same('callsNext', slow.status === null, fast.callsNext);
  same('vary', [...slow.vary].sort().join(), [...fast.vary].sort().join());
  if (!slow.reasons.includes(fast.reason)) same('reason', slow.reasons.join(' or '), fast.reason);
  const matched = fast.matched?.pattern;
  if (matched === undefined ? slow.matched.length > 0 : !slow.matched.includes(matched))
    same('matched', slow.matched.join(' or '), matched);
  const expected = responseOf(slow.enforcement === 'report' ? PRIOR_HEADERS : {}, slow.headers);
  const actual = responseOf(withoutRemoved(fast.remove), fast.headers);
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)]))
    same(name, expected[name], actual[name]);
  return found;
}

const PRIOR_HEADERS = Object.fromEntries(PRIOR.map((name) => [name, 'prior']));

function withoutRemoved(remove: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(PRIOR.filter((name) => !remove.includes(name)).map((name) => [name, 'prior']));
}

/** The response after the edits; lists as sorted members, since their order means nothing. */
function responseOf(
  prior: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const response: Record<string, string> = { ...prior, ...headers };
  for (const name of LISTS) {
    const value = response[name];
    if (value !== undefined) response[name] = [...new Set(value.split(', '))].sort().join(', ');
  }
  return response;
}
