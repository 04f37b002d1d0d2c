import type { AffixPattern, ExactPattern, SubdomainsPattern } from '@origin-allowlist/client/core';
import { exampleOrigins } from './example-origin.js';
import { type Finding, riskFinding } from './finding.js';
import { hostText, isWebScheme, withoutTrailingDot } from './host.js';
import type { HostPattern, LintContext } from './lint-context.js';
import {
  isPublicSuffix,
  publicSuffixBelow,
  PUBLIC_SUFFIX_LIST_VERSION as publicSuffixListVersion,
  publicSuffixOf,
} from './public-suffix.js';

/** What there is to say of a pattern's place in the tree of names: above, at and below the suffixes where anyone can get a name. */
export function suffixFindings(pattern: HostPattern, context: LintContext): readonly Finding[] {
  switch (pattern.kind) {
    case 'exact':
      return sharedHostingFindings(pattern);
    case 'subdomains':
      return subdomainsFindings(pattern, context);
    case 'affix':
      return affixFindings(pattern, context);
  }
}

function subdomainsFindings(pattern: SubdomainsPattern, context: LintContext): readonly Finding[] {
  if (isPublicSuffix(pattern.host)) {
    return [publicSuffixFinding(pattern, context, `Anyone can get a name below ${pattern.host}.`)];
  }
  const below = publicSuffixBelow(pattern.host);
  if (below === undefined) return [];
  const detail = `Anyone can get a name below ${below}, which this lets in too.`;
  return [publicSuffixFinding({ ...pattern, host: below }, context, detail, hostText(pattern))];
}

/** @param reach the part of the pattern that anyone can get a name in. */
function publicSuffixFinding(
  reach: SubdomainsPattern,
  { credentials }: LintContext,
  detail: string,
  text = hostText(reach),
): Finding {
  const examples = exampleOrigins(reach);
  return riskFinding(credentials ? 'PUBLIC_SUFFIX_WITH_CREDENTIALS' : 'PUBLIC_SUFFIX', {
    text,
    detail,
    examples,
    publicSuffixListVersion,
  });
}

/** An affix wildcard stands for one label: it reaches no further down than the suffix it is at. */
function affixFindings(pattern: AffixPattern, { credentials }: LintContext): readonly Finding[] {
  if (!isPublicSuffix(pattern.host)) return [];
  return [
    riskFinding(credentials ? 'SHARED_SUFFIX_AFFIX_WITH_CREDENTIALS' : 'SHARED_SUFFIX_AFFIX', {
      text: hostText(pattern),
      detail: `Anyone can get a name of this form below ${pattern.host}.`,
      examples: exampleOrigins(pattern),
      publicSuffixListVersion,
    }),
  ];
}

function sharedHostingFindings(pattern: ExactPattern): readonly Finding[] {
  if (!isWebScheme(pattern.scheme) || pattern.hostKind !== 'name') return [];
  const suffix = publicSuffixOf(pattern.host);
  if (suffix?.isPrivate !== true || suffix.name === withoutTrailingDot(pattern.host)) return [];
  return [
    riskFinding('SHARED_HOSTING', {
      text: pattern.host,
      detail: `Names below ${suffix.name} are given to anyone; once this one is given up, its next owner is let in.`,
      examples: exampleOrigins(pattern),
      publicSuffixListVersion,
    }),
  ];
}
