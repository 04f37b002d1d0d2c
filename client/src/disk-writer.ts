import type { DiskCopies } from './disk.js';
import type { DiskFolder } from './disk-folder.js';
import { type CopyFormat, type CopyHead, MAX_HEAD_BYTES } from './disk-format.js';
import type { Emitter } from './events.js';
import type { Settings } from './settings.js';
import type { ServerClock } from './sync/server-clock.js';
import type { HeldTenant, Tenants } from './sync/tenants.js';

/** Keeps the copies up to date, one file at a time, so that no tenant is ever written twice at once. */
export interface CopyWriter extends Pick<DiskCopies, 'has' | 'changed' | 'gone' | 'close'> {
  /** Resolves when it is known which copies there are. Never rejects. */
  readonly listed: Promise<void>;
  /** The copy was found useless: it is not looked at again, and overwritten in its time. */
  distrust(slug: string): void;
}

/** What reading and writing draw on. */
export interface CopyParts {
  readonly folder: DiskFolder;
  readonly format: CopyFormat;
  readonly tenants: Tenants;
  readonly serverClock: ServerClock;
}

/** A change is written after this time for each entry of the list: a large one is not written for each of many changes. */
const PAUSE_AN_ENTRY_MS = 0.3;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** How much younger than its copy a list may be confirmed, as a share of `maxStalenessMs`: what a restart may lose of it. */
const REFRESH_SHARE = 0.1;
const LONGEST_REFRESH_MS = 3_600_000;

export function createCopyWriter(settings: Settings, events: Emitter, parts: CopyParts): CopyWriter {
  const { deps, tenant, maxTenants, maxStalenessMs } = settings;
  const { folder, format, tenants, serverClock } = parts;
  const refreshMs = Math.max(SHORTEST_PAUSE_MS, Math.min(maxStalenessMs * REFRESH_SHARE, LONGEST_REFRESH_MS));
  /** When the list in each file was confirmed, by the service's clock; the oldest first. */
  const files = new Map<string, number>();
  const distrusted = new Set<string>();
  /** Files to remove, unless another process has written them since: confirmed later than told here. */
  const removals = new Map<string, number>();
  const due = new Set<string>();
  const timers = new Map<string, () => void>();
  let isListed = false;
  let isWorking = false;
  let isClosed = false;
  let isFailing = false;
  let cancelRefresh: (() => void) | undefined;

  async function list(): Promise<void> {
    try {
      await folder.prepare(deps.now());
      await takeStock();
    } catch (error) {
      fail(error);
    }
    isListed = true;
  }

  async function takeStock(): Promise<void> {
    for (const { slug, confirmedAtMs } of await folder.list()) {
      // Those of other tenants are not this client's to touch.
      if (typeof tenant !== 'string' || slug === tenant) files.set(slug, confirmedAtMs);
    }
    tidy();
  }

  function wake(): void {
    if (isWorking) return;
    isWorking = true;
    void work();
  }

  async function work(): Promise<void> {
    await listed;
    for (let step = next(); step !== undefined; step = next()) await step();
    // Before anything else runs: what comes from here on wakes it again.
    isWorking = false;
  }

  /** What is gone first: it may have come back since. */
  function next(): (() => Promise<void>) | undefined {
    const [removal] = removals;
    const [slug] = due;
    if (removal !== undefined) {
      removals.delete(removal[0]);
      return async () => void (await attempt(() => remove(...removal)));
    }
    if (slug === undefined) return undefined;
    due.delete(slug);
    return async () => {
      const isWritten = await attempt(() => write(slug));
      if (!isWritten) writeIn(slug, LONGEST_PAUSE_MS);
    };
  }

  async function attempt(step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      isFailing = false;
      return true;
    } catch (error) {
      fail(error);
      return false;
    }
  }

  /** Once until something succeeds: a full disk would be told at every change. */
  function fail(error: unknown): void {
    if (isFailing) return;
    isFailing = true;
    const detail = `The directory cannot be used (${error instanceof Error ? error.message : 'unknown reason'}).`;
    events.emit('disk', { outcome: 'failed', detail });
  }

  async function remove(slug: string, knownAtMs: number): Promise<void> {
    files.delete(slug);
    const confirmedAtMs = await folder.confirmedAtMs(slug);
    if (confirmedAtMs > knownAtMs) remember(slug, confirmedAtMs);
    else await folder.remove(slug);
  }

  async function write(slug: string): Promise<void> {
    const begun = await folder.read(slug, MAX_HEAD_BYTES).catch(() => undefined);
    const held = tenants.get(slug);
    if (held === undefined || held.isDamaged) return;
    const isTrusted = begun !== undefined && !distrusted.has(slug);
    const onDisk = isTrusted ? format.readHead(begun, slug) : undefined;
    const confirmedAtMs = confirmedAtOf(held);
    if (onDisk !== undefined && isAsNew(onDisk, held, confirmedAtMs)) {
      remember(slug, onDisk.confirmedAtMs);
      return;
    }
    const { chunks } = await format.encode(held.compiled, confirmedAtMs);
    await folder.replace(slug, chunks, confirmedAtMs);
    remember(slug, confirmedAtMs);
  }

  /**
   * Another process that shares the directory may have heard of a change before this one. That both look at once, and the older is
   * written last, mends itself with that change: a lock could stay behind, which would not.
   */
  function isAsNew(onDisk: CopyHead, { compiled }: HeldTenant, confirmedAtMs: number): boolean {
    if (onDisk.lineage !== compiled.lineage) return false;
    if (onDisk.revision !== compiled.revision) return onDisk.revision > compiled.revision;
    const aheadMs = onDisk.confirmedAtMs - confirmedAtMs;
    // Far ahead it was written before a clock was set back, and would be refused.
    return aheadMs >= 0 && aheadMs < refreshMs;
  }

  function confirmedAtOf(held: HeldTenant): number {
    return held.confirmedAtMs + serverClock.offsetMs();
  }

  function remember(slug: string, confirmedAtMs: number): void {
    // Taken out first, so that the map stays in order of age.
    files.delete(slug);
    files.set(slug, confirmedAtMs);
    distrusted.delete(slug);
    tidy();
  }

  /** Files that no list is held for go when they are of no use any more, and the oldest when there are too many. */
  function tidy(): void {
    if (typeof tenant === 'string') return;
    const nowMs = deps.now() + serverClock.offsetMs();
    let excess = files.size - maxTenants;
    for (const [slug, confirmedAtMs] of files) {
      const isOld = nowMs - confirmedAtMs > maxStalenessMs;
      if (tenants.get(slug) !== undefined || (!isOld && excess <= 0)) continue;
      excess -= 1;
      files.delete(slug);
      removals.set(slug, confirmedAtMs);
    }
  }

  /** What is confirmed again and again, and never changes, would grow old on disk. */
  function refresh(): void {
    tidy();
    for (const held of tenants.all()) {
      const onDiskAtMs = files.get(held.slug);
      if (onDiskAtMs === undefined || Math.abs(confirmedAtOf(held) - onDiskAtMs) >= refreshMs)
        due.add(held.slug);
    }
    wake();
    cancelRefresh = deps.after(refreshMs, refresh);
  }

  function writeIn(slug: string, delayMs: number): void {
    if (isClosed || timers.has(slug)) return;
    const write = (): void => {
      timers.delete(slug);
      due.add(slug);
      wake();
    };
    timers.set(slug, deps.after(delayMs, write));
  }

  const listed = list();
  void listed.then(wake);
  cancelRefresh = deps.after(refreshMs, refresh);

  return {
    listed,
    has: (slug) => !isListed || (files.has(slug) && !distrusted.has(slug)),
    distrust: (slug) => void distrusted.add(slug),
    changed(slug) {
      const held = tenants.get(slug);
      if (held === undefined) return;
      const pauseMs = held.compiled.originCount * PAUSE_AN_ENTRY_MS;
      writeIn(slug, Math.min(Math.max(SHORTEST_PAUSE_MS, pauseMs), LONGEST_PAUSE_MS));
    },
    gone(slug) {
      // Made-up names are gone too, and have no file.
      if (isClosed || (!files.has(slug) && isListed && !isWorking)) return;
      files.delete(slug);
      removals.set(slug, Number.POSITIVE_INFINITY);
      wake();
    },
    close() {
      isClosed = true;
      cancelRefresh?.();
      for (const [slug, cancel] of timers) {
        cancel();
        due.add(slug);
      }
      timers.clear();
      wake();
    },
  };
}
