import type { Logger } from '../log.js';
import type { Database } from './database.js';
import { forgetInstances, IS_FORGOTTEN, SERVES_UNTIL } from './instance-rows.js';
import { type RepeatingTask, startRepeatingTask } from './repeating-task.js';

const SWEEP_INTERVAL_MS = 60_000;
const MAX_INSTANCES_PER_SWEEP = 1_000;
/** A day, the longest that a browser keeps a preflight, and an hour. */
const KEPT_FOR = `interval '25 hours'`;

/** Starts the job that tidies the registry, each minute; nodes may run it at once. */
export function startInstanceSweep(db: Database, log: Logger): RepeatingTask {
  return startRepeatingTask({
    name: 'sweep of the instances',
    intervalMs: SWEEP_INTERVAL_MS,
    log,
    task: () => sweepInstances(db),
  });
}

/**
 * Forgets instances that refuse by now, and what no rollout asks for any more. Rows that are missing are noted, so that
 * rollouts stay incomplete until nobody who was in them can still be served by what they held.
 *
 * @throws AppError `store_unavailable`.
 */
export async function sweepInstances(db: Database): Promise<void> {
  await db.write((transaction) => forgetInstances(transaction, STALE_INSTANCES));
  // Each by itself: what one has locked, reports wait for.
  for (const statement of [
    NOTE_LOSSES,
    NOTE_LOST_TALLIES,
    RENEW_REGISTRY,
    PRUNE_DEPARTURES,
    PRUNE_INSTANCES,
    PRUNE_REFUSALS,
  ]) {
    await db.write((transaction) => transaction.query(statement));
  }
}

const STALE_INSTANCES = `SELECT i.id, ${SERVES_UNTIL} AS left_at FROM instances i WHERE ${IS_FORGOTTEN}
  ORDER BY i.id LIMIT ${MAX_INSTANCES_PER_SWEEP} FOR UPDATE SKIP LOCKED`;

// Compared again as it is written: a report may have come in between.
const NOTE_LOSSES = `
  UPDATE instance_tallies t SET lost_at = clock_timestamp(), registered = t.forgotten + c.found
  FROM (
    SELECT y.tenant_id, y.registered - y.forgotten AS expected,
      (SELECT count(*) FROM instance_versions v WHERE v.tenant_id = y.tenant_id) AS found
    FROM instance_tallies y
  ) c
  WHERE c.tenant_id = t.tenant_id AND c.found <> c.expected AND t.registered - t.forgotten = c.expected`;

const NOTE_LOST_TALLIES = `
  INSERT INTO instance_tallies (tenant_id, registered, forgotten, lost_at)
  SELECT tenant_id, count(*), 0, clock_timestamp() FROM instance_versions v
  WHERE NOT EXISTS (SELECT FROM instance_tallies t WHERE t.tenant_id = v.tenant_id)
  GROUP BY tenant_id ON CONFLICT DO NOTHING`;

const RENEW_REGISTRY = `INSERT INTO instance_registry (born_at) VALUES (clock_timestamp()) ON CONFLICT DO NOTHING`;

const PRUNE_DEPARTURES = `DELETE FROM version_departures WHERE left_at < clock_timestamp() - ${KEPT_FOR}`;

const PRUNE_REFUSALS = 'DELETE FROM instance_refusals WHERE refused_until < clock_timestamp()';

/** Those that hold no tenant are in no rollout. */
const PRUNE_INSTANCES = `DELETE FROM instances i
  WHERE (i.last_seen_at < clock_timestamp() - ${KEPT_FOR} OR i.bye_at < clock_timestamp() - interval '1 minute')
  AND NOT EXISTS (SELECT FROM instance_versions v JOIN tenants t ON t.id = v.tenant_id
    WHERE v.instance_id = i.id AND t.deleted_at IS NULL)`;
