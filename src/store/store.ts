import { DEFAULT_QUOTAS, type Quotas } from '../limits.js';
import type { Logger } from '../log.js';
import { type CommittedWrite, createChangeLog } from './change-log.js';
import { type Changes, createChanges } from './changes.js';
import { type Counts, createCounts } from './counts.js';
import { openDatabase } from './database.js';
import { readDelta, toDeltaOperations } from './delta.js';
import { createEntries, type Entries } from './entries.js';
import { startExpiry } from './expiry.js';
import type { Feed, TenantNews } from './feed.js';
import { openFreshness } from './freshness.js';
import { createHealth, type Health } from './health.js';
import { createHistory, type History } from './history.js';
import { startInstanceSweep } from './instance-sweep.js';
import { createInstances, type Instances } from './instances.js';
import { createKeys, type Keys } from './keys.js';
import { applyMigrations } from './migrations.js';
import { readNodeSecret } from './node-secret.js';
import { createPolicies, type Policies } from './policies.js';
import { openRedis } from './redis-connection.js';
import { createRefusedWrites, type RefusedWrites } from './refused-writes.js';
import { createRollouts, type Rollouts } from './rollouts.js';
import { readSnapshot, readVersions } from './snapshot-row.js';
import type { Snapshots } from './snapshots.js';
import type { TenantMove } from './tenant-version.js';
import { createTenants, type Tenants } from './tenants.js';
import { createTrail, type Trail } from './trail.js';
import { createTrailCheck, type TrailCheck } from './trail-check.js';

export type { Counts } from './counts.js';
export { refuseUnknownPolicies } from './entry-input.js';
export type { EntryLimits } from './entry-limits.js';
export type { FeedEvent, FollowedTenant } from './feed.js';
export { keyActor } from './key-rows.js';
export { KEY_SCOPES, type KeyScope } from './key-scope.js';
export type { ListReview, ListWrite } from './list-review.js';
export type { Moment } from './moments.js';
export type { PolicyWrite } from './policies.js';
export type { EntryRow } from './rows.js';
export { tenantNotFound } from './tenant-lock.js';
export { isInScope } from './tenants.js';
export type { TrailQuery } from './trail.js';
export type { Usage } from './usage.js';

/** Where a store lives. */
export interface StoreOptions {
  /** PostgreSQL: the truth. */
  readonly databaseUrl: string;
  /** Redis: tells other nodes of writes and keeps snapshots. Absent: nodes agree by comparing every second. */
  readonly redisUrl?: string | undefined;
  /** What nodes sign with what they keep in Redis and announce there. Absent: with a secret kept in the database. */
  readonly cacheSecret?: string | undefined;
  /** Those left out are {@link DEFAULT_QUOTAS}. */
  readonly quotas?: Partial<Quotas> | undefined;
  readonly log: Logger;
  /** Milliseconds since the epoch, for what expires. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** Connections to PostgreSQL at most. Default 10. */
  readonly poolSize?: number | undefined;
}

/** Everything the service keeps. Calls may overlap; a write that was answered is seen by every later call. */
export interface Store {
  readonly tenants: Tenants;
  readonly entries: Entries;
  readonly policies: Policies;
  readonly changes: Changes;
  /** What tenants had at any revision, and the way back. */
  readonly history: History;
  readonly trail: Trail;
  readonly trailCheck: TrailCheck;
  /** Counts the writes that HTTP refuses. */
  readonly refusedWrites: RefusedWrites;
  readonly keys: Keys;
  readonly snapshots: Snapshots;
  /** Every step of the tenants that are followed. */
  readonly feed: Feed;
  /** The running SDKs, and what each decides by. */
  readonly instances: Instances;
  /** Who has applied which revision. */
  readonly rollouts: Rollouts;
  /** How often callers called, on all nodes. */
  readonly counts: Counts;
  /** What answers now. Never rejects; within two seconds. */
  health(): Promise<Health>;
  /** Stops the timers and closes every connection. */
  close(): Promise<void>;
}

/**
 * Brings the database up to date and opens the store. Redis may be away; the database may not.
 *
 * @throws MigrationError, when the database cannot be reached or brought up to date.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, redisUrl, cacheSecret, quotas, log, now = Date.now, poolSize } = options;
  await applyMigrations({ databaseUrl, log });
  const db = await openDatabase({ databaseUrl, log, poolSize });
  const changeLog = createChangeLog(db, { ...DEFAULT_QUOTAS, ...quotas }, log);
  const keys = createKeys(db, log, now);
  const redis = redisUrl === undefined ? undefined : await openRedis({ url: redisUrl, log });
  const counts = createCounts({ redis, now: () => performance.now() });
  const freshness = openFreshness({
    source: {
      readSnapshot: (slug) => readSnapshot(db, slug),
      readVersions: (slugs) => readVersions(db, slugs),
      readDelta: (from) => readDelta(db, from),
    },
    redis,
    secret: await readNodeSecret(db, cacheSecret),
    keys,
    log,
  });
  changeLog.onCommitted((move, { operations, entryCount: count, ack }) => {
    freshness.tenantMoved({ move, ack, ...deltaOf(move, operations, count, log) });
  });
  keys.onChanged(freshness.keyChanged);
  const trail = createTrail(db);
  const refusedWrites = createRefusedWrites(db, log, now);
  const expiry = startExpiry(db, changeLog, log, now);
  const sweep = startInstanceSweep(db, log);

  return {
    tenants: createTenants(db, changeLog),
    entries: createEntries(db, changeLog, now),
    policies: createPolicies(db, changeLog),
    changes: createChanges(db, trail),
    trail,
    trailCheck: createTrailCheck(db),
    history: createHistory(db, changeLog),
    refusedWrites,
    keys,
    snapshots: freshness.snapshots,
    feed: freshness.feed,
    instances: createInstances(db, freshness.reports.reported),
    rollouts: createRollouts(db, freshness.reports),
    counts,
    health: createHealth(db, redis),
    async close() {
      counts.close();
      await Promise.all([expiry.stop(), sweep.stop(), refusedWrites.close(), freshness.close()]);
      redis?.close();
      await db.close();
    },
  };
}

/** A delta that cannot be made is left out: the write is told of all the same, and followers are led on from the trail. */
function deltaOf(
  { revision }: TenantMove,
  operations: CommittedWrite['operations'],
  count: number,
  log: Logger,
): Pick<TenantNews, 'delta'> {
  try {
    const ops = toDeltaOperations(operations);
    return ops === undefined ? {} : { delta: { from: revision - 1, to: revision, ops, count } };
  } catch (error) {
    log.error({ err: error, revision }, 'a write could not be made a delta');
    return {};
  }
}
