import { isSlug } from './core/index.js';
import type { Readiness, ReadinessState, Waiters } from './readiness.js';
import type { Settings } from './settings.js';
import type { Loader, SyncParts } from './sync/loader.js';
import type { Stream } from './sync/stream.js';

/** See `Allowlist.waitForRevision`. */
export type WaitForRevision = (slug: string, revision: number, timeoutMs: number) => Promise<Readiness>;

/** Time between two looks while somebody waits. The stream is given as long before the service is asked. */
const TRY_INTERVAL_MS = 1_000;
/** Who would wait besides as many is told `timeout` at once. */
const MAX_WAITING = 1_000;

export function createRevisionWaits(
  { deps, tenant }: Settings,
  { tenants, absences, link }: SyncParts,
  {
    loader,
    stream,
    waiters,
  }: {
    readonly loader: Pick<Loader, 'reload'>;
    readonly stream: Pick<Stream, 'covers'>;
    readonly waiters: Waiters;
  },
): WaitForRevision {
  let waiting = 0;

  function isNamed(slug: string): boolean {
    return typeof tenant === 'string' ? slug === tenant : isSlug(slug);
  }

  function stateNow(slug: string, revision: number): ReadinessState | undefined {
    if (link.state() === 'closed') return 'closed';
    if (!isNamed(slug)) return 'tenant_unknown';
    const held = tenants.get(slug);
    if (held !== undefined && held.compiled.revision >= revision) return 'ready';
    return link.state() === 'unauthorized' ? 'unauthorized' : undefined;
  }

  /** That the service knows no such tenant is not told before: the one that was just made may be new to the node that was asked. */
  function stateAtEnd(slug: string): ReadinessState {
    return absences.get(slug) === 'unknown' ? 'tenant_unknown' : 'timeout';
  }

  /** @returns ends the trying. */
  function keepTrying(slug: string): () => void {
    let cancelTimer = (): void => {};
    const look = (): void => {
      if (link.retryInMs() === 0) void loader.reload(slug);
      cancelTimer = deps.after(TRY_INTERVAL_MS, look);
    };
    if (stream.covers(slug)) cancelTimer = deps.after(TRY_INTERVAL_MS, look);
    else look();
    return () => cancelTimer();
  }

  return async (slug, revision, timeoutMs) => {
    const state = stateNow(slug, revision);
    if (state !== undefined) return { ready: state === 'ready', state };
    if (waiting >= MAX_WAITING) return { ready: false, state: 'timeout' };
    waiting += 1;
    const stop = keepTrying(slug);
    const readiness = await waiters.wait(
      timeoutMs,
      () => stateNow(slug, revision),
      () => stateAtEnd(slug),
    );
    waiting -= 1;
    stop();
    return readiness;
  };
}
