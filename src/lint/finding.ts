import type { PatternProblem } from '@origin-allowlist/client/core';
import { type FindingCode, type HintCode, RISK_SEVERITIES, type RiskCode } from './finding-code.js';

/** `syntax`: not a pattern, never accepted · `risk`: lets in more than is safe or meant · `hint`: fine, may surprise. */
export type FindingClass = 'syntax' | 'risk' | 'hint';

/** What a finding means for a write: only `reject` blocks it. */
export type Severity = 'ok' | 'warn' | 'reject';

/** One result of the linter. */
export interface Finding {
  readonly code: FindingCode;
  readonly class: FindingClass;
  readonly severity: Severity;
  /** The part of the pattern that offends. */
  readonly text: string;
  /** One sentence for a person. */
  readonly detail: string;
  /** Origins the pattern lets in that someone else could own; absent when there is none to name. */
  readonly examples?: readonly string[];
  /** A canonical pattern to write instead; absent where that would be a guess, or would be refused itself. */
  readonly fix?: string;
  /** The public suffix list the finding rests on. */
  readonly publicSuffixListVersion?: string;
  /** `true` when the entry names the code in its `acceptedRisks`; a `reject` is then a `warn`. */
  readonly accepted?: true;
}

/** What a rule says beside the code, which carries class and severity. */
export type FindingBody = Pick<Finding, 'text' | 'detail' | 'examples' | 'fix' | 'publicSuffixListVersion'>;

/** The finding for a problem that makes a text no pattern. */
export function syntaxFinding({ code, text, detail, fix }: PatternProblem): Finding {
  return { code, class: 'syntax', severity: 'reject', text, detail, ...(fix !== undefined && { fix }) };
}

/** The finding for a risk, with the severity its code has. */
export function riskFinding(code: RiskCode, body: FindingBody): Finding {
  return { code, class: 'risk', severity: RISK_SEVERITIES[code], ...body };
}

/** The finding for a hint. */
export function hintFinding(code: HintCode, body: FindingBody): Finding {
  return { code, class: 'hint', severity: 'ok', ...body };
}

/** The strongest severity among findings; `ok` when there are none. */
export function verdictOf(findings: readonly Pick<Finding, 'severity'>[]): Severity {
  if (blocks(findings)) return 'reject';
  return findings.some(({ severity }) => severity === 'warn') ? 'warn' : 'ok';
}

/** Whether a write with these findings is refused. */
export function blocks(findings: readonly Pick<Finding, 'severity'>[]): boolean {
  return findings.some(({ severity }) => severity === 'reject');
}

/** The same findings, strongest first; equals keep the order in which the rules ran. */
export function strongestFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => STRENGTH[b.severity] - STRENGTH[a.severity]);
}

const STRENGTH: Readonly<Record<Severity, number>> = { ok: 0, warn: 1, reject: 2 };
