import { Socket } from 'node:net';
import type { Client, Pool, PoolClient, QueryResult, QueryResultRow } from 'pg';
import { toStoreError, unavailable } from './database-error.js';
import { inFairTime, setFairTimeout } from './fair-timeout.js';

/** Above every limit given to a connection: the pool's own `query_timeout` is for Prisma and shorter than bulk writes. */
const QUERY_TIMEOUT_MS = 60_000;

/** A connection taken from the pool, with a limit on how long it may be used. */
export interface Connection {
  /**
   * Queries take turns.
   *
   * @throws AppError `store_unavailable`; pg's own error for a violated constraint.
   */
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
  /** Whether no query is under way. */
  isIdle(): boolean;
  /** How much the server has said. */
  heardBytes(): number;
  /** From now on this long; then the connection is closed, whatever it waits for, and every query on it rejects. */
  limit(durationMs: number): void;
  /** Ends the use of a connection that is as it was: nothing open, every answer read. */
  giveBack(): void;
  /** Ends the use of any other: it is closed, so that nobody finds an open transaction or another's answer on it. */
  close(): void;
}

/**
 * Takes a connection from the pool for at most `durationMs`, the wait for it included.
 *
 * @throws AppError `store_unavailable` when none is to be had in time.
 */
export async function takeConnection(pool: Pool, durationMs: number): Promise<Connection> {
  const startedMs = performance.now();
  const client = await checkOut(pool, durationMs);
  // While it is out nobody else listens, and an 'error' event without a listener ends the process. The query under way
  // rejects with the same error.
  const ignore = () => {};
  client.on('error', ignore);
  let inUse = true;
  let queries = 0;
  let turn: Promise<unknown> = Promise.resolve();

  const end = (healthy: boolean) => {
    if (!inUse) return;
    inUse = false;
    cancelLimit();
    if (healthy) client.off('error', ignore);
    client.release(!healthy);
  };
  const close = () => end(false);
  let cancelLimit = setFairTimeout(close, durationMs - (performance.now() - startedMs));

  return {
    async query<Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) {
      const config = { text, values: [...values], query_timeout: QUERY_TIMEOUT_MS };
      queries += 1;
      const answer = turn
        .then(() => client.query<Row>(config))
        .finally(() => {
          queries -= 1;
        });
      turn = answer.then(ignore, ignore);
      return answer.catch((error: unknown) => {
        throw toStoreError(error);
      });
    },
    isIdle: () => queries === 0,
    heardBytes: () => heardBytes(client),
    limit(limitMs) {
      cancelLimit();
      if (inUse) cancelLimit = setFairTimeout(close, limitMs);
    },
    giveBack: () => end(true),
    close,
  };
}

/** How much the server has said on a connection. */
export function heardBytes({ connection: { stream } }: Pick<Client, 'connection'>): number {
  return stream instanceof Socket ? stream.bytesRead : 0;
}

async function checkOut(pool: Pool, timeoutMs: number): Promise<PoolClient> {
  const connecting = pool.connect();
  return inFairTime(connecting, timeoutMs).catch((error: unknown) => {
    // One that comes too late is unused.
    connecting.then(
      (late) => late.release(),
      () => {},
    );
    throw unavailable(error);
  });
}
