import type { Settings } from '../settings.js';
import type { Loader } from './loader.js';

/** Loads of tenants that a request is waiting for, kept from flooding the service. */
export interface FirstLoads {
  /**
   * Waits for the tenant's first load, starting it when it is not under way.
   *
   * @returns resolves when the load has ended, well or not, and after `firstLoadTimeoutMs` at the latest; `undefined` when as many
   *   requests wait already as may.
   */
  wait(slug: string): Promise<void> | undefined;
  /** Lets every waiting request go on. */
  close(): void;
}

const MAX_AT_ONCE = 8;
const MAX_PER_SECOND = 20;
const MAX_WAITING = 100;
const SECOND_MS = 1_000;

interface FirstLoad {
  readonly waiters: Set<() => void>;
  hasStarted: boolean;
}

export function createFirstLoads(settings: Settings, loader: Loader): FirstLoads {
  const { deps, firstLoadTimeoutMs } = settings;
  /** In the order they came in. */
  const loads = new Map<string, FirstLoad>();
  const startedAtMs: number[] = [];
  let waiting = 0;
  let running = 0;
  let cancelTimer: (() => void) | undefined;

  /** Starts what may start now. */
  function pump(): void {
    for (const [slug, load] of loads) {
      if (running >= MAX_AT_ONCE) return;
      if (load.hasStarted) continue;
      const pauseMs = pauseBeforeNextMs();
      if (pauseMs > 0) {
        pumpIn(pauseMs);
        return;
      }
      load.hasStarted = true;
      start(slug, load);
    }
  }

  function pauseBeforeNextMs(): number {
    const first = startedAtMs[0];
    if (first === undefined || startedAtMs.length < MAX_PER_SECOND) return 0;
    const sinceMs = deps.now() - first;
    // Negative after the clock was set back.
    return sinceMs < 0 ? 0 : SECOND_MS - sinceMs;
  }

  function pumpIn(delayMs: number): void {
    if (cancelTimer !== undefined) return;
    cancelTimer = deps.after(delayMs, () => {
      cancelTimer = undefined;
      pump();
    });
  }

  function start(slug: string, load: FirstLoad): void {
    startedAtMs.push(deps.now());
    if (startedAtMs.length > MAX_PER_SECOND) startedAtMs.shift();
    running += 1;
    const end = (): void => {
      running -= 1;
      loads.delete(slug);
      for (const settle of [...load.waiters]) settle();
      pump();
    };
    loader.load(slug).then(end, end);
  }

  function join(slug: string, load: FirstLoad): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        if (!load.waiters.delete(settle)) return;
        waiting -= 1;
        cancel();
        // A load nobody waits for any more makes room for the others, unless it is under way.
        if (load.waiters.size === 0 && !load.hasStarted) loads.delete(slug);
        resolve();
      };
      load.waiters.add(settle);
      waiting += 1;
      const cancel = deps.after(firstLoadTimeoutMs, settle);
    });
  }

  return {
    wait(slug) {
      if (waiting >= MAX_WAITING) return undefined;
      const load = loads.get(slug) ?? { waiters: new Set(), hasStarted: false };
      loads.set(slug, load);
      const settled = join(slug, load);
      pump();
      return settled;
    },
    close() {
      cancelTimer?.();
      for (const load of [...loads.values()]) for (const settle of [...load.waiters]) settle();
    },
  };
}
