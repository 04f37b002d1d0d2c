import type { Logger } from '../log.js';
import { openAnnouncements } from './announcements.js';
import { createFeed, type Feed, type FeedOptions, type TenantNews } from './feed.js';
import type { Keys } from './keys.js';
import { createLoadLimiter } from './load-limiter.js';
import { createSeal } from './node-secret.js';
import { createPrimary, type SnapshotSource } from './primary.js';
import type { RedisConnection } from './redis-connection.js';
import { createRedisSnapshots } from './redis-snapshots.js';
import { startRepeatingTask } from './repeating-task.js';
import { createReportSignals, type ReportSignals } from './report-signals.js';
import { createSnapshotCache } from './snapshot-cache.js';
import { createSnapshotLoader } from './snapshot-loader.js';
import { createSnapshots, type Snapshots } from './snapshots.js';
import type { TenantMove } from './tenant-version.js';
import { createVersionCheck } from './version-check.js';

const CHECK_INTERVAL_MS = 1_000;
/** A revoked key is refused everywhere within a second, also where the database takes its time. */
const KEY_CHECK_INTERVAL_MS = 500;
/** Tenants loaded at once: the rest of the pool's connections stay with the writes. */
const CONCURRENT_LOADS = 4;
const WAITING_LOADS = 1_000;

/** What {@link openFreshness} stands on. */
export interface FreshnessOptions {
  readonly source: SnapshotSource & Pick<FeedOptions, 'readDelta'>;
  /** Absent: nodes agree by the version check alone. */
  readonly redis: RedisConnection | undefined;
  /** What the nodes sign with. */
  readonly secret: Buffer;
  /** The keys this node has verified: those that were revoked or rotated are forgotten. */
  readonly keys: Pick<Keys, 'forget' | 'forgetChanged'>;
  readonly log: Logger;
}

/** Keeps what this node holds as fresh as DESIGN §7 promises. */
export interface Freshness {
  readonly snapshots: Snapshots;
  readonly feed: Feed;
  /** Who waits for instances hears here of their reports. */
  readonly reports: Pick<ReportSignals, 'reported' | 'listen'>;
  /**
   * To be called right after a commit and before the write is answered: from its return on this node reads that
   * version or a later one. Its followers and other nodes are told without waiting for them.
   */
  tenantMoved(news: TenantNews): void;
  /** The same for a key that was revoked or rotated; the caller has dropped it here. */
  keyChanged(hash: string): void;
  /** Stops the checks. Nothing may be called after it. */
  close(): Promise<void>;
}

/** Subscribes, and starts the one-second check. */
export function openFreshness({ source, redis, secret, keys, log }: FreshnessOptions): Freshness {
  const now = () => performance.now();
  const kept =
    redis === undefined ? undefined : createRedisSnapshots({ redis, seal: createSeal(secret, 'cache'), log });
  const primary = createPrimary(source, log);
  const limiter = createLoadLimiter({ concurrent: CONCURRENT_LOADS, waiting: WAITING_LOADS });
  const load = createSnapshotLoader({ primary, redis: kept, log });
  const cache = createSnapshotCache({ load: (slug) => limiter.run(() => load(slug)), now });
  const check = createVersionCheck({ cache, primary, redis: kept, now });
  const feed = createFeed({ primary, readDelta: source.readDelta, log, now });

  const reports = createReportSignals({ publish: (tenantIds) => announcements?.reported(tenantIds), now });

  const checking = startRepeatingTask({
    name: 'version check',
    intervalMs: CHECK_INTERVAL_MS,
    log,
    task: async () => {
      await check.run();
      await feed.check();
      primary.isBack();
    },
  });
  const checkingKeys = startRepeatingTask({
    name: 'key check',
    intervalMs: KEY_CHECK_INTERVAL_MS,
    log,
    task: keys.forgetChanged,
  });
  redis?.onReconnect(() => {
    check.redisIsBack();
    checking.soon();
    checkingKeys.soon();
  });

  // Every node raises the version in Redis, not only the writer: any one that hears of a move repairs what another's
  // lost connection left there.
  function drop(move: TenantMove): void {
    cache.invalidate(move);
    void kept?.invalidate(move);
  }
  function hear(news: TenantNews): void {
    drop(news.move);
    if (news.ack) reports.expect(news.move.tenantId);
    feed.hear(news);
  }
  const listeners = { onTenantMoved: hear, onKeyChanged: keys.forget, onReported: reports.heard };
  const announcements =
    redis === undefined
      ? undefined
      : openAnnouncements(redis, createSeal(secret, 'announcement'), listeners, log);

  return {
    snapshots: createSnapshots({ cache, check, primary, redis: kept, log }),
    feed,
    reports,
    tenantMoved(news) {
      primary.isBack();
      drop(news.move);
      announcements?.tenantMoved(news);
      // After the write was answered: a thousand followers are told one after the other.
      setImmediate(() => feed.hear(news));
    },
    keyChanged(hash) {
      announcements?.keyChanged(hash);
    },
    async close() {
      await Promise.all([checking.stop(), checkingKeys.stop()]);
    },
  };
}
