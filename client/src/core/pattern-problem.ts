/** The syntax-class codes of the linter: a text with one of these is never accepted as a pattern. */
export type PatternProblemCode =
  | 'EMPTY'
  | 'WHITESPACE'
  | 'CONTROL_CHAR'
  | 'QUOTED'
  | 'MULTIPLE'
  | 'NON_ASCII'
  | 'UPPERCASE'
  | 'NO_SCHEME'
  | 'BAD_SCHEME'
  | 'SCHEME_TOO_LONG'
  | 'BAD_SCHEME_SEPARATOR'
  | 'WILDCARD_SCHEME'
  | 'FILE_SCHEME'
  | 'OPAQUE_SCHEME'
  | 'WEBSOCKET_SCHEME'
  | 'HAS_USERINFO'
  | 'HAS_PATH'
  | 'HAS_QUERY'
  | 'HAS_FRAGMENT'
  | 'EMPTY_HOST'
  | 'BAD_HOST'
  | 'BAD_HOST_CHAR'
  | 'EMPTY_LABEL'
  | 'LABEL_TOO_LONG'
  | 'HOST_TOO_LONG'
  | 'BAD_PUNYCODE'
  | 'NUMERIC_LAST_LABEL'
  | 'IP_INVALID'
  | 'IP_NOT_CANONICAL'
  | 'IP_MAPPED'
  | 'IP_ZONE'
  | 'PORT_EMPTY'
  | 'PORT_INVALID'
  | 'PORT_LEADING_ZERO'
  | 'PORT_RANGE'
  | 'DEFAULT_PORT'
  | 'BAD_WILDCARD'
  | 'WILDCARD_HOST'
  | 'WILDCARD_IP'
  | 'REGEX_LIKE';

/** One thing wrong with a pattern's text. */
export interface PatternProblem {
  readonly code: PatternProblemCode;
  /** The part of the input that offends, as it was given; long parts are cut. */
  readonly text: string;
  /** One sentence for a person. */
  readonly detail: string;
  /** A pattern that parses and means what was evidently meant; absent when that would be a guess. */
  readonly fix?: string;
}

/** What has been found wrong with a text so far. */
export interface Diagnosis {
  readonly problems: PatternProblem[];
  /** Whether the stages could repair all of it without guessing. */
  isRepairable: boolean;
  /** What was evidently meant, told by one stage alone; offered when it turns out to be a pattern. */
  suggestion: string | undefined;
}

/** A diagnosis of a text in which nothing is wrong yet. */
export function createDiagnosis(): Diagnosis {
  return { problems: [], isRepairable: true, suggestion: undefined };
}

/** Characters of offending text that are shown to the admin. */
const MAX_OFFENDING_TEXT = 80;

/** Notes a problem whose repair is known: the stage that notes it goes on with the repaired text. */
export function noteRepaired(
  diagnosis: Diagnosis,
  code: PatternProblemCode,
  text: string,
  detail: string,
): void {
  const shown = text.length > MAX_OFFENDING_TEXT ? `${text.slice(0, MAX_OFFENDING_TEXT)}…` : text;
  diagnosis.problems.push({ code, text: shown, detail });
}

/** Notes a problem that only the admin can repair. */
export function note(diagnosis: Diagnosis, code: PatternProblemCode, text: string, detail: string): void {
  noteRepaired(diagnosis, code, text, detail);
  diagnosis.isRepairable = false;
}
