import type { Delta } from '../core/index.js';
import type { Settings } from '../settings.js';
import { backoffMs } from './backoff.js';
import type { Loader, SyncParts } from './loader.js';
import type { StreamMessage } from './stream-message.js';

/** What a stream says of a tenant. */
export type TenantMessage = Extract<StreamMessage, { readonly kind: 'delta' | 'resync' | 'gone' }>;

/** Keeps the lists in step with what the stream says, and loads those that are not. */
export interface CatchUp {
  take(message: TenantMessage): void;
  /** Whether the tenant's list is being loaded because the stream could not lead on to it. */
  isBehind(slug: string): boolean;
  /** The stream does well: what went wrong before no longer makes loads wait. */
  forgive(): void;
  close(): void;
}

/** Who is told what came of it. */
export interface CatchUpListener {
  /** Something a writer waits for is decided by, or does not concern this client. */
  readonly acknowledged: () => void;
  /** A list was loaded, and what came meanwhile was applied. */
  readonly caughtUp: (slug: string) => void;
}

/** Operations kept of one tenant while its list loads; beyond it they are dropped, and the list is loaded once more. */
const MAX_KEPT_OPERATIONS = 1_000;

interface Step {
  readonly delta: Delta;
  readonly ack: boolean;
}

/** A list on its way. */
interface Pursuit {
  /** What came meanwhile, in order. */
  kept: Step[];
  /** Operations in `kept`, and one for each delta. */
  keptOperations: number;
  hasOverflowed: boolean;
  ack: boolean;
  cancelTimer: (() => void) | undefined;
}

export function createCatchUp(
  settings: Settings,
  { tenants, absences, link, counters }: SyncParts,
  loader: Loader,
  listener: CatchUpListener,
): CatchUp {
  const { deps, tenant } = settings;
  const pursuits = new Map<string, Pursuit>();
  /** Loads of a tenant since the stream last did well. */
  const attempts = new Map<string, number>();

  function takeDelta(step: Step): void {
    const slug = step.delta.tenant;
    const pursuit = pursuits.get(slug);
    if (pursuit !== undefined) keep(pursuit, step);
    else if (tenants.follow(step.delta) === 'broken') pursue(slug, step.ack, step);
    else if (step.ack) listener.acknowledged();
  }

  function keep(pursuit: Pursuit, step: Step): void {
    pursuit.keptOperations += step.delta.ops.length + 1;
    pursuit.hasOverflowed ||= pursuit.keptOperations > MAX_KEPT_OPERATIONS;
    pursuit.ack ||= step.ack;
    if (pursuit.hasOverflowed) pursuit.kept = [];
    else pursuit.kept.push(step);
  }

  function pursue(slug: string, ack: boolean, first?: Step): void {
    // One that no request has asked for, or not for an hour, is loaded when one does.
    if (tenants.get(slug) === undefined && slug !== tenant) return;
    const pursuit = { kept: [], keptOperations: 0, hasOverflowed: false, ack, cancelTimer: undefined };
    pursuits.set(slug, pursuit);
    if (first !== undefined) keep(pursuit, first);
    counters.resyncs += 1;
    const failures = attempts.get(slug) ?? 0;
    if (failures === 0) void load(slug, pursuit);
    else loadLater(slug, pursuit);
  }

  function loadLater(slug: string, pursuit: Pursuit): void {
    const pauseMs = Math.max(backoffMs(deps, attempts.get(slug) ?? 1), link.retryInMs());
    pursuit.cancelTimer = deps.after(pauseMs, () => void load(slug, pursuit));
  }

  async function load(slug: string, pursuit: Pursuit): Promise<void> {
    attempts.set(slug, (attempts.get(slug) ?? 0) + 1);
    const isWell = link.retryInMs() === 0 && (await loader.reload(slug));
    // It may be gone, or the client closed.
    if (pursuits.get(slug) !== pursuit) return;
    if (!isWell || !applyKept(pursuit)) return loadLater(slug, pursuit);
    pursuits.delete(slug);
    if (pursuit.ack) listener.acknowledged();
    listener.caughtUp(slug);
  }

  /** @returns whether the list is where the stream is. What does not fit is dropped: the next load is of a later moment. */
  function applyKept(pursuit: Pursuit): boolean {
    const { kept, hasOverflowed } = pursuit;
    pursuit.kept = [];
    pursuit.keptOperations = 0;
    pursuit.hasOverflowed = false;
    return !hasOverflowed && kept.every(({ delta }) => isAbsent(delta) || tenants.follow(delta) !== 'broken');
  }

  /** The service does not know the tenant any more: there is nothing to lead on from. */
  function isAbsent(delta: Delta): boolean {
    return tenants.get(delta.tenant) === undefined;
  }

  function resync(slug: string, ack: boolean): void {
    // The tenant is there, or there again: the next request need not wait until its absence is forgotten.
    absences.delete(slug);
    const pursuit = pursuits.get(slug);
    if (pursuit === undefined) {
      pursue(slug, ack);
      return;
    }
    pursuit.ack ||= ack;
    // What is kept leads on from before; the load under way may have been answered before as well.
    pursuit.hasOverflowed = true;
    pursuit.kept = [];
  }

  function drop(slug: string): void {
    pursuits.get(slug)?.cancelTimer?.();
    pursuits.delete(slug);
    loader.discard(slug);
    absences.setUnknown(slug);
    tenants.leave(slug);
    tenants.drop(slug);
  }

  return {
    take(message) {
      switch (message.kind) {
        case 'delta':
          return takeDelta(message);
        case 'resync':
          return resync(message.tenant, message.ack);
        case 'gone':
          return drop(message.tenant);
      }
    },
    isBehind: (slug) => pursuits.has(slug),
    forgive() {
      for (const slug of attempts.keys()) if (!pursuits.has(slug)) attempts.delete(slug);
    },
    close() {
      for (const { cancelTimer } of pursuits.values()) cancelTimer?.();
      pursuits.clear();
    },
  };
}
