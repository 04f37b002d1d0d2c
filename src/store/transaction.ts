import type { Pool, QueryResultRow } from 'pg';
import { takeConnection } from './connection.js';

/** How long everything before COMMIT may take, the wait for a connection and for the tenant's lock included. */
const TRANSACTION_TIMEOUT_MS = 1_100;
/** The same for work on many rows, from the moment it says so. */
const BULK_TRANSACTION_TIMEOUT_MS = 30_000;
/** What one of its statements may take. */
const BULK_STATEMENT_TIMEOUT_MS = 20_000;
/**
 * The server rolls back a transaction that is idle this long. It is what makes a 503 at COMMIT mean "nothing written": a
 * server that stalls before it has read COMMIT finds the transaction overdue when it wakes, and the caller, who waits for
 * COMMIT_TIMEOUT_MS, has not given up earlier. Only a COMMIT cut off while it runs can still take effect after a 503.
 */
export const IDLE_IN_TRANSACTION_TIMEOUT_MS = 700;
const COMMIT_TIMEOUT_MS = 800;

const BEGIN = {
  write: 'BEGIN',
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
   * Makes room for statements over many rows. Called after the first statement was answered, so that a server that does
   * not answer at all is still noticed within the short bound.
   */
  allowBulk(): Promise<void>;
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects.
 *
 * Not Prisma's interactive transaction, for two reasons. That one gives its connection back to the pool as healthy after
 * any error, even when its ROLLBACK got no answer, so that the next caller finds an open transaction; and its timeout does
 * not end a statement that is running. It also costs three to four times as much per write.
 *
 * @throws AppError `store_unavailable` within two seconds when Postgres refuses or hangs; whatever `work` throws.
 */
export async function inTransaction<T>(
  pool: Pool,
  mode: keyof typeof BEGIN,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const connection = await takeConnection(pool, TRANSACTION_TIMEOUT_MS);
  let isBulk = false;
  const transaction: Transaction = {
    query: async <Row extends QueryResultRow>(text: string, values?: readonly unknown[]) =>
      (await connection.query<Row>(text, values)).rows,
    allowBulk: async () => {
      isBulk = true;
      connection.limit(BULK_TRANSACTION_TIMEOUT_MS);
      await connection.query(setTimeouts(BULK_STATEMENT_TIMEOUT_MS, BULK_STATEMENT_TIMEOUT_MS));
    },
  };
  try {
    await connection.query(BEGIN[mode]);
    const result = await work(transaction);
    if (isBulk)
      await connection.query(setTimeouts(BULK_STATEMENT_TIMEOUT_MS, IDLE_IN_TRANSACTION_TIMEOUT_MS));
    connection.limit(COMMIT_TIMEOUT_MS);
    const { command } = await connection.query('COMMIT');
    // COMMIT after a statement that failed is answered with ROLLBACK, not with an error.
    if (command !== 'COMMIT') throw new Error(`COMMIT was answered with ${command}`);
    connection.giveBack();
    return result;
  } catch (error) {
    connection.limit(COMMIT_TIMEOUT_MS);
    await connection.query('ROLLBACK').then(connection.giveBack, connection.close);
    throw error;
  }
}

function setTimeouts(statementMs: number, idleMs: number): string {
  return `SET LOCAL statement_timeout = ${statementMs}; SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`;
}
