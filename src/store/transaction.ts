import type { Pool, QueryResultRow } from 'pg';
import { type Connection, takeConnection } from './connection.js';
import { unavailable } from './database-error.js';
import { watchServer } from './liveness.js';
import { MARK_WRITE } from './settled.js';

/** How long everything before COMMIT may take, the wait for a connection and for the tenant's lock included. */
const TRANSACTION_TIMEOUT_MS = 1_100;
/** In work on many rows: how long each statement may take, and COMMIT. */
const BULK_STATEMENT_TIMEOUT_MS = 20_000;
/** And the computing between two: 100,000 entries are linted in a few seconds, on a crowded machine in half a minute. */
const BULK_COMPUTING_TIMEOUT_MS = 60_000;
/** From how many bytes of rows on a statement takes the time of a bulk write, however few the rows are. */
export const BULK_BYTES = 256 * 1_024;
/** How long the answer to COMMIT, or to ROLLBACK, may take. */
const COMMIT_TIMEOUT_MS = 700;
/** Of that, the time a COMMIT needs: the server must have begun with it before. */
const COMMIT_RESERVE_MS = 300;

const BEGIN = {
  write: `BEGIN; ${MARK_WRITE}`,
  'consistent read': 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
} as const;

/** Statements on the one connection of a transaction, one at a time. */
export interface Transaction {
  /**
   * Runs one statement and gives its rows.
   *
   * @throws AppError `store_unavailable`; pg's own error for a violated constraint.
   */
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /**
   * Makes room for statements over many rows, and for computing between them, in turns with other work of the process. A server
   * that answers nobody meanwhile is still noticed within two seconds.
   */
  allowBulk(): Promise<void>;
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects.
 *
 * Not Prisma's interactive transaction. That one gives its connection back to the pool as healthy whatever happened: with
 * Postgres stopped and continued, the next caller's query ran inside the transaction left open and saw its rows. Its timeout
 * does not end a statement that is running either, and a write costs three to four times as much.
 *
 * @throws AppError `store_unavailable` within two seconds when Postgres refuses or hangs; whatever `work` throws.
 */
export async function inTransaction<T>(
  pool: Pool,
  mode: keyof typeof BEGIN,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const connection = await takeConnection(pool, TRANSACTION_TIMEOUT_MS);
  const extent: Extent = { isBulk: false, stopWatching: () => {} };
  try {
    const begunMs = await begin(connection, BEGIN[mode]);
    const result = await work(overConnection(connection, pool, extent));
    await commit(connection, begunMs, extent.isBulk ? BULK_STATEMENT_TIMEOUT_MS : COMMIT_TIMEOUT_MS);
    connection.giveBack();
    return result;
  } catch (error) {
    connection.limit(COMMIT_TIMEOUT_MS);
    await connection.query('ROLLBACK').then(connection.giveBack, connection.close);
    throw error;
  } finally {
    extent.stopWatching();
  }
}

/** How much time a transaction has. */
interface Extent {
  isBulk: boolean;
  stopWatching: () => void;
}

function overConnection(connection: Connection, pool: Pool, extent: Extent): Transaction {
  const transaction: Transaction = {
    query: async <Row extends QueryResultRow>(text: string, values?: readonly unknown[]) => {
      if (extent.isBulk) connection.limit(BULK_STATEMENT_TIMEOUT_MS);
      const { rows } = await connection.query<Row>(text, values);
      if (extent.isBulk) connection.limit(BULK_COMPUTING_TIMEOUT_MS);
      return rows;
    },
    allowBulk: async () => {
      if (!extent.isBulk) extent.stopWatching = watchServer(pool, connection);
      extent.isBulk = true;
      await transaction.query(`SET LOCAL statement_timeout = ${BULK_STATEMENT_TIMEOUT_MS}`);
    },
  };
  return transaction;
}

/** When, at the latest, the server took the transaction's now(). */
async function begin(connection: Connection, statement: string): Promise<number> {
  const sentMs = performance.now();
  await connection.query(statement);
  if (performance.now() - sentMs > COMMIT_RESERVE_MS) {
    // This process may have been busy when the answer came, and commit() would count that against the server.
    await connection.query(`ROLLBACK; ${statement}`);
  }
  return performance.now();
}

/**
 * A server that stalls with COMMIT in its socket would commit when it wakes, long after the caller was told that nothing was
 * written. So the server itself compares first, and a division by zero ends the message there. What remains is a COMMIT that
 * is cut off while it runs.
 */
async function commit(connection: Connection, begunMs: number, timeoutMs: number): Promise<void> {
  connection.limit(timeoutMs);
  const dueMs = Math.floor(performance.now() - begunMs + timeoutMs - COMMIT_RESERVE_MS);
  const isInTime = `clock_timestamp() < now() + interval '${dueMs} milliseconds'`;
  await connection.query(`SELECT 1 / (${isInTime})::int; COMMIT`).catch((error: unknown) => {
    throw unavailable(error);
  });
}
