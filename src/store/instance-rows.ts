import type { Transaction } from './transaction.js';

/** How often an SDK reports, give or take a fifth. */
const HEARTBEAT_SECONDS = 30;
/** Not heard of for this long, an instance is silent. */
export const SILENT_AFTER = `interval '${3 * HEARTBEAT_SECONDS} seconds'`;
/** Added to what an instance says of itself: its last contact may be later than its last report by about that. */
export const STALENESS_MARGIN = `interval '${3 * HEARTBEAT_SECONDS} seconds'`;
/** What is taken for the staleness of an instance that has not told it: the SDK's default. */
export const DEFAULT_STALENESS_MS = 24 * 3_600_000;

/** Until when an instance `i` that refuses when stale may still have answered. */
export const SERVES_UNTIL = `i.last_seen_at + i.max_staleness_ms * interval '1 millisecond' + ${STALENESS_MARGIN}`;

/** Whether an instance `i` needs no remembering: it refuses when stale, and by now it is. */
export const IS_FORGOTTEN = `i.on_stale = 'refuse' AND ${SERVES_UNTIL} < clock_timestamp()`;

export const IS_SILENT = `i.last_seen_at < clock_timestamp() - ${SILENT_AFTER}`;

/**
 * For how long somebody who is not in the registry may go on, by the tally `y` of the tenant and what is `registered` at the
 * moment. What the first one told is not taken for the longest before the others had the time to report.
 */
export const longestStaleness = (
  registered: string,
): string => `greatest(${STALENESS_MARGIN}, interval '1 millisecond' * greatest(
    ${registered}, y.longest_staleness_ms,
    CASE WHEN y.first_report_at < clock_timestamp() - ${STALENESS_MARGIN} THEN 0 ELSE ${DEFAULT_STALENESS_MS} END))`;

/**
 * What follows when rows of `instance_versions` come and go, as further parts of a WITH that has `counts(tenant_id, registered,
 * forgotten)` and `gone(tenant_id, lineage, revision, left_at)`. Sorted, so that two of them never wait for each other.
 *
 * @param staleness what the instance told, in milliseconds.
 */
export const settle = (staleness = 'NULL::bigint'): string => `tallied AS (
    INSERT INTO instance_tallies AS t (tenant_id, registered, forgotten, longest_staleness_ms, first_report_at)
    SELECT tenant_id, sum(registered), sum(forgotten), ${staleness}, CASE WHEN ${staleness} IS NOT NULL THEN clock_timestamp() END
    FROM counts GROUP BY tenant_id ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE
    SET registered = t.registered + excluded.registered, forgotten = t.forgotten + excluded.forgotten,
      longest_staleness_ms = greatest(t.longest_staleness_ms, excluded.longest_staleness_ms),
      first_report_at = coalesce(t.first_report_at, excluded.first_report_at)
  ), departed AS (
    INSERT INTO version_departures AS d (tenant_id, lineage, revision, left_at)
    SELECT g.tenant_id, g.lineage, g.revision, g.left_at FROM (
      SELECT tenant_id, lineage, revision, date_trunc('second', max(left_at)) + interval '1 second' AS left_at
      FROM gone WHERE lineage IS NOT NULL GROUP BY tenant_id, lineage, revision
    ) g
    -- To the second, upwards: of a thousand instances that leave a version together most find their row written.
    WHERE NOT EXISTS (SELECT FROM version_departures e WHERE e.tenant_id = g.tenant_id AND e.lineage = g.lineage
      AND e.revision = g.revision AND e.left_at >= g.left_at)
    ORDER BY g.tenant_id, g.lineage, g.revision
    ON CONFLICT (tenant_id, lineage, revision) DO UPDATE SET left_at = greatest(d.left_at, excluded.left_at)
  )`;

/**
 * Forgets the instances that `due` selects, as `SELECT i.id, … AS left_at FROM instances i … FOR UPDATE`.
 *
 * @returns Ids of the tenants they served.
 */
export async function forgetInstances(
  transaction: Transaction,
  due: string,
  values: readonly unknown[] = [],
): Promise<readonly string[]> {
  const found = await transaction.query<{ readonly tenantId: string }>(
    `WITH due AS (${due}), gone AS (
       DELETE FROM instance_versions v USING due WHERE v.instance_id = due.id
       RETURNING v.tenant_id, v.lineage, v.revision, due.left_at
     ), counts AS (
       SELECT tenant_id, 0 AS registered, count(*) AS forgotten FROM gone GROUP BY tenant_id
     ), ${settle()}, deleted AS (DELETE FROM instances USING due WHERE instances.id = due.id)
     SELECT DISTINCT tenant_id AS "tenantId" FROM gone`,
    values,
  );
  return found.map(({ tenantId }) => tenantId);
}
