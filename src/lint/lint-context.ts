import type { AffixPattern, ExactPattern, SubdomainsPattern } from '@origin-allowlist/client/core';
import type { ExistingPatterns } from './existing-patterns.js';

/** What a tenant is run for; only the linter looks at it. */
export type Environment = 'production' | 'staging' | 'development';

/** A risk an admin has decided to take. */
export interface AcceptedRisk {
  /** The code of the finding. One that cannot be accepted changes nothing. */
  readonly code: string;
  readonly note: string;
}

/** What a pattern is judged by. */
export interface LintContext {
  /** Whether any policy the entry applies to has credentials. */
  readonly credentials: boolean;
  readonly environment: Environment;
  /** Names of the policies the entry applies to; absent or empty = all. Decides whose entries make it redundant. */
  readonly policies?: readonly string[];
  /** The list it is for; absent = not known, and nothing is said about duplicates, cover and the apex. */
  readonly existing?: ExistingPatterns;
  /** Whether `existing` holds the entry itself, so that its own text there is no duplicate. Default `false`. */
  readonly isListed?: boolean;
  readonly acceptedRisks?: readonly AcceptedRisk[];
}

/** A pattern with a scheme and a host: every kind but `*` and `null`. */
export type HostPattern = ExactPattern | SubdomainsPattern | AffixPattern;

/** What such a pattern says of the host, without scheme and port. */
export type HostForm =
  | Pick<ExactPattern, 'kind' | 'host' | 'hostKind'>
  | Pick<SubdomainsPattern, 'kind' | 'host'>
  | Pick<AffixPattern, 'kind' | 'host' | 'prefix' | 'suffix'>;
