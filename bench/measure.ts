import type { Answer } from './candidates.js';
import type { Texts } from './texts.js';

/** Something whose time is taken. */
export interface Subject {
  readonly name: string;
  readonly scenario: string;
  /** Size of the list. */
  readonly entries: number;
  readonly answer: Answer;
  readonly origins: Texts;
  /** What every answer must be. It is compared: nobody is measured who answers wrongly, and no call can be optimised away. */
  readonly allowed: boolean;
}

/** The time one subject takes for one request, without the time to build the text of its origin. */
export interface Timing {
  readonly scenario: string;
  readonly entries: number;
  readonly subject: string;
  /** Median over all rounds. */
  readonly nanoseconds: number;
  /** From the first quartile of the rounds to the third. */
  readonly spread: number;
  /** Nanoseconds in each round. */
  readonly rounds: readonly number[];
}

/** How long is measured. */
export interface Effort {
  readonly rounds: number;
  readonly batchMs: number;
  readonly warmUpMs: number;
}

/**
 * Takes the time of all subjects in interleaved rounds: what disturbs the machine for a while disturbs all of them alike. Each round
 * begins with another one, and garbage of one is collected before the next.
 */
export async function measure(subjects: readonly Subject[], effort: Effort): Promise<readonly Timing[]> {
  const runs = [];
  for (const subject of subjects) runs.push(await warmUp(subject, effort));
  for (let round = 0; round < effort.rounds; round += 1) {
    collectGarbage('major');
    const first = Math.floor((round * runs.length) / effort.rounds);
    for (const run of [...runs.slice(first), ...runs.slice(0, first)]) {
      collectGarbage('minor');
      run.times.push(await timeOf(run.subject, run.batch));
      run.textTimes.push(timeOfTexts(run.subject.origins, run.batch));
    }
  }
  return runs.map(({ subject: { scenario, entries, name }, times, textTimes }) => {
    const text = quantile(textTimes, 0.5);
    const spread = quantile(times, 0.75) - quantile(times, 0.25);
    const rounds = times.map((time, round) => time - (textTimes[round] ?? Number.NaN));
    return { scenario, entries, subject: name, nanoseconds: quantile(times, 0.5) - text, spread, rounds };
  });
}

interface Run {
  readonly subject: Subject;
  /** Requests in a row that take about as long as a batch should. */
  readonly batch: number;
  /** Nanoseconds a request, one number a round. */
  readonly times: number[];
  readonly textTimes: number[];
}

/** The batch is measured out last: before its code is compiled, a subject takes up to a hundred times as long. */
async function warmUp(subject: Subject, { batchMs, warmUpMs }: Effort): Promise<Run> {
  let count = 1;
  const startedMs = performance.now();
  do {
    const nanoseconds = await timeOf(subject, count);
    if (nanoseconds * count < batchMs * 1e6) count = Math.ceil(count * 1.5);
  } while (performance.now() - startedMs < warmUpMs);
  const batch = Math.ceil((batchMs * 1e6) / (await timeOf(subject, count)));
  return { subject, batch, times: [], textTimes: [] };
}

async function timeOf({ name, scenario, answer, origins, allowed }: Subject, batch: number): Promise<number> {
  const started = process.hrtime.bigint();
  const first = answer(origins.next());
  const isLater = first instanceof Promise;
  if (isLater) await first;
  const count = isLater ? await countLater(answer, origins, batch) : countNow(answer, origins, batch);
  const nanoseconds = Number(process.hrtime.bigint() - started) / (batch + 1);
  if (count !== (allowed ? batch : 0)) throw new Error(`${name} answers wrongly: ${scenario}`);
  return nanoseconds;
}

function countNow(answer: Answer, origins: Texts, batch: number): number {
  let count = 0;
  for (let index = 0; index < batch; index += 1) if (answer(origins.next()) === true) count += 1;
  return count;
}

async function countLater(answer: Answer, origins: Texts, batch: number): Promise<number> {
  let count = 0;
  for (let index = 0; index < batch; index += 1) if (await answer(origins.next())) count += 1;
  return count;
}

function timeOfTexts(origins: Texts, batch: number): number {
  let characters = 0;
  const started = process.hrtime.bigint();
  for (let index = 0; index <= batch; index += 1) characters += origins.next().length;
  const nanoseconds = Number(process.hrtime.bigint() - started) / (batch + 1);
  if (characters === 0 && batch < 0) throw new Error('There are no texts.');
  return nanoseconds;
}

function collectGarbage(type: 'major' | 'minor'): void {
  if (globalThis.gc === undefined) throw new Error('Run by npm run bench, which lets it collect garbage.');
  globalThis.gc({ type });
}

/** How many times one is another: taken within each round, where both had the same machine, and then the median. */
export function medianRatio(ones: readonly number[], others: readonly number[]): number {
  return quantile(
    ones.map((one, round) => one / (others[round] ?? Number.NaN)),
    0.5,
  );
}

/** The value that a share of the others is below; between two, the lower. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}
