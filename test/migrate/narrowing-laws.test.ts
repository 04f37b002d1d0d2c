import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandAlternatives } from '../../src/migrate/regex/alternatives.js';
import { languageIn } from '../../src/migrate/regex/languages.js';
import { narrowRegex } from '../../src/migrate/regex/narrowing.js';
import { recognizerOf, recognizes } from '../../src/migrate/regex/recognizer.js';
import type { Regex } from '../../src/migrate/regex/regex.js';
import { choice } from '../../src/migrate/regex/regex-node.js';
import { parseRegex } from '../../src/migrate/regex/regex-parser.js';
import { anyRegexSource, originText, regexSource } from './generated-regexes.js';
import { allowedBy, matches } from './regex-laws.js';

const LOSING = ['NARROWER', 'OPEN_END', 'OPEN_START', 'UNESCAPED_DOT', 'ANY_SCHEME'];
const dialects = fc.constantFrom<Regex['dialect']>('javascript', 'python');

/** A law takes two seconds; more while other tests run beside it. */
const LIMIT_MS = 30_000;

describe('given any regular expression', () => {
  it(
    'reads it as the platform does, over the characters of origins',
    () => {
      const text = fc.string({
        unit: fc.constantFrom('a', 'b', 'c', '0', '-', '.', ':', '/', '_'),
        maxLength: 6,
      });
      fc.assert(
        fc.property(
          anyRegexSource,
          fc.boolean(),
          fc.array(text, { maxLength: 12 }),
          (source, ignoresCase, texts) => {
            const regex: Regex = {
              source: `^(?:${source})$`,
              flags: ignoresCase ? 'i' : '',
              dialect: 'javascript',
            };
            const alternatives = expandAlternatives(parseRegex(regex));
            fc.pre(alternatives !== undefined);
            const read = choice(alternatives.map((alternative) => languageIn(regex, alternative)));
            fc.pre(recognizerOf(read) !== undefined);
            for (const one of texts) {
              expect({ source, text: one, read: recognizes(read, one) }).toEqual({
                source,
                text: one,
                read: matches(regex, one),
              });
            }
          },
        ),
        { numRuns: 300 },
      );
    },
    LIMIT_MS,
  );

  it(
    'lets nobody in whom it did not, nor the reverse, without saying so',
    () => {
      fc.assert(
        fc.property(
          regexSource,
          dialects,
          fc.array(originText, { minLength: 10, maxLength: 30 }),
          (source, dialect, origins) => {
            const regex: Regex = { source, flags: '', dialect };
            const { patterns, notes, refused } = narrowRegex(regex);
            const isAllowed = allowedBy(patterns);
            const codes: readonly string[] = notes.map(({ code }) => code);
            for (const origin of origins) {
              const [before, after] = [matches(regex, origin), isAllowed(origin)];
              if (after && !before)
                expect([source, origin, codes]).toEqual([source, origin, expect.arrayContaining(['WIDER'])]);
              if (before && !after && refused.length === 0) {
                expect([source, origin, LOSING.some((code) => codes.includes(code))]).toEqual([
                  source,
                  origin,
                  true,
                ]);
              }
            }
          },
        ),
        { numRuns: 120 },
      );
    },
    LIMIT_MS,
  );

  it(
    'shows examples that are so: let in before and not now, for WIDER the reverse',
    () => {
      fc.assert(
        fc.property(regexSource, dialects, (source, dialect) => {
          const regex: Regex = { source, flags: '', dialect };
          const { patterns, notes } = narrowRegex(regex);
          const isAllowed = allowedBy(patterns);
          for (const { code, examples } of notes) {
            for (const origin of examples) {
              const was = {
                source,
                code,
                origin,
                before: matches(regex, origin),
                after: isAllowed(origin),
              };
              const isWider = code === 'WIDER';
              expect(was).toEqual({ source, code, origin, before: !isWider, after: isWider });
            }
          }
        }),
        { numRuns: 60 },
      );
    },
    LIMIT_MS,
  );

  it(
    'refuses with a part of the expression, and never narrows to nothing in silence',
    () => {
      fc.assert(
        fc.property(regexSource, dialects, (source, dialect) => {
          const { patterns, refused } = narrowRegex({ source, flags: '', dialect });
          expect(patterns.length + refused.length).toBeGreaterThan(0);
          for (const { resists } of refused) expect(source).toContain(resists);
        }),
        { numRuns: 60 },
      );
    },
    LIMIT_MS,
  );
});
