import { decideBars } from './decide-bars.js';
import {
  AT_THE_BOUNDS,
  HOSTILE_ORIGIN,
  PAST_THE_BOUNDS,
  requestHeadersSubjects,
  subjectsOf,
} from './decide-subjects.js';
import { describeMachine } from './machine.js';
import { type Effort, measure, type Timing } from './measure.js';
import { type Findings, round, table } from './report.js';
import { startSdks } from './sdk.js';

const SIZES = [1, 10, 1000, 10_000, 100_000];
const FULL: Effort = { rounds: 21, batchMs: 4, warmUpMs: 60 };
const QUICK: Effort = { rounds: 5, batchMs: 1, warmUpMs: 20 };

/** One request, by the engine, by our middleware and by what others use, with lists of one entry to 100,000. */
export async function benchDecide(isQuick: boolean): Promise<Findings> {
  const machine = describeMachine();
  const sdks = await startSdks();
  try {
    const subjects = [...requestHeadersSubjects()];
    for (const size of SIZES) subjects.push(...(await subjectsOf(size, sdks)));
    const timings = await measure(subjects, isQuick ? QUICK : FULL);
    const rows = timings.map(({ rounds: _rounds, ...timing }) => timing);
    return {
      report: { name: 'decide', machine, rows, bars: decideBars(timings) },
      tables: tablesOf(timings),
    };
  } finally {
    await sdks.close();
  }
}

function tablesOf(timings: readonly Timing[]): readonly string[] {
  const startingWith = (start: string) =>
    timings
      .filter(({ scenario }) => scenario.startsWith(start))
      .map((timing) => ({ ...timing, scenario: timing.scenario.slice(start.length) }));
  return [
    tableOfSubjects(timings.filter(({ scenario }) => !scenario.includes(':'))),
    tableOfSizes('decide: hostile origin, ns', startingWith(HOSTILE_ORIGIN)),
    tableOfSizes('decide: request headers at the bounds, ns', startingWith(AT_THE_BOUNDS)),
    tableOfSizes('decide: request headers past the bounds, ns', startingWith(PAST_THE_BOUNDS)),
  ];
}

/** A line for each scenario and size, a column for each candidate. */
function tableOfSubjects(timings: readonly Timing[]): string {
  const names = unique(timings.map(({ subject }) => subject));
  const lines = unique(timings.map(({ scenario, entries }) => `${scenario}\n${entries}`));
  const rows = lines.map((line) => {
    const [scenario = '', entries = ''] = line.split('\n');
    const cells = names.map((name) =>
      cellOf(
        timings.find((timing) => timing.subject === name && `${timing.scenario}\n${timing.entries}` === line),
      ),
    );
    return [scenario, Number(entries).toLocaleString('en-US'), ...cells];
  });
  return table(['a request, ns', 'entries', ...names], rows);
}

/** A line for each scenario, a column for each size. */
function tableOfSizes(title: string, timings: readonly Timing[]): string {
  const sizes = unique(timings.map(({ entries }) => entries));
  const rows = unique(timings.map(({ scenario }) => scenario)).map((scenario) => [
    scenario,
    ...sizes.map((size) =>
      cellOf(timings.find((timing) => timing.scenario === scenario && timing.entries === size)),
    ),
  ]);
  return table([title, ...sizes.map((size) => `${size.toLocaleString('en-US')} entries`)], rows);
}

function cellOf(timing: Timing | undefined): string {
  return timing === undefined ? '–' : round(timing.nanoseconds);
}

function unique<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values)];
}
