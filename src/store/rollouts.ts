import { AppError } from '../errors.js';
import type { Database } from './database.js';
import { inFairTime } from './fair-timeout.js';
import { type Horizon, readHorizon } from './horizon.js';
import { IS_FORGOTTEN, IS_SILENT, longestStaleness } from './instance-rows.js';
import { createLoadLimiter } from './load-limiter.js';
import type { ReportSignals } from './report-signals.js';
import { type RolloutProgress, untilApplied, type WaitLimits } from './rollout-wait.js';
import { requireSlug, tenantNotFound } from './tenant-lock.js';
import type { TenantScope } from './tenants.js';
import type { Transaction } from './transaction.js';

/** One instance as callers see it, with the version of the tenant by which it decides. */
export interface RolloutInstance {
  readonly id: string;
  /** The actor that its key is in the trail. */
  readonly key: string;
  readonly instance: string;
  readonly service: string | null;
  readonly sdk: string | null;
  readonly transport: 'stream' | 'poll';
  readonly onStale: 'serve' | 'refuse';
  readonly maxStalenessMs: number;
  /** `null` = it holds nothing of the tenant and refuses. */
  readonly lineage: string | null;
  readonly revision: number | null;
  /** When it first told of this version: at the latest then it decided by it. */
  readonly appliedAt: string;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
}

/** What an instance is to a revision; see docs/rollout.md. */
export type RolloutState = 'applied' | 'lagging' | 'silent';

/** Why it cannot be said that nobody is missing. */
export type IncompleteReason = 'registry_young' | 'rows_lost' | 'over_cap' | 'lineage_renewed';

/** How far a revision has come. */
export interface RolloutHead {
  readonly tenantId: string;
  readonly lineage: string;
  readonly revision: number;
  readonly counts: Readonly<Record<RolloutState, number>>;
  /** Whether all who may hold the tenant are counted. */
  readonly complete: boolean;
  readonly incompleteBecause: IncompleteReason[];
}

/** The same with names: of each state the first 200, the longest unheard of first. */
export interface Rollout extends RolloutHead, Readonly<Record<RolloutState, RolloutInstance[]>> {}

/** Who has applied what. Every method: AppError `store_unavailable`, `tenant_not_found`, `revision_not_reached`. */
export interface Rollouts {
  /** @param revision absent = the tenant's own. */
  get(slug: string, revision: number | undefined, scope: TenantScope): Promise<Rollout>;
  /** Until when what was told of earlier revisions may still be in a browser. */
  horizon(slug: string, revision: number | undefined, scope: TenantScope): Promise<Horizon>;
  /**
   * Waits until nobody lags behind a revision and says how things stand then, or when the time is over. Who is silent is not
   * waited for.
   */
  awaitApplied(
    slug: string,
    revision: number,
    limits: WaitLimits,
    scope: TenantScope,
  ): Promise<RolloutProgress>;
}

/** Named of each state; the counts are of all. */
const LISTED_INSTANCES = 200;
/** Looks of waiting writers at once: the rest of the pool's connections stay with the writes. */
const CONCURRENT_LOOKS = 2;
const WAITING_LOOKS = 2_000;
const LOOK_TIMEOUT_MS = 1_500;
/** Writers whose time is over together take turns: the last of a thousand may wait this long for its names. */
const LIST_TIMEOUT_MS = 5_000;

export function createRollouts(db: Database, reports: Pick<ReportSignals, 'listen'>): Rollouts {
  const limiter = createLoadLimiter({ concurrent: CONCURRENT_LOOKS, waiting: WAITING_LOOKS });
  const get: Rollouts['get'] = (slug, revision, scope) =>
    db.readConsistently((transaction) => readRollout(transaction, slug, revision, scope));

  function inTurn<T>(timeoutMs: number, read: () => Promise<T>): Promise<T> {
    const dueMs = performance.now() + timeoutMs;
    const reading = limiter.run(() => {
      // In an outage, what nobody waits for any more would hold up the rest.
      if (performance.now() > dueMs)
        throw new AppError('store_unavailable', 'The rollout could not be read.');
      return read();
    });
    return inFairTime(reading, timeoutMs);
  }

  return {
    get,
    horizon: (slug, revision, scope) =>
      db.readConsistently(async (transaction) =>
        readHorizon(transaction, await readRollout(transaction, slug, revision, scope)),
      ),
    awaitApplied: (slug, revision, limits, scope) =>
      untilApplied({
        ...limits,
        look: async () => {
          const values = [slug, scope.tenantIds, revision];
          const [row] = await inTurn(LOOK_TIMEOUT_MS, () => db.query<HeadRow>(READ_HEAD, values));
          return toHead(slug, revision, row);
        },
        list: () => inTurn(LIST_TIMEOUT_MS, () => get(slug, revision, scope)),
        reports,
      }),
  };
}

async function readRollout(
  transaction: Transaction,
  slug: string,
  revision: number | undefined,
  { tenantIds }: TenantScope,
): Promise<Rollout> {
  requireSlug(slug);
  const [row] = await transaction.query<HeadRow>(READ_HEAD, [slug, tenantIds, revision]);
  const head = toHead(slug, revision, row);
  const found = await transaction.query<ListedRow>(READ_LISTS, [
    head.tenantId,
    head.revision,
    LISTED_INSTANCES,
  ]);
  const listed = (state: RolloutState) =>
    found.filter((instance) => instance.state === state).map(toInstance);
  return { ...head, applied: listed('applied'), lagging: listed('lagging'), silent: listed('silent') };
}

type HeadRow = Readonly<Record<RolloutState, number>> & {
  readonly tenantId: string;
  readonly lineage: string;
  readonly current: number;
  readonly reasons: IncompleteReason[];
};

function toHead(slug: string, revision: number | undefined, row: HeadRow | undefined): RolloutHead {
  if (row === undefined) throw tenantNotFound(slug);
  const { tenantId, lineage, current, reasons, applied, lagging, silent } = row;
  if (revision !== undefined && revision > current) {
    throw new AppError('revision_not_reached', `The tenant is at revision ${current}.`, {
      extra: { revision: current },
    });
  }
  return {
    tenantId,
    lineage,
    revision: revision ?? current,
    counts: { applied, lagging, silent },
    complete: reasons.length === 0,
    incompleteBecause: reasons,
  };
}

interface ListedRow extends Omit<RolloutInstance, 'appliedAt' | 'firstSeenAt' | 'lastSeenAt'> {
  readonly state: RolloutState;
  readonly appliedAt: Date;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
}

function toInstance({ state: _state, ...row }: ListedRow): RolloutInstance {
  return {
    ...row,
    appliedAt: row.appliedAt.toISOString(),
    firstSeenAt: row.firstSeenAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
  };
}

// Silence goes before what was applied: the process may have been started again from its disk, without a way to say so, and
// then its silence is all that is known of it. A revision that the tenant has not reached proves nothing: reports follow
// commits, so it was made up, or is of a database that was restored since.
const stateAt = (revision: string): string => `CASE
  WHEN ${IS_FORGOTTEN} THEN NULL
  WHEN ${IS_SILENT} THEN 'silent'
  WHEN v.lineage = t.lineage AND v.revision BETWEEN ${revision} AND t.revision THEN 'applied'
  ELSE 'lagging' END AS state`;

const READ_HEAD = `
  SELECT t.id AS "tenantId", t.lineage, t.revision AS current, s.applied, s.lagging, s.silent,
    array_remove(ARRAY[
      CASE WHEN r.born_at IS NULL OR r.born_at + k.staleness > clock_timestamp() THEN 'registry_young' END,
      CASE WHEN s.found <> coalesce(y.registered - y.forgotten, 0) OR y.lost_at + k.staleness > clock_timestamp()
        THEN 'rows_lost' END,
      CASE WHEN y.refused_until > clock_timestamp() OR EXISTS (
        SELECT FROM instance_refusals f WHERE f.tenant_id = t.id AND f.refused_until > clock_timestamp()
      ) THEN 'over_cap' END,
      CASE WHEN l.renewed_at + k.staleness > clock_timestamp() THEN 'lineage_renewed' END
    ], NULL) AS reasons
  FROM tenants t
  LEFT JOIN instance_registry r ON true
  LEFT JOIN instance_tallies y ON y.tenant_id = t.id
  -- After a restore the rows are those of the backup: who came later is not among them.
  LEFT JOIN LATERAL (
    SELECT coalesce((SELECT min(c.at) FROM changes c WHERE c.tenant_id = t.id AND c.lineage = t.lineage), clock_timestamp())
      AS renewed_at
    FROM changes first WHERE first.tenant_id = t.id AND first.revision = 1 AND first.lineage <> t.lineage
  ) l ON true
  CROSS JOIN LATERAL (
    SELECT count(*) AS found, count(*) FILTER (WHERE state = 'applied')::integer AS applied,
      count(*) FILTER (WHERE state = 'lagging')::integer AS lagging,
      count(*) FILTER (WHERE state = 'silent')::integer AS silent,
      max(max_staleness_ms) FILTER (WHERE state IS NOT NULL) AS longest
    FROM (
      SELECT i.max_staleness_ms, ${stateAt('coalesce($3::integer, t.revision)')}
      FROM instance_versions v JOIN instances i ON i.id = v.instance_id WHERE v.tenant_id = t.id
    ) h
  ) s
  CROSS JOIN LATERAL (SELECT ${longestStaleness('s.longest')} AS staleness) k
  WHERE t.slug = $1 AND t.deleted_at IS NULL AND ($2::uuid[] IS NULL OR t.id = ANY($2))`;

const READ_LISTS = `
  SELECT id, key, instance, service, sdk, transport, "onStale", "maxStalenessMs", lineage, revision, "appliedAt", "firstSeenAt",
    "lastSeenAt", state
  FROM (
    SELECT h.*, row_number() OVER (PARTITION BY state ORDER BY "lastSeenAt", id) AS place FROM (
      SELECT i.id, i.key_id AS key, i.instance, i.service, i.sdk, i.transport, i.on_stale AS "onStale",
        i.max_staleness_ms::float8 AS "maxStalenessMs", v.lineage, v.revision, v.applied_at AS "appliedAt",
        i.first_seen_at AS "firstSeenAt", i.last_seen_at AS "lastSeenAt", ${stateAt('$2')}
      FROM tenants t JOIN instance_versions v ON v.tenant_id = t.id JOIN instances i ON i.id = v.instance_id
      WHERE t.id = $1
    ) h WHERE state IS NOT NULL
  ) listed WHERE place <= $3 ORDER BY place`;
