import type { Deps } from './deps.js';

/** How `ready()` or `waitForRevision()` ended. */
export interface Readiness {
  /**
   * `ready()`: whether requests are decided by a list; with a resolver, whether the service answers, and lists load as requests come.
   * `waitForRevision()`: whether they are decided by that revision or a later one.
   */
  readonly ready: boolean;
  /**
   * `ready` · `timeout`: the service did not answer in time, tries go on · `unauthorized`: it refuses the key · `tenant_unknown`: it
   * knows no such tenant, tries go on · `closed`.
   */
  readonly state: ReadinessState;
}

export type ReadinessState = 'ready' | 'timeout' | 'unauthorized' | 'tenant_unknown' | 'closed';

/** Those who wait for something of the client. */
export interface Waiters {
  /**
   * @param stateNow `undefined` = nothing to tell yet.
   * @param stateAtEnd what it is when nothing was told in time.
   */
  wait(
    timeoutMs: number,
    stateNow: () => ReadinessState | undefined,
    stateAtEnd?: () => ReadinessState,
  ): Promise<Readiness>;
  /** Looks again whether the waiting is over. */
  check(): void;
}

/** Beyond it `setTimeout` fires at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

export function createWaiters(deps: Deps): Waiters {
  const checks = new Set<() => void>();
  return {
    wait(timeoutMs, stateNow, stateAtEnd = () => 'timeout') {
      const state = stateNow();
      if (state !== undefined) return Promise.resolve(readinessOf(state));
      return new Promise((resolve) => {
        const settle = (state: ReadinessState): void => {
          checks.delete(check);
          cancel();
          resolve(readinessOf(state));
        };
        const check = (): void => {
          const state = stateNow();
          if (state !== undefined) settle(state);
        };
        // The one timer that holds the process: somebody is waiting for its end.
        const cancel = deps.after(Math.min(timeoutMs, LONGEST_TIMER_MS), () => settle(stateAtEnd()), true);
        checks.add(check);
      });
    },
    check() {
      for (const check of [...checks]) check();
    },
  };
}

function readinessOf(state: ReadinessState): Readiness {
  return { ready: state === 'ready', state };
}
