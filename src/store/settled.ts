import type { Database } from './database.js';

/** Names our advisory locks among others of the database; any number that nobody else takes. */
const MARKS = 72707370;
/** What is written down of an instant has 32 bits: seconds since 2026, until 2094. */
const EPOCH_SECONDS = 1_767_225_600;

/**
 * The first statement of every transaction that writes: a shared lock, for which nobody ever waits, on the second in which it
 * began. It is held until the commit can be seen, so that readers of the trail know what may still come.
 */
export const MARK_WRITE = `SELECT pg_advisory_xact_lock_shared(${MARKS},
  floor(extract(epoch FROM clock_timestamp()))::integer - ${EPOCH_SECONDS})`;

// now() is when the statement came, hence before the locks are looked at: who has no mark by then dates what it writes later.
const SETTLED_UNTIL = `
  SELECT date_trunc('milliseconds', least(now(), to_timestamp(min(objid::bigint) + ${EPOCH_SECONDS}))) AS at FROM pg_locks
  WHERE locktype = 'advisory' AND classid = ${MARKS} AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/**
 * Until when (excluded) the trail is settled: whatever is dated before is seen by every statement begun from now on, and
 * nothing will be added to it. Rows commit in another order than they are dated in; who reads on from the newest one it saw would
 * miss those that were still being written.
 *
 * It stands on the clock of the server not going back by more than the pause between two reads.
 *
 * @throws AppError `store_unavailable`.
 */
export async function readSettledUntil(db: Database): Promise<Date> {
  const [row] = await db.query<{ readonly at: Date }>(SETTLED_UNTIL);
  if (row === undefined) throw new Error('the database did not tell the time');
  return row.at;
}
