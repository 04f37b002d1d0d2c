import { type DecisionRequest, single } from './decision-request.js';
import { MAX_ORIGIN_LENGTH, parseOrigin } from './origin.js';
import { portText } from './origin-difference.js';
import { findOriginFault } from './origin-fault.js';
import { parsePattern } from './pattern.js';
import { shownText } from './shown-text.js';

/** What the `Origin` header of a request is. */
export type ExplainedOrigin =
  | { readonly kind: 'none' }
  /** More header lines than one, which no browser sends. */
  | { readonly kind: 'several'; readonly count: number }
  /** The opaque origin: sandboxed frames, `data:` pages, local files. */
  | { readonly kind: 'null' }
  | {
      readonly kind: 'tuple';
      readonly text: string;
      readonly scheme: string;
      readonly host: string;
      /** `null` = the scheme's default. */
      readonly port: number | null;
    }
  | {
      readonly kind: 'invalid';
      /** The header, everything but printable ASCII escaped, cut after 120 characters. */
      readonly text: string;
      /** Index, in UTF-16 units of the raw header from 0, of what no browser would have written. */
      readonly position: number;
      readonly detail: string;
      /** The origin that was evidently meant; `null` when that would be a guess. */
      readonly fix: string | null;
    };

/** Takes an `Origin` header apart. */
export function explainOrigin({ origin }: DecisionRequest): ExplainedOrigin {
  if (origin === undefined || origin.length === 0) {
    // The empty text is a header all the same.
    return origin === '' ? invalid('') : { kind: 'none' };
  }
  const text = single(origin);
  if (text === undefined) return { kind: 'several', count: origin.length };
  if (text === 'null') return { kind: 'null' };
  const parsed = parseOrigin(text);
  if (parsed === undefined) return invalid(text);
  const { scheme, host, port = null } = parsed;
  return { kind: 'tuple', text, scheme, host, port };
}

function invalid(text: string): ExplainedOrigin {
  const { position, detail } = findOriginFault(text) ?? { position: 0, detail: 'it is no origin' };
  return { kind: 'invalid', text: shownText(text), position, detail, fix: fixOf(text) };
}

function fixOf(text: string): string | null {
  const result = text.length > MAX_ORIGIN_LENGTH ? undefined : parsePattern(text);
  const fix = result === undefined || result.ok ? undefined : result.problems[0]?.fix;
  return fix !== undefined && parseOrigin(fix) !== undefined ? fix : null;
}

/** The same in a sentence. */
export function originSentence(origin: ExplainedOrigin): string {
  switch (origin.kind) {
    case 'none':
      return 'The request has no Origin header.';
    case 'several':
      return `The request has ${origin.count} Origin headers.`;
    case 'null':
      return 'The origin is null, which any page can make its own.';
    case 'tuple': {
      const { text, scheme, host, port } = origin;
      return `The origin is ${text}: scheme ${scheme}, host ${host}, port ${portText(port ?? undefined, scheme)}.`;
    }
    case 'invalid': {
      const { text, position, detail, fix } = origin;
      const meant = fix === null ? '' : ` A browser would send ${fix}.`;
      return `The Origin header is "${text}", wrong at position ${position}: ${detail}.${meant}`;
    }
  }
}
