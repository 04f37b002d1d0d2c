import type { Primary } from './primary.js';
import type { RedisSnapshots } from './redis-snapshots.js';
import type { CachedSnapshot, SnapshotCache } from './snapshot-cache.js';
import { isSameVersion, type TenantVersion } from './tenant-version.js';

const VERSIONS_PER_STATEMENT = 5_000;
/** How often a body in Redis gets another hour. Well below it, so that a few lost rounds cost nothing. */
const CONFIRM_EVERY_MS = 600_000;
const CONFIRMED_PER_ROUND = 100;
/** Body text put back into an emptied Redis per round, in UTF-16 units (and one body more). */
const RESTORED_LENGTH_PER_ROUND = 8_388_608;

/** What {@link createVersionCheck} compares. */
export interface VersionCheckOptions {
  readonly cache: SnapshotCache;
  readonly primary: Pick<Primary, 'probeVersions'>;
  readonly redis: RedisSnapshots | undefined;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** Finds what no announcement told: the versions held in memory against those of the primary. */
export interface VersionCheck {
  /**
   * Compares snapshots taken from the cache, drops those that differ and gives the others. Rejects when the primary does
   * not answer.
   */
  compare(snapshots: readonly CachedSnapshot[]): Promise<readonly CachedSnapshot[]>;
  /** One round: compares all that is held, then gives the bodies in Redis that are due another hour. */
  run(): Promise<void>;
  /** Redis may have lost everything: what memory holds is offered again, a bounded amount per round. */
  redisIsBack(): void;
}

/** Compares nothing by itself; the caller says when. */
export function createVersionCheck({ cache, primary, redis, now }: VersionCheckOptions): VersionCheck {
  let confirmedAtMs = new WeakMap<CachedSnapshot, number>();

  async function compare(snapshots: readonly CachedSnapshot[]): Promise<readonly CachedSnapshot[]> {
    const confirmed: CachedSnapshot[] = [];
    for (let start = 0; start < snapshots.length; start += VERSIONS_PER_STATEMENT) {
      const chunk = snapshots.slice(start, start + VERSIONS_PER_STATEMENT);
      const versions = await primary.probeVersions(chunk.map(({ slug }) => slug));
      for (const snapshot of chunk) {
        const current = versions.get(snapshot.slug);
        if (current !== undefined && isSameVersion(current, snapshot.version)) confirmed.push(snapshot);
        else discard(snapshot, current);
      }
    }
    return confirmed;
  }

  // Any difference is stale: after a restore of the database the primary's revision may be the lower one.
  function discard(snapshot: CachedSnapshot, current: TenantVersion | undefined): void {
    cache.discard(snapshot);
    const { slug, version } = snapshot;
    const isSameTenant = current?.tenantId === version.tenantId;
    void redis?.invalidate({ slug, ...(isSameTenant ? current : version), deleted: !isSameTenant });
  }

  function isDue(snapshot: CachedSnapshot): boolean {
    const atMs = confirmedAtMs.get(snapshot);
    return atMs === undefined || now() - atMs >= CONFIRM_EVERY_MS;
  }

  async function confirm(kept: RedisSnapshots, snapshots: readonly CachedSnapshot[]): Promise<void> {
    const due = snapshots.filter(isDue).slice(0, CONFIRMED_PER_ROUND);
    const answers = await Promise.all(due.map((snapshot) => kept.confirm(snapshot.slug, snapshot)));
    let restoredLength = 0;
    for (const [index, snapshot] of due.entries()) {
      if (answers[index] === undefined) continue;
      if (answers[index] === false) {
        if (restoredLength > RESTORED_LENGTH_PER_ROUND) continue;
        restoredLength += snapshot.body.length;
        await kept.store(snapshot.slug, snapshot);
      }
      confirmedAtMs.set(snapshot, now());
    }
  }

  return {
    compare,
    async run() {
      await redis?.resendInvalidations();
      const confirmed = await compare(cache.held());
      if (redis !== undefined) await confirm(redis, confirmed);
    },
    redisIsBack() {
      confirmedAtMs = new WeakMap();
    },
  };
}
