import type { Logger } from '../log.js';
import { createCircuitBreaker } from './circuit-breaker.js';
import { inFairTime } from './fair-timeout.js';
import type { SnapshotRow, VersionRow } from './snapshot-row.js';
import type { TenantVersion } from './tenant-version.js';

/** What the caches read. Every call must reach the Postgres primary, never a replica, and see what is committed. */
export interface SnapshotSource {
  /** The snapshot of the live tenant with this slug, all of one revision; `undefined` = there is none. */
  readonly readSnapshot: (slug: string) => Promise<SnapshotRow | undefined>;
  /** The versions of the live tenants with these slugs, in one statement; the others are missing. */
  readonly readVersions: (slugs: readonly string[]) => Promise<readonly VersionRow[]>;
}

/**
 * One index look-up: half a second without an answer is a primary that hangs. Short, because every read of a tenant
 * that is not in memory waits for it before Redis is asked alone.
 */
const VERSION_READ_TIMEOUT_MS = 500;
/** A list of 100,000 entries on a busy server. Only begun after the version was read, so not when Postgres hangs. */
const SNAPSHOT_READ_TIMEOUT_MS = 5_000;
/** For the periodic comparison, for which nobody waits. */
const PROBE_TIMEOUT_MS = 1_000;
const BREAKER_FAILURES = 2;
const BREAKER_OPEN_MS = 500;

/** {@link SnapshotSource} with bounded waits; calls are refused at once for half a second after two failed in a row. */
export interface Primary {
  readonly readSnapshot: SnapshotSource['readSnapshot'];
  /** By slug; one that is missing from the map is no tenant's. */
  readonly readVersions: (slugs: readonly string[]) => Promise<ReadonlyMap<string, TenantVersion>>;
  /** Like `readVersions`, but waiting longer, and tried even while calls are refused. */
  readonly probeVersions: Primary['readVersions'];
  /** News that the primary answers: nothing is refused any more. */
  isBack(): void;
}

/** Puts deadlines and a circuit breaker before the primary. Losing and finding it is logged once each. */
export function createPrimary(source: SnapshotSource, log: Logger): Primary {
  const breaker = createCircuitBreaker({
    failures: BREAKER_FAILURES,
    openMs: BREAKER_OPEN_MS,
    now: () => performance.now(),
    onChange: (state, cause) => {
      if (state === 'closed') log.info({}, 'postgres is back');
      else
        log.warn(
          { err: cause },
          'postgres is away: tenants that are not in memory are read from redis alone',
        );
    },
  });

  async function readVersions(slugs: readonly string[], timeoutMs: number) {
    const rows = await inFairTime(source.readVersions(slugs), timeoutMs);
    return new Map(rows.map(({ slug, ...version }) => [slug, version]));
  }

  return {
    readVersions: (slugs) => breaker.run(() => readVersions(slugs, VERSION_READ_TIMEOUT_MS)),
    readSnapshot: (slug) =>
      breaker.run(() => inFairTime(source.readSnapshot(slug), SNAPSHOT_READ_TIMEOUT_MS)),
    probeVersions: (slugs) => readVersions(slugs, PROBE_TIMEOUT_MS),
    isBack: breaker.reset,
  };
}
