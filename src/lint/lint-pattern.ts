import { type Pattern, parsePattern } from '@origin-allowlist/client/core';
import { everyoneFindings } from './everyone-findings.js';
import { blocks, type Finding, strongestFirst, syntaxFinding } from './finding.js';
import { isAcceptable } from './finding-code.js';
import { hostFindings } from './host-findings.js';
import type { HostPattern, LintContext } from './lint-context.js';
import { listFindings } from './list-findings.js';
import { providerFindings } from './provider-findings.js';
import { schemeFindings } from './scheme-findings.js';
import { suffixFindings } from './suffix-findings.js';

/**
 * Everything to say about a pattern before it is stored: what makes it none, what it lets in that was hardly meant, and what may
 * surprise. Total on any text; costs the same whatever the size of `context.existing`.
 *
 * @returns findings, strongest first, in an order that does not change between calls; empty when there is nothing to say. Hand
 *   them to {@link blocks} to learn whether the write is refused.
 */
export function lintPattern(text: string, context: LintContext): readonly Finding[] {
  return strongestFirst(judge(text, context)).map((finding) => withSafeFix(finding, context));
}

function judge(text: string, context: LintContext): readonly Finding[] {
  const parsed = parsePattern(text);
  if (parsed.ok) return risksOf(parsed.pattern, context).map((finding) => withAcceptance(finding, context));
  const repaired = parsed.problems.find(({ fix }) => fix !== undefined)?.fix;
  // What there is to say of the pattern that was meant is said at once, not when the admin comes back with the fix.
  const further = repaired === undefined ? [] : judge(repaired, { ...context, isListed: false });
  return [...parsed.problems.map(syntaxFinding), ...further];
}

function risksOf(pattern: Pattern, context: LintContext): readonly Finding[] {
  switch (pattern.kind) {
    case 'any':
    case 'null':
      return [...everyoneFindings(pattern, context), ...listFindings(pattern, context)];
    case 'exact':
    case 'subdomains':
    case 'affix':
      return [...PATTERN_RULES.flatMap((rule) => rule(pattern, context)), ...listFindings(pattern, context)];
  }
}

/** In the order findings of one severity are shown. */
const PATTERN_RULES: readonly ((pattern: HostPattern, context: LintContext) => readonly Finding[])[] = [
  schemeFindings,
  suffixFindings,
  hostFindings,
  providerFindings,
];

function withAcceptance(finding: Finding, { acceptedRisks = [] }: LintContext): Finding {
  const isNamed = acceptedRisks.some(({ code }) => code === finding.code);
  return isNamed && isAcceptable(finding.code) ? { ...finding, severity: 'warn', accepted: true } : finding;
}

/** A fix that would be refused in its turn is none. */
function withSafeFix(finding: Finding, context: LintContext): Finding {
  const { fix, ...rest } = finding;
  if (fix === undefined) return finding;
  // Beside a list nothing is refused, so the list need not be asked again for each fix.
  const { existing: _existing, ...alone } = context;
  return blocks(judge(fix, alone)) ? rest : finding;
}
