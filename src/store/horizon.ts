import { MAX_AGE_LIMIT_SECONDS } from '@origin-allowlist/client/core';
import { IS_FORGOTTEN, IS_SILENT, SERVES_UNTIL, SILENT_AFTER } from './instance-rows.js';
import type { Rollout, RolloutInstance } from './rollouts.js';
import type { Transaction } from './transaction.js';

/** Until when a browser may go by what it was told before a revision. Instants are ISO 8601 in UTC. */
export interface Horizon extends Pick<Rollout, 'lineage' | 'revision' | 'complete' | 'incompleteBecause'> {
  /** `lastAppliedAt` and `maxAgeSeconds`; `null` while there are blockers. */
  readonly horizonAt: string | null;
  /** When the last instance stopped deciding by an earlier revision; `null` while there are blockers. */
  readonly lastAppliedAt: string | null;
  /** The longest that any policy of the last day let browsers keep a preflight. */
  readonly maxAgeSeconds: number;
  /** Who may still decide by an earlier revision, without end: the first of them. */
  readonly blockers: RolloutInstance[];
  readonly blockerCount: number;
}

/** What browsers take when the header is missing (Fetch §4.8, max-age). */
const DEFAULT_MAX_AGE_SECONDS = 5;

/** The horizon of the revision of `rollout`, read in the same transaction. @throws AppError `store_unavailable`. */
export async function readHorizon(transaction: Transaction, rollout: Rollout): Promise<Horizon> {
  const { tenantId, lineage, revision, complete, incompleteBecause } = rollout;
  const [row] = await transaction.query<{
    readonly lastAppliedAt: Date;
    readonly maxAgeSeconds: number;
    readonly serving: number;
  }>(READ_HORIZON, [tenantId, lineage, revision]);
  if (row === undefined) throw new Error('the horizon has no row');
  const { lastAppliedAt, maxAgeSeconds } = row;
  // One that is silent and refuses when stale blocks nothing: it has an end, and that is in lastAppliedAt.
  const blockers = [...rollout.lagging, ...rollout.silent.filter(({ onStale }) => onStale === 'serve')];
  const blockerCount = rollout.counts.lagging + row.serving;
  const horizonAt = new Date(lastAppliedAt.getTime() + maxAgeSeconds * 1_000);
  return {
    lineage,
    revision,
    horizonAt: blockerCount > 0 ? null : horizonAt.toISOString(),
    lastAppliedAt: blockerCount > 0 ? null : lastAppliedAt.toISOString(),
    maxAgeSeconds,
    complete,
    incompleteBecause,
    blockers,
    blockerCount,
  };
}

// What counts are policies as somebody still told them: those of the last day, and those of every version that was decided by
// since, however old it was.
const READ_HORIZON = `
  WITH written AS (
    SELECT coalesce((SELECT c.at FROM changes c WHERE c.tenant_id = $1 AND c.revision = $3::integer), clock_timestamp()) AS at
  ), held AS (
    SELECT v.lineage, v.revision, i.first_seen_at, i.on_stale, ${IS_SILENT} AS is_silent, ${IS_FORGOTTEN} AS is_forgotten,
      ${SERVES_UNTIL} AS serves_until
    FROM instance_versions v JOIN instances i ON i.id = v.instance_id WHERE v.tenant_id = $1
  ), departed AS (
    SELECT lineage, revision, left_at FROM version_departures WHERE tenant_id = $1
  ), told AS (
    SELECT lineage, revision FROM held WHERE lineage IS NOT NULL UNION ALL SELECT lineage, revision FROM departed
  ), since AS (
    SELECT least(
      coalesce((SELECT c.revision FROM changes c WHERE c.tenant_id = $1 AND c.at <= clock_timestamp() - interval '24 hours'
        ORDER BY c.revision DESC LIMIT 1), 0),
      (SELECT min(revision) FROM told)
    ) AS revision
  ), ages AS (
    SELECT max_age_seconds AS seconds FROM policies WHERE tenant_id = $1
    UNION ALL
    SELECT (operand ->> 'maxAgeSeconds')::integer
    FROM changes c CROSS JOIN LATERAL jsonb_array_elements(c.ops) AS o
      CROSS JOIN LATERAL (VALUES (o -> 'before'), (o -> 'after')) AS operands(operand)
    -- Lists of 100,000 entries hold no policy, and are not unpacked to see that.
    WHERE c.tenant_id = $1 AND c.revision > (SELECT revision FROM since) AND c.action NOT LIKE 'entr%'
      AND o ->> 'subject' = 'policy' AND jsonb_typeof(operand) = 'object'
  )
  SELECT
    greatest(
      (SELECT at FROM written),
      (SELECT max(left_at) FROM departed WHERE lineage <> $2 OR revision < $3::integer),
      (SELECT max(serves_until) FROM held WHERE is_silent AND on_stale = 'refuse'),
      -- It may have decided by an earlier revision before it was known at all.
      (SELECT max(first_seen_at) FROM held, written WHERE first_seen_at BETWEEN at AND at + ${SILENT_AFTER})
    ) AS "lastAppliedAt",
    CASE WHEN EXISTS (SELECT FROM told WHERE lineage <> $2) THEN ${MAX_AGE_LIMIT_SECONDS}
      ELSE least(${MAX_AGE_LIMIT_SECONDS}, (SELECT max(coalesce(seconds, ${DEFAULT_MAX_AGE_SECONDS})) FROM ages)) END AS "maxAgeSeconds",
    (SELECT count(*)::integer FROM held WHERE is_silent AND NOT is_forgotten AND on_stale = 'serve') AS serving`;
