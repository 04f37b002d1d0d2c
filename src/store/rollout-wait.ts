import { setTimeout as delay } from 'node:timers/promises';
import type { ReportSignals } from './report-signals.js';
import type { Rollout, RolloutHead } from './rollouts.js';

/** How a rollout stands after it was waited for. */
export type RolloutProgress = Omit<Rollout, 'applied'>;

/** How long a rollout is waited for. */
export interface WaitLimits {
  readonly timeoutMs: number;
  /** Ends the wait before, within a fifth of a second. */
  readonly signal: AbortSignal;
}

/** What {@link untilApplied} waits by. */
export interface RolloutWait extends WaitLimits {
  /** The counts, cheaply. */
  readonly look: () => Promise<RolloutHead>;
  /** The names, for the answer. */
  readonly list: () => Promise<Rollout>;
  readonly reports: Pick<ReportSignals, 'listen'>;
}

/** Between two looks when no report was heard of: they come from other nodes too, and without Redis nothing tells of them. */
const POLL_INTERVAL_MS = 200;
/** Between two looks when reports come in one after the other. */
const LOOK_INTERVAL_MS = 20;

/** Looks until nobody lags, or the time is over. */
export async function untilApplied(wait: RolloutWait): Promise<RolloutProgress> {
  const { look, list, reports, timeoutMs, signal } = wait;
  const dueMs = performance.now() + timeoutMs;
  const bounded = (durationMs: number) => Math.max(0, Math.min(durationMs, dueMs - performance.now()));
  let head = await look();
  let news = new AbortController();
  const stopListening = reports.listen(head.tenantId, () => news.abort());
  try {
    while (head.counts.lagging > 0 && performance.now() < dueMs && !signal.aborted) {
      await delay(bounded(LOOK_INTERVAL_MS));
      await delay(bounded(POLL_INTERVAL_MS), undefined, { signal: news.signal }).catch(() => {});
      // Before the look: what is reported during it is looked for again.
      news = new AbortController();
      // One that fails is made again: whether the rollout can be read, the last one tells.
      head = await look().catch(() => head);
    }
  } finally {
    stopListening();
  }
  const { applied: _applied, ...rollout } = await list();
  return rollout;
}
