import type { Deps } from './deps.js';

/** A clock that stands still until it is turned. */
export interface TestClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Goes on by so many milliseconds; what waits for a time meanwhile, as `ready({ timeoutMs })` may, ends in its turn. */
  advance(ms: number): void;
  /** Goes on to that moment, or back. */
  set(to: Date): void;
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** @param moved is told that the clock was turned. */
export function createTestClock(
  startMs: number,
  moved: () => void,
): TestClock & { readonly deps: Pick<Deps, 'now' | 'random' | 'after'> } {
  let nowMs = startMs;
  const timers = new Set<Timer>();

  function nextUntil(untilMs: number): Timer | undefined {
    const due = [...timers].filter(({ atMs }) => atMs <= untilMs);
    return due.toSorted((a, b) => a.atMs - b.atMs)[0];
  }

  function moveTo(untilMs: number): void {
    for (let timer = nextUntil(untilMs); timer !== undefined; timer = nextUntil(untilMs)) {
      timers.delete(timer);
      // One that was due before the clock was set back is not due in the past.
      nowMs = Math.max(nowMs, timer.atMs);
      timer.run();
    }
    nowMs = untilMs;
    moved();
  }

  return {
    now: () => nowMs,
    advance: (ms) => moveTo(nowMs + ms),
    set: (to) => moveTo(to.getTime()),
    deps: {
      now: () => nowMs,
      random: () => 0.5,
      after(delayMs, run) {
        const timer = { atMs: nowMs + delayMs, run };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    },
  };
}
