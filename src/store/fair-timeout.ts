/** A timer that comes later than this says that the process was busy. */
const LATE_MS = 25;
/** What is then added to the wait, to read what has arrived and to finish. */
const GRACE_MS = 400;

/**
 * Calls `onExpiry` after `durationMs`, unless cancelled; a little later when the process itself was busy at that time.
 * Node runs timers before it looks at its sockets: with setTimeout alone, a process that computed for a second would take
 * every answer it has been sent meanwhile for missing.
 *
 * @returns Cancels it.
 */
export function setFairTimeout(onExpiry: () => void, durationMs: number): () => void {
  const dueMs = performance.now() + durationMs;
  let timer = setTimeout(() => {
    if (performance.now() - dueMs > LATE_MS) timer = setTimeout(onExpiry, GRACE_MS);
    else onExpiry();
  }, durationMs);
  return () => clearTimeout(timer);
}

/** The outcome of `work`; after `durationMs`, fairly measured, a rejection. `work` itself goes on. */
export async function inFairTime<T>(work: Promise<T>, durationMs: number): Promise<T> {
  let cancel: () => void = () => {};
  const timeout = new Promise<never>((_resolve, reject) => {
    cancel = setFairTimeout(() => reject(new Error(`No answer in ${durationMs} ms.`)), durationMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    cancel();
  }
}
