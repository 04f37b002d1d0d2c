import type { RedisConnection } from './redis-connection.js';

/** How often something happened within its window, and how long the window still lasts. */
export interface Count {
  readonly count: number;
  readonly resetMs: number;
}

/**
 * Counts within fixed windows, for budgets that all nodes share. Nothing here waits, throws or fails: a call is counted on
 * this node at once, what was counted is told to Redis in the background, and the answer brings what the others counted. So
 * nodes see each other's counts some {@link TELL_INTERVAL_MS} late, and without Redis each counts for itself.
 */
export interface Counts {
  /** Counts one more, and gives the sum. */
  add(name: string, windowMs: number): Count;
  /** The sum so far; 0 for what has no window running. */
  read(name: string): Count;
  /** Stops telling Redis. */
  close(): void;
}

/** What {@link createCounts} stands on. */
export interface CountsOptions {
  /** Absent: this node counts alone. */
  readonly redis: RedisConnection | undefined;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** Names counted at once; the one not counted for the longest goes first. */
const MAX_NAMES = 20_000;
const TELL_INTERVAL_MS = 100;
/** Names told of at a time; the others wait for the next. */
const TOLD_PER_ROUND = 1_000;
/** A window this short is over before other nodes have heard of it: it is the node's own. */
const LONGEST_OWN_WINDOW_MS = 1_000;

interface Window {
  endsAtMs: number;
  readonly windowMs: number;
  /** What all nodes counted, as far as Redis has said, and what it will not be told any more. */
  shared: number;
  /** On its way to Redis. */
  sent: number;
  /** Counted here since. */
  untold: number;
}

/** Counts nothing yet. */
export function createCounts({ redis, now }: CountsOptions): Counts {
  const windows = new Map<string, Window>();
  const untold = new Set<string>();
  let telling: NodeJS.Timeout | undefined;
  let isClosed = false;

  function running(name: string): Window | undefined {
    const window = windows.get(name);
    return window !== undefined && now() < window.endsAtMs ? window : undefined;
  }

  function toCount({ endsAtMs, shared, sent, untold }: Window): Count {
    return { count: shared + sent + untold, resetMs: Math.max(0, endsAtMs - now()) };
  }

  function tellSoon(): void {
    if (!isClosed) telling ??= setTimeout(tell, TELL_INTERVAL_MS).unref();
  }

  function tell(): void {
    telling = undefined;
    for (const name of [...untold].slice(0, TOLD_PER_ROUND)) {
      untold.delete(name);
      const window = running(name);
      // One at a time, or an answer could bring the other's count twice.
      if (window !== undefined && window.sent === 0) void send(name, window);
    }
    if (untold.size > 0) tellSoon();
  }

  async function send(name: string, window: Window): Promise<void> {
    window.sent = window.untold;
    window.untold = 0;
    const reply = await redis?.attempt((client) =>
      client.addToCount(countKey(name), String(window.sent), String(window.windowMs)),
    );
    if (reply === undefined) {
      window.shared += window.sent;
    } else {
      const [count, leftMs] = reply;
      window.shared = count;
      // Whoever writes to Redis must not be able to make a window endless.
      window.endsAtMs = now() + Math.min(leftMs, window.windowMs);
    }
    window.sent = 0;
    if (window.untold === 0) return;
    untold.add(name);
    tellSoon();
  }

  return {
    add(name, windowMs) {
      const window = running(name) ?? { endsAtMs: now() + windowMs, windowMs, shared: 0, sent: 0, untold: 0 };
      window.untold += 1;
      windows.delete(name);
      windows.set(name, window);
      const [oldest] = windows.keys();
      if (windows.size > MAX_NAMES && oldest !== undefined) windows.delete(oldest);
      if (redis !== undefined && windowMs > LONGEST_OWN_WINDOW_MS) {
        untold.add(name);
        tellSoon();
      }
      return toCount(window);
    },
    read(name) {
      const window = running(name);
      return window === undefined ? { count: 0, resetMs: 0 } : toCount(window);
    },
    close() {
      isClosed = true;
      clearTimeout(telling);
    },
  };
}

function countKey(name: string): string {
  return `origin-allowlist:count:${name}`;
}
