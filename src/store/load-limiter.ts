import { AppError } from '../errors.js';

/** Runs tasks, a bounded number at once, the rest waiting in order. */
export interface LoadLimiter {
  /** The task's outcome; AppError `store_unavailable` at once when too many wait already. Calls may overlap. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

/** At most `concurrent` tasks run and at most `waiting` more wait. */
export function createLoadLimiter(bounds: {
  readonly concurrent: number;
  readonly waiting: number;
}): LoadLimiter {
  const queue: (() => void)[] = [];
  let running = 0;

  async function turn(): Promise<void> {
    if (running < bounds.concurrent) {
      running += 1;
      return;
    }
    if (queue.length >= bounds.waiting) {
      throw new AppError('store_unavailable', 'Too many calls that take long are waiting already.');
    }
    // The place of the task that ends is handed over: `running` stays as it is.
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  return {
    async run(task) {
      await turn();
      try {
        return await task();
      } finally {
        const next = queue.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}
