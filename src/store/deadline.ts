/** Thrown when something outside did not answer in time. The work itself may still go on. */
class DeadlineError extends Error {
  readonly code = 'deadline_passed';
  constructor(what: string, ms: number) {
    super(`${what} did not answer within ${ms} ms`);
    this.name = 'DeadlineError';
  }
}

/**
 * The outcome of `work`, or {@link DeadlineError} after `ms` milliseconds; a later outcome is dropped. An answer that is
 * there already counts even when this process was too busy to look at it in time, such as while compiling a long list.
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    // Timers come before sockets in a turn of the event loop; setImmediate comes after both.
    timer = setTimeout(() => setImmediate(() => reject(new DeadlineError(what, ms))), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
