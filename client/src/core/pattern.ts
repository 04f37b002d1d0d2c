import type { HostKind } from './origin.js';
import { checkAuthority } from './pattern-authority.js';
import { checkHost, type HostForm } from './pattern-host.js';
import { checkPort, type PortForm } from './pattern-port.js';
import { createDiagnosis, type Diagnosis, type PatternProblem } from './pattern-problem.js';
import { checkScheme } from './pattern-scheme.js';
import { checkText } from './pattern-text.js';

/** What an entry lets in; the name of the form its pattern has. */
export type PatternKind = 'exact' | 'subdomains' | 'affix' | 'any' | 'null';

interface HostPattern {
  /** The canonical text: two patterns mean the same exactly when their texts are equal. */
  readonly text: string;
  readonly scheme: string;
  /** `undefined` for the scheme's default, and when `anyPort` is set. */
  readonly port: number | undefined;
  /** `:*`: every port, the scheme's default included. */
  readonly anyPort: boolean;
}

/** `https://app.example.com[:port]`: this host and no other. */
export interface ExactPattern extends HostPattern {
  readonly kind: 'exact';
  readonly host: string;
  readonly hostKind: HostKind;
}

/** `https://*.example.com[:port]`: one or more labels below `host`, never `host` itself. */
export interface SubdomainsPattern extends HostPattern {
  readonly kind: 'subdomains';
  readonly host: string;
}

/** `https://pr-*-shop.example.com[:port]`: one label below `host` that begins and ends with the given texts. */
export interface AffixPattern extends HostPattern {
  readonly kind: 'affix';
  readonly host: string;
  readonly prefix: string;
  readonly suffix: string;
}

/** `*`: any origin, without credentials. */
export interface AnyPattern {
  readonly kind: 'any';
  readonly text: '*';
  readonly anyPort: false;
}

/** `null`: every opaque origin (sandboxed frames, `data:` pages, local files), without credentials. */
export interface NullPattern {
  readonly kind: 'null';
  readonly text: 'null';
  readonly anyPort: false;
}

/** An admin's text for one or more origins, understood. */
export type Pattern = ExactPattern | SubdomainsPattern | AffixPattern | AnyPattern | NullPattern;

/** A pattern, or everything that is wrong with the text. */
export type PatternResult =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly problems: readonly PatternProblem[] };

/**
 * Reads an admin's text as a pattern. Strict: what is not canonical is refused with the canonical text as the fix, so that a
 * pattern is stored in one way only and what is shown is what matches. Every problem is told at once.
 *
 * Says nothing about what a well-formed pattern lets in: that is the linter's part.
 */
export function parsePattern(text: string): PatternResult {
  const { pattern, diagnosis } = readPattern(text);
  if (pattern !== undefined && diagnosis.problems.length === 0) return { ok: true, pattern };
  const fix = findFix(pattern, diagnosis);
  if (fix === undefined) return { ok: false, problems: diagnosis.problems };
  return { ok: false, problems: diagnosis.problems.map((problem) => ({ ...problem, fix })) };
}

interface Reading {
  /** The text as repaired where it had to be; `undefined` when that was not possible. */
  readonly pattern: Pattern | undefined;
  readonly diagnosis: Diagnosis;
}

const ANY: AnyPattern = { kind: 'any', text: '*', anyPort: false };
const NULL: NullPattern = { kind: 'null', text: 'null', anyPort: false };

function readPattern(text: string): Reading {
  const diagnosis = createDiagnosis();
  if (text === '*') return { pattern: ANY, diagnosis };
  if (text === 'null') return { pattern: NULL, diagnosis };
  const core = checkText(text, diagnosis);
  const split = core === undefined ? undefined : checkScheme(core, diagnosis);
  if (split === undefined) return { pattern: undefined, diagnosis };
  const authority = checkAuthority(split.rest, diagnosis);
  const host = checkHost(authority.host, split.scheme, diagnosis);
  const port = checkPort(authority.port, split.scheme, diagnosis);
  if (host === undefined || split.scheme === undefined) return { pattern: undefined, diagnosis };
  return { pattern: buildPattern(split.scheme, host, port), diagnosis };
}

function buildPattern(scheme: string, form: HostForm, { port, anyPort }: PortForm): Pattern {
  const portText = anyPort ? ':*' : port === undefined ? '' : `:${port}`;
  const { host } = form;
  switch (form.kind) {
    case 'exact': {
      const text = `${scheme}://${host}${portText}`;
      return { kind: 'exact', text, scheme, host, hostKind: form.hostKind, port, anyPort };
    }
    case 'subdomains': {
      const text = `${scheme}://*.${host}${portText}`;
      return { kind: 'subdomains', text, scheme, host, port, anyPort };
    }
    case 'affix': {
      const { prefix, suffix } = form;
      const text = `${scheme}://${prefix}*${suffix}.${host}${portText}`;
      return { kind: 'affix', text, scheme, host, prefix, suffix, port, anyPort };
    }
  }
}

/** A text to offer instead: only one that is a pattern itself. */
function findFix(pattern: Pattern | undefined, diagnosis: Diagnosis): string | undefined {
  if (diagnosis.suggestion === undefined) return diagnosis.isRepairable ? canonicalText(pattern) : undefined;
  const suggested = readPattern(diagnosis.suggestion);
  return suggested.diagnosis.isRepairable ? canonicalText(suggested.pattern) : undefined;
}

function canonicalText(pattern: Pattern | undefined): string | undefined {
  if (pattern === undefined) return undefined;
  return readPattern(pattern.text).diagnosis.problems.length === 0 ? pattern.text : undefined;
}
