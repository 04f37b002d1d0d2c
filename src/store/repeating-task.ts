import type { Logger } from '../log.js';

/** How {@link startRepeatingTask} runs. */
export interface RepeatingTaskOptions {
  /** For the log: a noun. */
  readonly name: string;
  /** One round. It bounds its own waits. A rejection is logged and the next round comes as usual. */
  readonly task: () => Promise<void>;
  /** From the end of a round to the begin of the next, in milliseconds. */
  readonly intervalMs: number;
  readonly log: Logger;
}

/** A task that runs again and again, never twice at a time, and does not keep the process alive. */
export interface RepeatingTask {
  /** Starts a round now, or as soon as the running one ends. */
  soon(): void;
  /** Starts no more rounds and waits for the running one. */
  stop(): Promise<void>;
}

/** The first round begins one interval from now. Failing and succeeding again is logged once each. */
export function startRepeatingTask({ name, task, intervalMs, log }: RepeatingTaskOptions): RepeatingTask {
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> | undefined;
  let wantedSoon = false;
  let stopped = false;
  let failing = false;

  function schedule(delayMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(start, delayMs).unref();
  }

  function start(): void {
    round = run();
  }

  async function run(): Promise<void> {
    wantedSoon = false;
    try {
      await task();
      if (failing) log.info({}, `the ${name} works again`);
      failing = false;
    } catch (err) {
      if (!failing) log.warn({ err }, `the ${name} failed and will be tried again`);
      failing = true;
    }
    round = undefined;
    if (!stopped) schedule(wantedSoon ? 0 : intervalMs);
  }

  schedule(intervalMs);
  return {
    soon() {
      wantedSoon = true;
      if (round === undefined && !stopped) schedule(0);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}
