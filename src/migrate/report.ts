import type { Value } from './literal/value.js';

/** Codes of what a conversion has to tell, beside those of the linter. Stable. */
export type MigrationCode =
  /** The old configuration let in more, or less, than the new one. */
  | 'WIDER'
  | 'NARROWER'
  | 'OPEN_END'
  | 'OPEN_START'
  | 'UNESCAPED_DOT'
  | 'ANY_SCHEME'
  | 'STATEFUL_REGEX'
  | 'PATH_WIDER'
  | 'PATH_NARROWER'
  | 'SAFELISTED_METHOD'
  | 'STACKED_LAYERS'
  /** The same to browsers, said otherwise. */
  | 'ECHO_TO_ANY'
  | 'CREDENTIALS_OFF'
  | 'MAX_AGE_BOUNDED'
  | 'CORS_OFF'
  /** What had no effect before is left out. */
  | 'NEVER_WORKED'
  | 'UNKNOWN_OPTION'
  /** A setting without a counterpart. */
  | 'NOT_CARRIED'
  /** What the source did not say. */
  | 'LIBRARY_GUESSED'
  | 'METHODS_UNKNOWN';

/** One thing to know about a conversion. */
export interface MigrationFinding {
  /** The option, pattern or policy setting it is about. */
  readonly subject: string;
  /** One of {@link MigrationCode}, or of the linter's. */
  readonly code: string;
  /** `reject`: the service refuses it as it is. */
  readonly severity: 'ok' | 'warn' | 'reject';
  /** One sentence for a person. */
  readonly detail: string;
  readonly examples?: readonly string[];
  /** What to write instead. */
  readonly fix?: string;
}

/** Why something was not converted. Stable. */
export type RefusalCode =
  /** Known only when the program runs. */
  | 'COMPUTED'
  /** `null`, `undefined`, `None` and `false` where an origin belongs. */
  | 'SAYS_NOTHING'
  /** A number or an object, say, where a text belongs. */
  | 'WRONG_KIND'
  /** It let nobody in, and what was probably meant would let somebody in. */
  | 'NEVER_WORKED'
  /** A regular expression that names and patterns cannot say. */
  | 'EXPRESSION'
  | 'EVERYBODY_WITH_CREDENTIALS'
  | 'NULL_WITH_CREDENTIALS'
  /** A path that no policy can have, or that another policy has. */
  | 'PATH'
  /** What the library does and a policy does not. */
  | 'NO_COUNTERPART';

/** What was not converted. */
export interface Refusal {
  readonly code: RefusalCode;
  /** The value, as the configuration writes it. */
  readonly text: string;
  /** The part of it that resists. */
  readonly resists: string;
  readonly reason: string;
  /** What to write instead. */
  readonly instead: string;
}

/** What a conversion has found so far. Its parts only add. */
export interface Report {
  readonly findings: MigrationFinding[];
  readonly refused: Refusal[];
}

/** Adds a finding; `severity` is `warn` unless nothing changes for anybody. */
export function tell(
  report: Report,
  subject: string,
  code: MigrationCode,
  detail: string,
  more: Partial<Pick<MigrationFinding, 'severity' | 'examples' | 'fix'>> = {},
): void {
  report.findings.push({ subject, code, severity: 'warn', detail, ...more });
}

/** Adds a refusal of a whole value. */
export function refuse(
  report: Report,
  { source }: Pick<Value, 'source'>,
  code: RefusalCode,
  reason: string,
  instead: string,
): void {
  report.refused.push({ code, text: source, resists: source, reason, instead });
}
