/** Lets at most so many through in a second and counts the rest. */
export interface Sampler {
  /** @returns how many were held back since the last one let through; `undefined` = this one is held back. */
  take(): number | undefined;
}

const WINDOW_MS = 1_000;

/** @param now epoch milliseconds. */
export function createSampler(now: () => number, perSecond: number): Sampler {
  let windowStartMs = Number.NEGATIVE_INFINITY;
  let taken = 0;
  let suppressed = 0;
  return {
    take() {
      const nowMs = now();
      // A clock set back opens a new window too, instead of silence until it has caught up.
      if (nowMs - windowStartMs >= WINDOW_MS || nowMs < windowStartMs) {
        windowStartMs = nowMs;
        taken = 0;
      }
      if (taken >= perSecond) {
        suppressed += 1;
        return undefined;
      }
      taken += 1;
      const missed = suppressed;
      suppressed = 0;
      return missed;
    },
  };
}
