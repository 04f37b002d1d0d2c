import {
  AT_THE_BOUNDS,
  EXACT,
  HOSTILE_ORIGIN,
  MISS,
  PAST_THE_BOUNDS,
  PREFLIGHT,
  WILDCARD,
} from './decide-subjects.js';
import { medianRatio, type Timing } from './measure.js';
import { atLeast, atMost, type Bar } from './report.js';

const OURS = ['decide', 'middleware'];

/** What is promised of the figures. */
export function decideBars(timings: readonly Timing[]): readonly Bar[] {
  const timing = (subject: string, scenario: string, entries: number) =>
    timings.find(
      (each) => each.subject === subject && each.scenario === scenario && each.entries === entries,
    );
  const time = (...asked: Parameters<typeof timing>) => timing(...asked)?.nanoseconds ?? Number.NaN;
  const rounds = (...asked: Parameters<typeof timing>) => timing(...asked)?.rounds ?? [];
  const alone = (subject: string, entries: number) => {
    const mocks = rounds('mocks', EXACT, entries);
    return rounds(subject, EXACT, entries).map((time, round) => time - (mocks[round] ?? Number.NaN));
  };
  const speedUp = (entries: number) =>
    medianRatio(rounds('cors', EXACT, entries), rounds('middleware', EXACT, entries));
  const speedUpAlone = (entries: number) => medianRatio(alone('cors', entries), alone('middleware', entries));
  const growth = (subject: string, scenario: string) =>
    medianRatio(rounds(subject, scenario, 100_000), rounds(subject, scenario, 10));
  const worst = (start: string) =>
    Math.max(
      ...timings.filter(({ scenario }) => scenario.startsWith(start)).map(({ nanoseconds }) => nanoseconds),
    );
  const sizes = [
    ...new Set(timings.filter(({ scenario }) => scenario === WILDCARD).map(({ entries }) => entries)),
  ];
  const detours = sizes.map((size) => time('decide', WILDCARD, size) - time('decide', EXACT, size));
  return [
    atLeast('middleware against cors, 1 entry', speedUp(1), 2, 'times as fast'),
    atLeast('the same less the mocks', speedUpAlone(1), 2, 'times as fast'),
    atLeast('middleware against cors, 10,000 entries', speedUp(10_000), 100, 'times as fast'),
    ...OURS.flatMap((subject) =>
      [EXACT, WILDCARD, MISS, PREFLIGHT].map((scenario) =>
        atMost(
          `${subject}, ${scenario}, 100,000 entries against 10`,
          growth(subject, scenario),
          2,
          'times the time',
        ),
      ),
    ),
    atMost('wildcard hit minus exact hit, the worst size', Math.max(...detours), 500, 'ns'),
    atMost('hostile Origin, the worst', worst(HOSTILE_ORIGIN) / 1000, 2, 'µs'),
    atMost('request headers at the bounds, the worst', worst(AT_THE_BOUNDS) / 1000, 60, 'µs'),
    atMost('request headers past the bounds, the worst', worst(PAST_THE_BOUNDS) / 1000, 1, 'µs'),
  ];
}
