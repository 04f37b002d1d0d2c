import type { PatternProblemCode } from '@origin-allowlist/client/core';

/** Codes of what a well-formed pattern should perhaps not let in. */
export type RiskCode = keyof typeof RISK_SEVERITIES;

/** Codes of what is fine as it is and may surprise. */
export type HintCode = 'APEX_NOT_COVERED_HINT';

/** Every code a pattern's finding may have. Stable: clients branch on it and `acceptedRisks` names it. */
export type FindingCode = PatternProblemCode | RiskCode | HintCode;

/** `reject` keeps an entry out until the admin accepts the risk by its code, with a note. */
export const RISK_SEVERITIES = {
  ANY_ORIGIN: 'warn',
  ANY_ORIGIN_WITH_CREDENTIALS: 'reject',
  NULL_ORIGIN: 'warn',
  NULL_ORIGIN_WITH_CREDENTIALS: 'reject',
  INSECURE_SCHEME: 'warn',
  INSECURE_WITH_CREDENTIALS: 'reject',
  PUBLIC_SUFFIX: 'warn',
  PUBLIC_SUFFIX_WITH_CREDENTIALS: 'reject',
  SHARED_SUFFIX_AFFIX: 'warn',
  SHARED_SUFFIX_AFFIX_WITH_CREDENTIALS: 'reject',
  LOOPBACK_IN_PRODUCTION: 'warn',
  WILDCARD_PORT_PUBLIC_HOST: 'warn',
  PRIVATE_ADDRESS: 'warn',
  SINGLE_LABEL_HOST: 'warn',
  IP_LITERAL: 'warn',
  SHARED_HOSTING: 'warn',
  USER_CONTENT_HOST: 'warn',
  EPHEMERAL_TUNNEL: 'warn',
  EXTENSION_ORIGIN: 'warn',
  APP_SCHEME: 'warn',
  UNUSUAL_SCHEME: 'warn',
  TRAILING_DOT: 'warn',
  UNDERSCORE_HOST: 'warn',
  HYPHEN_EDGE: 'warn',
  DUPLICATE: 'warn',
  REDUNDANT: 'warn',
} as const;

/**
 * Whether an admin can accept a finding with this code. Not `*` or `null` with credentials: no browser honours the first, and
 * the second hands a signed-in user's data to any page that opens a sandboxed frame.
 */
export function isAcceptable(code: string): code is RiskCode {
  return Object.hasOwn(RISK_SEVERITIES, code) && !NEVER_ACCEPTED.has(code);
}

const NEVER_ACCEPTED: ReadonlySet<string> = new Set<RiskCode>([
  'ANY_ORIGIN_WITH_CREDENTIALS',
  'NULL_ORIGIN_WITH_CREDENTIALS',
]);
