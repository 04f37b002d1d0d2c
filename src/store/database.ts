import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type QueryResultRow } from 'pg';
import type { Logger } from '../log.js';
import { toStoreError } from './database-error.js';
import { inFairTime } from './fair-timeout.js';
import { PrismaClient } from './generated/client.js';
import { inTransaction, type Transaction } from './transaction.js';

/** How long a read outside a transaction may take, the wait for a connection included. */
const READ_TIMEOUT_MS = 1_200;
/** The server gives up on a statement before its caller does, and on waiting for a tenant that another write holds. */
const STATEMENT_TIMEOUT_MS = 1_100;
const LOCK_TIMEOUT_MS = 1_000;
/** A transaction whose node went away ends after this, and lets go of its tenant. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** When a connection that does not answer is closed although its caller has long given up: in the pool, for Prisma. */
const CONNECT_TIMEOUT_MS = 2_000;
const QUERY_TIMEOUT_MS = 3_000;
const IDLE_CONNECTION_TIMEOUT_MS = 30_000;
const WARM_UP_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;
const DEFAULT_POOL_SIZE = 10;

/** Where a database is and who hears of its troubles. */
export interface DatabaseOptions {
  readonly databaseUrl: string;
  readonly log: Logger;
  /** Connections at most, but for the one kept apart. Default 10. */
  readonly poolSize?: number | undefined;
}

/**
 * PostgreSQL. Every call ends within two seconds, bulk work aside: with a result, or with AppError `store_unavailable`. A
 * connection that was given up on is closed, never used again. Calls may overlap.
 */
export interface Database {
  /** A read through Prisma: one query, not a transaction and not a write. */
  read<T>(query: (prisma: PrismaClient) => Promise<T>): Promise<T>;
  /** A read of one statement that Prisma cannot express. */
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Writes: all of them or none. Every write goes through here; see {@link inTransaction}. */
  write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** The same on a connection kept for it: what must not wait for its turn in the pool while that is flooded. */
  readonly apart: Pick<Database, 'query' | 'write'>;
  /** Several reads of one moment (REPEATABLE READ). */
  readConsistently<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Closes every connection, after at most two seconds. */
  close(): Promise<void>;
}

/** Opens a pool over a migrated database. Close it. A database that does not answer now is waited for by later calls. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { databaseUrl, log, poolSize = DEFAULT_POOL_SIZE } = options;
  const settings = {
    ...connectionSettings(databaseUrl),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  };
  const pool = new Pool({ ...settings, max: poolSize });
  const apart = new Pool({ ...settings, max: 1 });
  // A connection lost while idle is replaced at the next use; without a listener it would end the process.
  for (const one of [pool, apart])
    one.on('error', (error) => log.warn({ err: error }, 'a database connection was lost'));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  // Prisma loads its query compiler with the first query: half a second here, more on a busy machine, and the first caller
  // would take that for a database that does not answer.
  await inTime(prisma.tenant.findFirst(), WARM_UP_TIMEOUT_MS).catch((error: unknown) =>
    log.warn({ err: error }, 'the database does not answer yet'),
  );

  const over = (one: Pool): Pick<Database, 'query' | 'write'> => ({
    query: async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
      (await inTime(one.query<Row>(text, [...values]))).rows,
    write: (work) => inTransaction(one, 'write', work),
  });

  return {
    ...over(pool),
    apart: over(apart),
    read: (query) => inTime(query(prisma)),
    readConsistently: (work) => inTransaction(pool, 'consistent read', work),
    close: async () => {
      await prisma.$disconnect();
      // A server that hangs does not answer the goodbye either.
      await inTime(Promise.all([pool.end(), apart.end()]), CLOSE_TIMEOUT_MS).catch((error: unknown) =>
        log.warn({ err: error }, 'database connections were left open'),
      );
    },
  };
}

/**
 * What every connection of ours to `databaseUrl` has in common, migrations included. The session's time zone is UTC:
 * Prisma sends timestamps without one.
 */
export function connectionSettings(databaseUrl: string) {
  const url = new URL(databaseUrl);
  const options = `${url.searchParams.get('options') ?? ''} -c timezone=UTC`.trim();
  // pg prefers what the URL says over its other settings, so the merged value must not stay there.
  url.searchParams.delete('options');
  return { connectionString: url.href, options, keepAlive: true, application_name: 'origin-allowlist' };
}

async function inTime<T>(work: Promise<T>, timeoutMs = READ_TIMEOUT_MS): Promise<T> {
  return inFairTime(work, timeoutMs).catch((error: unknown) => {
    throw toStoreError(error);
  });
}
