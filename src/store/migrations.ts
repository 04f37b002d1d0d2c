import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import type { Logger } from '../log.js';
import { connectionSettings } from './database.js';
import { inFairTime } from './fair-timeout.js';

/** Why the database could not be brought up to date; stable. */
export type MigrationErrorCode =
  | 'database_unreachable'
  | 'migration_edited'
  | 'migration_unfinished'
  | 'migration_failed'
  | 'migration_busy';

/** The database cannot be brought up to date. The message says in one line why, and what to do. */
export class MigrationError extends Error {
  readonly code: MigrationErrorCode;

  constructor(code: MigrationErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'MigrationError';
    this.code = code;
  }
}

/** The lock `prisma migrate deploy` takes: of several nodes and the CLI, one at a time migrates. */
const PRISMA_LOCK_ID = 72707369;
const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;
/** How long to wait while another node migrates. */
const LOCK_WAIT_MS = 60_000;
/** What one migration may take, and how long it may wait for a table that is in use. */
const MIGRATION_TIMEOUT_MS = 300_000;
const TABLE_LOCK_TIMEOUT_MS = 10_000;

/** The same place seen from src/store and from dist/store. */
const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../prisma/migrations/', import.meta.url));

/** What {@link applyMigrations} needs. */
export interface MigrationOptions {
  readonly databaseUrl: string;
  readonly log: Logger;
  /** Absolute path. Default: the migrations this version was shipped with. */
  readonly folder?: string;
}

/**
 * Applies the migrations the database lacks, each in a transaction of its own, and writes them down as the Prisma CLI does:
 * `prisma migrate deploy` and this may take turns. Nodes may start at once. Migrations the folder lacks are those of a newer
 * version that is being rolled out: they are logged, not refused.
 *
 * @throws MigrationError `database_unreachable`; `migration_edited` or `migration_unfinished` before anything is applied;
 * `migration_failed`, that migration rolled back; `migration_busy` after a minute in which another node kept the lock.
 */
export async function applyMigrations(options: MigrationOptions): Promise<void> {
  const { databaseUrl, log, folder = MIGRATIONS_FOLDER } = options;
  const migrations = await readMigrations(folder);
  const client = await connect(databaseUrl);
  try {
    await lock(client);
    await client.query(CREATE_TABLE);
    const applied = await readApplied(client);
    requireFinished(applied);
    requireUnedited(migrations, applied);
    for (const migration of migrations) {
      if (applied.has(migration.name)) continue;
      await apply(client, migration);
      log.info({ migration: migration.name }, 'applied a migration');
    }
    const known = new Set(migrations.map(({ name }) => name));
    const newer = [...applied.keys()].filter((name) => !known.has(name));
    if (newer.length > 0) log.warn({ migrations: newer }, 'the database is of a newer version');
  } finally {
    // Ending the session gives the lock back. A server that hangs does not answer the goodbye.
    await inFairTime(client.end(), CLOSE_TIMEOUT_MS).catch(() => {});
  }
}

interface Migration {
  readonly name: string;
  readonly script: string;
  /** Lower-case hex SHA-256 of the file. */
  readonly checksum: string;
}

/** A row of `_prisma_migrations` that was not rolled back. */
interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly finishedAt: Date | null;
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => {
      const script = await readFile(join(folder, name, 'migration.sql'), 'utf8');
      return { name, script, checksum: createHash('sha256').update(script).digest('hex') };
    }),
  );
}

async function connect(databaseUrl: string): Promise<Client> {
  const client = new Client({
    ...connectionSettings(databaseUrl),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: MIGRATION_TIMEOUT_MS,
    statement_timeout: MIGRATION_TIMEOUT_MS,
  });
  // The query under way rejects with the same error; without a listener it would end the process first.
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (cause) {
    const { host, port, database } = client;
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new MigrationError(
      'database_unreachable',
      `Cannot connect to the database ${database} at ${host}:${port} (${reason}): check DATABASE_URL and that the server runs.`,
      { cause },
    );
  }
}

async function lock(client: Client): Promise<void> {
  await client.query(`SET lock_timeout = ${LOCK_WAIT_MS}`);
  try {
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK_ID]);
  } catch (cause) {
    throw new MigrationError(
      'migration_busy',
      `Another process has been migrating the database for ${LOCK_WAIT_MS / 1_000} seconds: wait for it, or end it.`,
      { cause },
    );
  }
  await client.query(`SET lock_timeout = ${TABLE_LOCK_TIMEOUT_MS}`);
}

async function readApplied(client: Client): Promise<ReadonlyMap<string, AppliedMigration>> {
  const { rows } = await client.query<AppliedMigration>(
    `SELECT migration_name AS name, checksum, finished_at AS "finishedAt" FROM _prisma_migrations
     WHERE rolled_back_at IS NULL`,
  );
  return new Map(rows.map((row) => [row.name, row]));
}

function requireFinished(applied: ReadonlyMap<string, AppliedMigration>): void {
  for (const { name, finishedAt } of applied.values()) {
    if (finishedAt !== null) continue;
    throw new MigrationError(
      'migration_unfinished',
      `Migration ${name} began but did not finish: undo by hand what it did, then run "npx prisma migrate resolve --rolled-back ${name}" and start again.`,
    );
  }
}

function requireUnedited(
  migrations: readonly Migration[],
  applied: ReadonlyMap<string, AppliedMigration>,
): void {
  for (const { name, checksum } of migrations) {
    if ((applied.get(name)?.checksum ?? checksum) === checksum) continue;
    throw new MigrationError(
      'migration_edited',
      `Migration ${name} was edited after it was applied: bring its file back to what it was, and put the change into a new migration.`,
    );
  }
}

async function apply(client: Client, { name, script, checksum }: Migration): Promise<void> {
  try {
    await client.query('BEGIN');
    await client.query(script);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MigrationError('migration_failed', `Migration ${name} failed and was rolled back: ${reason}.`, {
      cause,
    });
  }
}

// As Prisma's own engine makes it.
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;
