import { existingOf } from '../../src/lint/existing-patterns.js';
import { verdictOf } from '../../src/lint/finding.js';
import type { LintContext } from '../../src/lint/lint-context.js';
import { lintPattern } from '../../src/lint/lint-pattern.js';
import type { Mismatch } from './decision-case.js';

/** A row of `lint.json`; the README beside it says what each field means. */
export interface LintCase {
  readonly id: string;
  readonly pattern: string;
  readonly context: Pick<LintContext, 'credentials' | 'environment'> & {
    readonly existing?: readonly string[];
  };
  readonly verdict: 'ok' | 'warn' | 'reject';
  /** Among the codes of the findings; `OK` when there is none, hints aside. */
  readonly code: string;
  readonly fix?: string | readonly string[];
}

/** Runs a case on the linter and compares; empty when it passes. */
export function checkLintCase(lintCase: LintCase): readonly Mismatch[] {
  const findings = lint(lintCase);
  const codes = findings.filter((finding) => finding.class !== 'hint').map(({ code }) => code);
  const mismatches: Mismatch[] = [];
  const verdict = verdictOf(findings);
  if (verdict !== lintCase.verdict)
    mismatches.push({ what: 'verdict', expected: lintCase.verdict, actual: verdict });
  const names = codes.length === 0 ? ['OK'] : codes;
  if (!names.some((name) => name === lintCase.code)) {
    mismatches.push({ what: 'code', expected: lintCase.code, actual: names });
  }
  return mismatches;
}

/** How the fix of a case differs from what the linter offers, which fails no case; `undefined` when it does not. */
export function differingFix(lintCase: LintCase): Mismatch | undefined {
  const { fix } = lintCase;
  if (fix === undefined) return undefined;
  const offered = lint(lintCase).flatMap((finding) => finding.fix ?? []);
  return [fix].flat().every((text) => offered.includes(text))
    ? undefined
    : { what: 'fix', expected: fix, actual: offered };
}

function lint({ pattern, context: { existing, ...context } }: LintCase): ReturnType<typeof lintPattern> {
  const entries = existing?.map((text) => ({ pattern: text }));
  return lintPattern(pattern, {
    ...context,
    ...(entries !== undefined && { existing: existingOf(entries, 0) }),
  });
}
