import { type Pattern, parsePattern } from '@origin-allowlist/client/core';
import { findCovering } from './coverage.js';
import type { ExistingPatterns } from './existing-patterns.js';
import { type Finding, hintFinding, riskFinding } from './finding.js';
import type { LintContext } from './lint-context.js';
import { isPublicSuffix } from './public-suffix.js';

/** What there is to say of a pattern beside the list it is for. */
export function listFindings(pattern: Pattern, context: LintContext): readonly Finding[] {
  const { existing, isListed = false, policies = [] } = context;
  if (existing === undefined) return [];
  return [
    ...(isListed ? [] : duplicateFindings(pattern, existing)),
    ...redundantFindings(pattern, existing, policies),
    ...apexFindings(pattern, existing, policies),
  ];
}

function duplicateFindings(pattern: Pattern, existing: ExistingPatterns): readonly Finding[] {
  const entry = existing.find(pattern);
  if (entry === undefined) return [];
  const detail = entry.enabled
    ? 'The list has this entry already.'
    : 'The list has this entry already, disabled.';
  return [riskFinding('DUPLICATE', { text: pattern.text, detail })];
}

function redundantFindings(
  pattern: Pattern,
  existing: ExistingPatterns,
  policies: readonly string[],
): readonly Finding[] {
  const wider = findCovering(existing, pattern, policies);
  if (wider === undefined) return [];
  const until = wider.expiresAtMs === undefined ? '' : `, until ${new Date(wider.expiresAtMs).toISOString()}`;
  const detail = `The entry ${wider.pattern} lets in all of this already${until}.`;
  return [riskFinding('REDUNDANT', { text: pattern.text, detail })];
}

/** `*.example.com` reads to many as if it held `example.com`. */
function apexFindings(
  pattern: Pattern,
  existing: ExistingPatterns,
  policies: readonly string[],
): readonly Finding[] {
  // Nobody's page is at a public suffix.
  if (pattern.kind !== 'subdomains' || isPublicSuffix(pattern.host)) return [];
  const text = pattern.text.replace('*.', '');
  const apex = parsePattern(text);
  // An entry for it is there on purpose, whatever its state.
  if (
    !apex.ok ||
    existing.find(apex.pattern) !== undefined ||
    findCovering(existing, apex.pattern, policies) !== undefined
  ) {
    return [];
  }
  const detail = `This lets in what is below ${pattern.host}, not ${text} itself; add that too if it is meant.`;
  return [hintFinding('APEX_NOT_COVERED_HINT', { text: `*.${pattern.host}`, detail })];
}
