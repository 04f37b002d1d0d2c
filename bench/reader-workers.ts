import { setTimeout as delay } from 'node:timers/promises';
import { type Child, numberIn } from './child.js';
import type { Question } from './readers.js';

const ANSWER_TIMEOUT_MS = 120_000;
const STREAMING_TIMEOUT_MS = 120_000;
const LOOK_EVERY_MS = 50;
const NANOSECONDS_IN_MS = 1e6;

/** Asks every worker its question at once. */
export function askAll(workers: readonly Child[], question: (index: number) => Question) {
  return Promise.all(workers.map((worker, index) => worker.ask(question(index), ANSWER_TIMEOUT_MS)));
}

/** Waits until as many SDKs of the workers stream. @returns how long that took, in ms. */
export async function untilStreaming(workers: readonly Child[], count: number): Promise<number> {
  const startedMs = nowMs();
  for (;;) {
    const answers = await askAll(workers, () => ({ do: 'states' }));
    const streaming = answers.reduce((sum, answer) => sum + numberIn(answer, 'streaming'), 0);
    if (streaming >= count) return nowMs() - startedMs;
    if (nowMs() - startedMs > STREAMING_TIMEOUT_MS) throw new Error(`${streaming} of ${count} stream.`);
    await delay(LOOK_EVERY_MS);
  }
}

/** The machine's monotonic clock, the same in all processes, in ms. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / NANOSECONDS_IN_MS;
}
