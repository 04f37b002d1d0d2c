import type { Deps } from './deps.js';

/** How `ready()` ended. */
export interface Readiness {
  /** Whether requests are decided by a list. With a resolver: whether the service answers; lists load as requests come. */
  readonly ready: boolean;
  /**
   * `ready` · `timeout`: the service did not answer in time, tries go on · `unauthorized`: it refuses the key · `tenant_unknown`: it
   * knows no such tenant, tries go on · `closed`.
   */
  readonly state: ReadinessState;
}

export type ReadinessState = 'ready' | 'timeout' | 'unauthorized' | 'tenant_unknown' | 'closed';

/** Those who wait for the client to be ready. */
export interface Waiters {
  wait(timeoutMs: number): Promise<Readiness>;
  /** Looks again whether the waiting is over. */
  check(): void;
}

/** Beyond it `setTimeout` fires at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** @param stateNow `undefined` = nothing to tell yet. */
export function createWaiters(deps: Deps, stateNow: () => ReadinessState | undefined): Waiters {
  const waiters = new Set<(state: ReadinessState) => void>();
  return {
    wait(timeoutMs) {
      const state = stateNow();
      if (state !== undefined) return Promise.resolve(readinessOf(state));
      return new Promise((resolve) => {
        const settle = (state: ReadinessState): void => {
          waiters.delete(settle);
          cancel();
          resolve(readinessOf(state));
        };
        // The one timer that holds the process: somebody is waiting for its end.
        const cancel = deps.after(Math.min(timeoutMs, LONGEST_TIMER_MS), () => settle('timeout'), true);
        waiters.add(settle);
      });
    },
    check() {
      if (waiters.size === 0) return;
      const state = stateNow();
      if (state === undefined) return;
      for (const settle of [...waiters]) settle(state);
    },
  };
}

function readinessOf(state: ReadinessState): Readiness {
  return { ready: state === 'ready', state };
}
