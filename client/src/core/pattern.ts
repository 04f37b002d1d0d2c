import { type HostKind, parseOrigin } from './origin.js';
import type { PatternProblem } from './pattern-problem.js';

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

export function parsePattern(text: string): PatternResult {
  if (text === '*') return { ok: true, pattern: { kind: 'any', text, anyPort: false } };
  if (text === 'null') return { ok: true, pattern: { kind: 'null', text, anyPort: false } };
  const origin = parseOrigin(text);
  if (origin === undefined)
    return { ok: false, problems: [{ code: 'BAD_HOST', text, detail: 'not an origin' }] };
  return { ok: true, pattern: { kind: 'exact', anyPort: false, ...origin } };
}
