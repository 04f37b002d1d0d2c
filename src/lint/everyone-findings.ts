import type { AnyPattern, NullPattern } from '@origin-allowlist/client/core';
import { type Finding, riskFinding } from './finding.js';
import type { LintContext } from './lint-context.js';

/** What there is to say of `*` and `null`, the two entries that name nobody. */
export function everyoneFindings(
  pattern: AnyPattern | NullPattern,
  { credentials }: LintContext,
): readonly Finding[] {
  const { text } = pattern;
  switch (pattern.kind) {
    case 'any':
      return [
        credentials
          ? riskFinding('ANY_ORIGIN_WITH_CREDENTIALS', {
              text,
              detail:
                'Browsers refuse * together with credentials; list the origins, or limit * to a policy without credentials.',
              examples: ['https://evil.example'],
            })
          : riskFinding('ANY_ORIGIN', {
              text,
              detail: 'Any page on the web may read the answers.',
              examples: ['https://evil.example'],
            }),
      ];
    case 'null':
      return [
        credentials
          ? riskFinding('NULL_ORIGIN_WITH_CREDENTIALS', {
              text,
              detail:
                'Any page can have the origin null, by a sandboxed frame, and would act as the signed-in user.',
              examples: ['null'],
            })
          : riskFinding('NULL_ORIGIN', {
              text,
              detail:
                'Any page can have the origin null, by a sandboxed frame; * says the same more plainly.',
              examples: ['null'],
            }),
      ];
  }
}
