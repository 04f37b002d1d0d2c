import { checkPolicySettings, DEFAULT_POLICY } from '@origin-allowlist/client/core';
import type { Value } from '../literal/value.js';
import { type Report, tell } from '../report.js';
import { refuseValue } from './option-value.js';

/** What a path is to a router: the beginning of others, or itself alone. */
export type PathKind = 'prefix' | 'exact';

/**
 * The prefix of a policy for the path that a layer was mounted on. Of a path with parameters or wildcards in the middle no
 * prefix says the same: it is refused.
 */
export function policyPath(value: Value, kind: PathKind, report: Report): string | undefined {
  if (value.kind !== 'text') {
    refuseValue(report, value);
    return undefined;
  }
  const stem = value.text.replace(/(?:^|\/)(?:\*\w*|\(\.\*\)|\{\*\w+\})$/, '');
  const parameter = stem.search(/[:*<({]/);
  if (parameter !== -1) {
    const before = stem.slice(0, stem.lastIndexOf('/', parameter)) || '/';
    report.refused.push({
      code: 'PATH',
      text: value.source,
      resists: stem.slice(parameter),
      reason: 'A policy’s path is literal: it holds no parameters and no wildcards.',
      instead: `The prefix ${before}, if all that is below it may have these settings.`,
    });
    return undefined;
  }
  const path = literalPath(stem, value.source, report);
  if (path !== undefined && path !== '/' && kind === 'exact' && stem === value.text) {
    tell(
      report,
      value.source,
      'PATH_WIDER',
      `It was for this path alone; a policy for ${path} covers what is below it too.`,
      {
        examples: [`${path}/x`],
      },
    );
  }
  return path;
}

/** A literal path in the form that policies have. */
export function literalPath(text: string, source: string, report: Report): string | undefined {
  const path = text.length > 1 && text.endsWith('/') ? text.slice(0, -1) : text || '/';
  const [problem] = checkPolicySettings({ ...DEFAULT_POLICY, paths: [path] });
  if (problem === undefined) return path;
  if (problem.fix === undefined) {
    report.refused.push({
      code: 'PATH',
      text: source,
      resists: path,
      reason: problem.detail,
      instead: 'A plain path in lower case.',
    });
    return undefined;
  }
  const detail = `The policy is for ${problem.fix}; requests that write the path in another way are refused.`;
  tell(report, source, 'PATH_NARROWER', detail, { examples: [path] });
  return problem.fix;
}
