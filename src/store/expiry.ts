import { randomUUID } from 'node:crypto';
import type { Logger } from '../log.js';
import type { ChangeLog } from './change-log.js';
import type { Database } from './database.js';
import { applyEdits } from './entry-rows.js';
import type { Entry } from './generated/client.js';
import { startRepeatingTask } from './repeating-task.js';
import { ENTRY_COLUMNS, toEntryRow } from './rows.js';

/** How long an entry stays in the list after it expired: it matches nothing, and an admin can still extend it. */
export const KEPT_AFTER_EXPIRY_MS = 7 * 24 * 3_600_000;
/** Entries looked at in one run, over all tenants, the longest expired first; the next run takes the next ones. */
const MAX_ENTRIES_PER_RUN = 10_000;
const RUN_INTERVAL_MS = 3_600_000;

/** The job that clears away entries that expired long ago. */
export interface Expiry {
  /**
   * Removes entries that expired more than seven days before `nowMs`, a bounded number: one change by `system` per tenant.
   * Nodes may run it at once: who comes second finds nothing.
   *
   * @returns How many were removed.
   * @throws AppError `store_unavailable`.
   */
  removeExpired(nowMs: number): Promise<number>;
  /** Stops the timer and waits for a run under way. */
  stop(): Promise<void>;
}

/** Starts the job: it runs hourly, first in an hour. */
export function startExpiry(db: Database, changeLog: ChangeLog, log: Logger, now: () => number): Expiry {
  const task = startRepeatingTask({
    name: 'removal of expired entries',
    intervalMs: RUN_INTERVAL_MS,
    log,
    task: async () => {
      const removed = await removeExpired(now());
      if (removed > 0) log.info({ removed }, 'removed expired entries');
    },
  });

  async function removeExpired(nowMs: number): Promise<number> {
    const before = new Date(nowMs - KEPT_AFTER_EXPIRY_MS);
    const tenants = await db.query<{ readonly slug: string }>(
      `SELECT DISTINCT slug FROM (
         SELECT t.slug FROM entries e JOIN tenants t ON t.id = e.tenant_id
         WHERE e.expires_at < $1 AND t.deleted_at IS NULL ORDER BY e.expires_at LIMIT $2
       ) AS oldest`,
      [before, MAX_ENTRIES_PER_RUN],
    );
    let removed = 0;
    for (const { slug } of tenants) removed += await removeFrom(slug, before, MAX_ENTRIES_PER_RUN - removed);
    return removed;
  }

  async function removeFrom(slug: string, before: Date, limit: number): Promise<number> {
    const context = { actor: 'system', requestId: randomUUID() };
    const { value } = await changeLog.writeTenant(
      slug,
      context,
      { action: 'entries.expire' },
      async (write) => {
        // Read again under the lock: meanwhile an admin may have extended them, or another node removed them.
        const expired = await write.transaction.query<Entry>(
          `SELECT ${ENTRY_COLUMNS} FROM entries WHERE tenant_id = $1 AND expires_at < $2 ORDER BY expires_at, pattern LIMIT $3`,
          [write.tenant.id, before, limit],
        );
        const edits = expired.map((entry) => ({ before: toEntryRow(entry), after: null }));
        return { operations: await applyEdits(write, edits), value: edits.length };
      },
    );
    return value;
  }

  return { removeExpired, stop: task.stop };
}
