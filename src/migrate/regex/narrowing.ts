import { parsePattern } from '@origin-allowlist/client/core';
import { type Alternative, expandAlternatives, MAX_ALTERNATIVES, textOf } from './alternatives.js';
import { findDifference } from './difference.js';
import { languageIn, languageOf, ORIGINS } from './languages.js';
import { type NarrowingNote, notesOn } from './narrowing-notes.js';
import { LIST_THEM, type Regex, type Resistance, ResistanceError, resist } from './regex.js';
import { choice, type RegexNode, sequence } from './regex-node.js';
import { parseRegex } from './regex-parser.js';
import { type Recognised, recognise } from './template.js';

/** What became of a regular expression. */
export interface Narrowing {
  /** Canonical patterns, each once. */
  readonly patterns: readonly string[];
  /** Whatever the patterns let in and the expression did not, and the reverse. */
  readonly notes: readonly NarrowingNote[];
  /** What of it could not be said; empty when all of it could. */
  readonly refused: readonly Resistance[];
}

/**
 * Turns a regular expression into typed patterns. What is let in afterwards and was not before, or the reverse, is in the notes,
 * with an origin as an example: it is looked for by comparing the expression and the patterns as languages, not guessed.
 */
export function narrowRegex(regex: Regex): Narrowing {
  try {
    return narrow(regex, parseRegex(regex));
  } catch (error) {
    if (error instanceof ResistanceError) return { patterns: [], notes: [], refused: [error.resistance] };
    throw error;
  }
}

const NOTHING = choice([]);

function narrow(regex: Regex, node: RegexNode): Narrowing {
  const alternatives = expandAlternatives(node);
  if (alternatives === undefined) {
    const all = { start: 0, end: regex.source.length };
    return resist(regex.source, all, `It stands for more than ${MAX_ALTERNATIVES} texts.`);
  }
  const matched = choice(alternatives.map((alternative) => languageIn(regex, alternative)));
  if (findDifference(ORIGINS, matched).kind === 'none') return { patterns: ['*'], notes: [], refused: [] };
  // One that no origin matches adds nothing, whatever it looks like.
  const live = alternatives.filter(
    (alternative) =>
      // What an address may be is computed, so that none may be found among many.
      textOf(alternative.slots).includes('[') ||
      findDifference(languageIn(regex, alternative), NOTHING).kind !== 'none',
  );
  return live.length === 0 ? resistNothing(regex, alternatives) : conclude(regex, matched, live);
}

function conclude(regex: Regex, matched: RegexNode, alternatives: readonly Alternative[]): Narrowing {
  const recognised: Recognised[] = [];
  const accepted: RegexNode[] = [];
  const refused: Resistance[] = [];
  for (const alternative of alternatives) {
    try {
      recognised.push(recogniseNull(alternative) ?? recognise(regex, alternative, matched));
      accepted.push(languageIn(regex, alternative));
    } catch (error) {
      if (!(error instanceof ResistanceError)) throw error;
      const { resists, instead } = error.resistance;
      const isTold = refused.some((one) => one.resists === resists && one.instead === instead);
      if (!isTold) refused.push(error.resistance);
    }
  }
  const patterns = withoutCovered(recognised.map(({ pattern }) => pattern));
  const allowed = choice(
    patterns.map((text) => {
      const parsed = parsePattern(text);
      return parsed.ok ? languageOf(parsed.pattern) : NOTHING;
    }),
  );
  const notes =
    patterns.length === 0 ? [] : notesOn({ matched, accepted: choice(accepted), allowed, recognised });
  if (notes === undefined) {
    const span = { start: 0, end: regex.source.length };
    const reason = 'It is too large to be compared with the patterns that it would become.';
    return resist(regex.source, span, reason, `If these say what is meant: ${patterns.join(' and ')}`);
  }
  return { patterns, notes, refused };
}

/** `^null$`, the origin that opaque pages send. */
function recogniseNull({ slots, startsAt, endsAt }: Alternative): Recognised | undefined {
  if (textOf(slots) !== 'null' || !startsAt || !endsAt) return undefined;
  const meant = sequence(slots.map((slot) => slot.meant));
  return { pattern: 'null', meant, withoutDot: undefined, isAnyScheme: false, isOpen: false };
}

/** Each once, and none beside the same with any port. */
function withoutCovered(patterns: readonly string[]): readonly string[] {
  const all = new Set(patterns);
  return [...all].filter((pattern) => {
    const withoutPort = pattern.replace(/:[0-9]+$/, '');
    return pattern.endsWith(':*') || !all.has(`${withoutPort}:*`);
  });
}

function resistNothing(regex: Regex, alternatives: readonly Alternative[]): never {
  const text = textOf(alternatives[0]?.slots ?? []);
  const parsed = parsePattern(text.includes('*') ? '' : text);
  const fix = parsed.ok ? parsed.pattern.text : parsed.problems[0]?.fix;
  const reason =
    'No origin that a browser sends matches it: scheme://host[:port] in lower case, without the default port or a path.';
  const span = { start: 0, end: regex.source.length };
  return resist(regex.source, span, reason, fix ?? LIST_THEM);
}
