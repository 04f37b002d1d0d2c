import { parseOrigin, parsePattern } from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Narrowing, narrowRegex } from '../../src/migrate/regex/narrowing.js';
import type { Regex } from '../../src/migrate/regex/regex.js';
import { regexAndOrigins } from './near-regexes.js';
import { allowedBy, matches } from './regex-laws.js';

const dialects = fc.constantFrom<Regex['dialect']>('javascript', 'python');
/** A law takes some seconds; more while other tests run beside it. */
const LIMIT_MS = 60_000;

/** What may have followed a name or a port, when anything may. */
const FOLLOWING = ['.evil.example', 'evil', '1', ':8443'];
/** What goes on in the same way: more of a name, more of a port. */
const CONTINUATIONS = [
  ...'abcdefghijklmnopqrstuvwxyz0123456789-.',
  'xx',
  '00',
  'comm',
  '.com',
  ':1',
  ':8443',
];

/**
 * Origins that a lost one turns into when one told difference is taken back: what follows is cut off, what stands in front too, a
 * character is the dot that was meant, the scheme is another. For NARROWER one or more labels in front of the name go.
 */
const TAKEN_BACK: Readonly<Record<string, (origin: string) => readonly string[]>> = {
  OPEN_END: (origin) => [...origin].map((_char, index) => origin.slice(0, index)),
  OPEN_START: (origin) => [...origin].map((_char, index) => origin.slice(index)),
  UNESCAPED_DOT: (origin) =>
    [...origin].map((_char, index) => `${origin.slice(0, index)}.${origin.slice(index + 1)}`),
  ANY_SCHEME: (origin) => ['http', 'https'].map((scheme) => origin.replace(/^[^:]+/, scheme)),
  NARROWER: (origin) => {
    const [, scheme = '', host = ''] = /^([^:]+:\/\/)(.*)$/.exec(origin) ?? [];
    const labels = host.split('.');
    return labels.flatMap((_label, index) => {
      const parent = labels.slice(index + 1).join('.');
      return ['x', 'pr-x', 'pr-x-x'].map((label) => `${scheme}${label}.${parent}`);
    });
  },
};

/** Whether the notes, one after the other, say why an origin is lost. */
function isTold(origin: string, { notes }: Narrowing, isAllowed: (origin: string) => boolean): boolean {
  let reached = [origin];
  for (const code of ['OPEN_END', 'OPEN_START', 'UNESCAPED_DOT', 'ANY_SCHEME', 'NARROWER']) {
    if (notes.some((note) => note.code === code)) {
      reached = [...new Set([...reached, ...reached.flatMap((one) => TAKEN_BACK[code]?.(one) ?? [])])];
    }
    if (reached.some(isAllowed)) return true;
  }
  return false;
}

/** Patterns among words, whatever punctuation ends a sentence. */
function patternsIn(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word.includes('://') || word === '*');
}

describe('given a regular expression and origins near to it', () => {
  it(
    'lets in exactly what it matched, or tells of each difference by the note that is about it',
    () => {
      fc.assert(
        fc.property(regexAndOrigins, dialects, ({ source, origins }, dialect) => {
          const regex: Regex = { source, flags: '', dialect };
          const narrowing = narrowRegex(regex);
          const { patterns, notes, refused } = narrowing;
          const isAllowed = allowedBy(patterns);
          const codes: readonly string[] = notes.map(({ code }) => code);
          for (const origin of origins) {
            const [before, after] = [matches(regex, origin), isAllowed(origin)];
            if (after && !before)
              expect([source, origin, codes]).toEqual([source, origin, expect.arrayContaining(['WIDER'])]);
            if (!before || after || refused.length > 0) continue;
            expect([source, origin, patterns, isTold(origin, narrowing, isAllowed)]).toEqual([
              source,
              origin,
              patterns,
              true,
            ]);
          }
        }),
        { numRuns: 250 },
      );
    },
    LIMIT_MS,
  );

  it(
    'lists no origin in the middle of what the expression goes on with, unless anything may follow',
    () => {
      fc.assert(
        fc.property(regexAndOrigins, dialects, ({ source }, dialect) => {
          const regex: Regex = { source, flags: '', dialect };
          const { patterns, refused } = narrowRegex(regex);
          const isAllowed = allowedBy(patterns);
          const exact = patterns.filter((pattern) => parseOrigin(pattern) !== undefined);
          for (const origin of refused.length === 0 ? exact : []) {
            const goesOn = CONTINUATIONS.map((text) => origin + text).filter(
              (text) => parseOrigin(text) !== undefined && matches(regex, text) && !isAllowed(text),
            );
            const isAnything = FOLLOWING.map((text) => origin + text).every(
              (text) => parseOrigin(text) === undefined || matches(regex, text),
            );
            expect([source, patterns, isAnything ? [] : goesOn]).toEqual([source, patterns, []]);
          }
        }),
        { numRuns: 250 },
      );
    },
    LIMIT_MS,
  );

  it(
    'suggests patterns, and shows origins that are let in',
    () => {
      fc.assert(
        fc.property(regexAndOrigins, dialects, ({ source }, dialect) => {
          const regex: Regex = { source, flags: '', dialect };
          for (const { instead, reason } of narrowRegex(regex).refused) {
            for (const pattern of patternsIn(instead)) {
              expect([source, instead, parsePattern(pattern).ok]).toEqual([source, instead, true]);
            }
            const [, shown] = / (\S+) is let in/.exec(reason) ?? [];
            if (shown === undefined) continue;
            const isOrigin = parseOrigin(shown) !== undefined;
            expect([source, reason, isOrigin, matches(regex, shown)]).toEqual([source, reason, true, true]);
          }
        }),
        { numRuns: 250 },
      );
    },
    LIMIT_MS,
  );
});
