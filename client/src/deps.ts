import { randomUUID } from 'node:crypto';

/** What the client takes from its surroundings. For tests: an application has no reason to pass any of it. */
export interface Deps {
  /** Default: the global `fetch`. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Epoch milliseconds. Default: `Date.now`. */
  readonly now: () => number;
  /** From 0 (included) to 1 (excluded), for jitter. Default: `Math.random`. */
  readonly random: () => number;
  /** Names this client to the service, once. Default: `crypto.randomUUID`. */
  readonly uuid: () => string;
  /**
   * Runs `run` once, after `delayMs`. Default: `setTimeout`, unref'd so that a waiting client never holds the process; with
   * `keepAlive` it does.
   *
   * @returns cancels it; may be called at any time.
   */
  readonly after: (delayMs: number, run: () => void, keepAlive?: boolean) => () => void;
}

export const systemDeps: Deps = {
  // Looked up at each call, so that an instrumentation that patches the global `fetch` later is not passed by.
  fetch: (url, init) => fetch(url, init),
  now: Date.now,
  random: Math.random,
  uuid: randomUUID,
  after: (delayMs, run, keepAlive = false) => {
    const timer = setTimeout(run, delayMs);
    if (!keepAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Spreads `baseMs` evenly over ± `share` (0.2 = ± 20 %), so that instances started together do not call together. */
export function jitter(deps: Deps, baseMs: number, share: number): number {
  return Math.round(baseMs * (1 - share + 2 * share * deps.random()));
}
