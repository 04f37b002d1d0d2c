import { exampleOrigins } from './example-origin.js';
import { type Finding, riskFinding } from './finding.js';
import { addressKind, hostText, isLoopback, isSingleLabel, isWebScheme, withoutTrailingDot } from './host.js';
import type { HostPattern, LintContext } from './lint-context.js';
import { isPublicName, type PrivateNameKind, privateNameKind } from './private-name.js';

/** What there is to say of the host and port of a web origin. The host of another scheme is an id, not a name of the DNS. */
export function hostFindings(pattern: HostPattern, context: LintContext): readonly Finding[] {
  if (!isWebScheme(pattern.scheme)) return [];
  return [
    ...loopbackFindings(pattern, context),
    ...addressFindings(pattern),
    ...singleLabelFindings(pattern),
    ...anyPortFindings(pattern),
    ...spellingFindings(pattern),
  ];
}

function loopbackFindings(pattern: HostPattern, { environment }: LintContext): readonly Finding[] {
  if (environment !== 'production' || !isLoopback(pattern)) return [];
  const detail = 'Any program on a user’s machine can serve this origin; keep it to tenants for development.';
  return [
    riskFinding('LOOPBACK_IN_PRODUCTION', {
      text: hostText(pattern),
      detail,
      examples: exampleOrigins(pattern, 3000),
    }),
  ];
}

function addressFindings(pattern: HostPattern): readonly Finding[] {
  const text = pattern.host;
  const examples = exampleOrigins(pattern);
  const nameKind = privateNameKind(pattern.host);
  // Of a name without a dot the finding for those says the same.
  if (nameKind !== undefined && !isSingleLabel(pattern)) {
    return [riskFinding('PRIVATE_ADDRESS', { text, detail: PRIVATE_NAMES[nameKind], examples })];
  }
  switch (addressKind(pattern)) {
    case 'private': {
      const detail = 'This address is another machine on each network a user may be on.';
      return [riskFinding('PRIVATE_ADDRESS', { text, detail, examples })];
    }
    case 'public': {
      const detail = 'An address changes hands without a trace, and few have certificates; a name is safer.';
      return [riskFinding('IP_LITERAL', { text, detail, examples })];
    }
    case 'loopback':
    case undefined:
      return [];
  }
}

const PRIVATE_NAMES: Readonly<Record<PrivateNameKind, string>> = {
  special: 'Each network gives out such names itself: this is another machine on each that a user may be on.',
  pointing: 'Such names lead to the user’s own machine, or to whatever address is written in them.',
};

function singleLabelFindings(pattern: HostPattern): readonly Finding[] {
  if (!isSingleLabel(pattern)) return [];
  const detail = 'A name without a dot is another machine on each network a user may be on.';
  return [
    riskFinding('SINGLE_LABEL_HOST', { text: pattern.host, detail, examples: exampleOrigins(pattern) }),
  ];
}

function anyPortFindings(pattern: HostPattern): readonly Finding[] {
  const isPublic = addressKind(pattern) === 'public' || isPublicName(pattern);
  if (!pattern.anyPort || !isPublic) return [];
  return [
    riskFinding('WILDCARD_PORT_PUBLIC_HOST', {
      text: ':*',
      detail: 'Whatever answers on any port of the host is let in, not only the web site.',
      examples: exampleOrigins(pattern, 8443),
      fix: pattern.text.slice(0, -':*'.length),
    }),
  ];
}

/** Spellings that browsers send and that are almost never meant. */
function spellingFindings(pattern: HostPattern): readonly Finding[] {
  if (addressKind(pattern) !== undefined) return [];
  const findings: Finding[] = [];
  const { host } = pattern;
  if (host.endsWith('.')) {
    const detail = 'With a dot at the end this is another origin than without, and pages rarely have it.';
    const fix = pattern.text.replace(host, withoutTrailingDot(host));
    findings.push(riskFinding('TRAILING_DOT', { text: host, detail, fix }));
  }
  const labels = hostText(pattern).split('.');
  const underscored = labels.find((label) => label.includes('_'));
  if (underscored !== undefined) {
    const detail = 'Host names have no underscore (RFC 952); some software refuses them.';
    findings.push(riskFinding('UNDERSCORE_HOST', { text: underscored, detail }));
  }
  const edged = labels.find((label) => label.startsWith('-') || label.endsWith('-'));
  if (edged !== undefined) {
    const detail =
      'Labels neither begin nor end with a hyphen (RFC 1123 §2.1); registries give out no such name.';
    findings.push(riskFinding('HYPHEN_EDGE', { text: edged, detail }));
  }
  return findings;
}
