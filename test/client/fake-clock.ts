import type { Deps } from '@origin-allowlist/client';

/** A clock that stands still until it is told to go on, and timers that run by it. */
export interface FakeClock {
  /** For the client's `deps`. `random` is in the middle, so jitter takes and adds nothing. */
  readonly deps: Pick<Deps, 'now' | 'random' | 'after'>;
  now(): number;
  /** Goes on by `ms`, running what falls due, in order. */
  advance(ms: number): void;
  /** Sets the clock without running timers, as an administrator or NTP does. */
  set(nowMs: number): void;
  /** How long each pending timer still has, shortest first. But for that of the reports, which go beside all else. */
  pending(): readonly number[];
  /** All pending timers. */
  count(): number;
  /** Pending timers that hold the process. */
  holding(): number;
}

interface Timer {
  /** By uptime. */
  readonly atMs: number;
  readonly run: () => void;
  readonly keepAlive: boolean;
}

export function createFakeClock(): FakeClock {
  // As on a real machine, timers run by a clock that nobody can set.
  let uptimeMs = 0;
  let bootedAtMs = Date.parse('2026-01-01T00:00:00Z');
  const timers = new Set<Timer>();
  const now = () => bootedAtMs + uptimeMs;

  function next(untilMs: number): Timer | undefined {
    const due = [...timers].filter(({ atMs }) => atMs <= untilMs);
    return due.toSorted((a, b) => a.atMs - b.atMs)[0];
  }

  return {
    deps: {
      now,
      random: () => 0.5,
      after(delayMs, run, keepAlive = false) {
        const timer = { atMs: uptimeMs + delayMs, run, keepAlive };
        timers.add(timer);
        return () => void timers.delete(timer);
      },
    },
    now,
    advance(ms) {
      const untilMs = uptimeMs + ms;
      for (let timer = next(untilMs); timer !== undefined; timer = next(untilMs)) {
        timers.delete(timer);
        uptimeMs = timer.atMs;
        timer.run();
      }
      uptimeMs = untilMs;
    },
    set(nowMs) {
      bootedAtMs = nowMs - uptimeMs;
    },
    pending: () =>
      [...timers]
        .filter(({ run }) => run.name !== 'sendReport')
        .map(({ atMs }) => atMs - uptimeMs)
        .toSorted((a, b) => a - b),
    count: () => timers.size,
    holding: () => [...timers].filter(({ keepAlive }) => keepAlive).length,
  };
}
