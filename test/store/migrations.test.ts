import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyMigrations, MigrationError } from '../../src/store/migrations.js';
import { openStore } from '../../src/store/store.js';
import type { TestDatabase } from '../support/database.js';
import { silentLog } from '../support/silent-log.js';
import { createEmptyDatabase } from './empty-database.js';
import { recordLog } from './log-recorder.js';
import { deploy, differences } from './schema-engine.js';

const SHIPPED = new URL('../../prisma/migrations/', import.meta.url).pathname;
const MIGRATIONS = [
  '20261122142543_init',
  '20261122181500_entry_count',
  '20261122184500_instances',
  '20261122190600_instance_bye',
  '20261122193000_node_secret',
  '20261122195000_longest_staleness',
  '20261122195100_refusals',
  '20261122205000_key_rotation',
  '20261122210000_trail',
  '20261122211001_history',
  '20261122212000_quotas',
];

let database: TestDatabase;
let sql: Pool;
let folder: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  sql = new Pool({ connectionString: database.url, max: 2 });
  folder = await mkdtemp(join(tmpdir(), 'oa-migrations-'));
});
afterEach(async () => {
  await sql.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

async function addMigration(name: string, script: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'migration.sql'), script);
}

function migrate(from = folder): Promise<void> {
  return applyMigrations({ databaseUrl: database.url, log: silentLog, folder: from });
}

async function tableNames(): Promise<string[]> {
  const { rows } = await sql.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

describe('given an empty database', () => {
  it('makes every table, as the schema describes them', async () => {
    await applyMigrations({ databaseUrl: database.url, log: silentLog });
    expect(await tableNames()).toEqual([
      '_prisma_migrations',
      'api_keys',
      'change_subjects',
      'changes',
      'entries',
      'entry_versions',
      'events',
      'instance_refusals',
      'instance_registry',
      'instance_tallies',
      'instance_versions',
      'instances',
      'node_secret',
      'policies',
      'policy_versions',
      'tenant_versions',
      'tenants',
      'version_departures',
    ]);
    expect(await differences(database.url)).toBe('');
  });

  it('writes them down as the Prisma CLI does', async () => {
    await applyMigrations({ databaseUrl: database.url, log: silentLog });
    const { rows } = await sql.query('SELECT * FROM _prisma_migrations ORDER BY migration_name');
    const names = (await readdir(SHIPPED)).filter((name) => /^\d{14}_/.test(name)).sort();
    const scripts = await Promise.all(names.map((name) => readFile(join(SHIPPED, name, 'migration.sql'))));
    expect(rows).toEqual(
      names.map((name, index) => ({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        checksum: createHash('sha256')
          .update(scripts[index] ?? '')
          .digest('hex'),
        finished_at: expect.any(Date),
        migration_name: name,
        logs: null,
        rolled_back_at: null,
        started_at: expect.any(Date),
        applied_steps_count: 1,
      })),
    );
  });

  it('leaves nothing to do to `prisma migrate deploy`', async () => {
    await applyMigrations({ databaseUrl: database.url, log: silentLog });
    expect(await deploy(database.url)).toEqual([]);
  });

  it('has nothing left to do after `prisma migrate deploy`', async () => {
    expect(await deploy(database.url)).toEqual(MIGRATIONS);
    const { log, logged } = recordLog();
    await applyMigrations({ databaseUrl: database.url, log });
    expect(logged).toEqual([]);
  });

  it('lets several nodes start at once', async () => {
    const stores = await Promise.all(
      [1, 2, 3].map(() => openStore({ databaseUrl: database.url, log: silentLog })),
    );
    expect(await stores[2]?.tenants.list({ limit: 1 })).toEqual({ items: [], nextCursor: null });
    await Promise.all(stores.map((store) => store.close()));
    expect((await sql.query('SELECT 1 FROM _prisma_migrations')).rows).toHaveLength(MIGRATIONS.length);
  });
});

describe('given a schema that the database does not have', () => {
  it('is told of by the comparison', async () => {
    await applyMigrations({ databaseUrl: database.url, log: silentLog });
    await sql.query('ALTER TABLE entries DROP COLUMN note; DROP INDEX entries_labels_idx');
    expect(await differences(database.url)).toMatch(/ADD COLUMN +"note" TEXT.*entries_labels_idx/s);
  });
});

describe('given a database that has some migrations', () => {
  beforeEach(async () => {
    await addMigration('20260101000000_first', 'CREATE TABLE first (id int);');
    await migrate();
  });

  it('applies the others only, in the order of their names', async () => {
    await addMigration('20260103000000_third', 'INSERT INTO second VALUES (3);');
    await addMigration(
      '20260102000000_second',
      'CREATE TABLE second (id int); INSERT INTO first VALUES (2);',
    );
    await migrate();
    await migrate();
    expect((await sql.query('SELECT id FROM first UNION ALL SELECT id FROM second')).rows).toEqual([
      { id: 2 },
      { id: 3 },
    ]);
  });

  it('refuses one that was edited since, before it applies anything', async () => {
    await addMigration('20260101000000_first', 'CREATE TABLE first (id bigint);');
    await addMigration('20260102000000_second', 'CREATE TABLE second (id int);');
    await expect(migrate()).rejects.toMatchObject({
      code: 'migration_edited',
      message:
        'Migration 20260101000000_first was edited after it was applied: bring its file back to what it was, and put the change into a new migration.',
    });
    expect(await tableNames()).not.toContain('second');
  });

  it('refuses to go on from one that began and did not finish', async () => {
    await sql.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('1', 'x', '20260102000000_second')`,
    );
    await addMigration('20260103000000_third', 'CREATE TABLE third (id int);');
    await expect(migrate()).rejects.toMatchObject({
      code: 'migration_unfinished',
      message: expect.stringMatching(
        /^Migration 20260102000000_second began but did not finish: .*--rolled-back/,
      ),
    });
    expect(await tableNames()).not.toContain('third');
  });

  it('applies one again that was marked as rolled back', async () => {
    await sql.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, rolled_back_at)
       VALUES ('1', 'x', '20260102000000_second', now())`,
    );
    await addMigration('20260102000000_second', 'CREATE TABLE second (id int);');
    await migrate();
    expect(await tableNames()).toContain('second');
  });

  it('rolls one back that fails, and leaves no trace of it', async () => {
    await addMigration('20260102000000_second', 'CREATE TABLE second (id int); SELECT 1 / 0;');
    await expect(migrate()).rejects.toMatchObject({
      code: 'migration_failed',
      message: 'Migration 20260102000000_second failed and was rolled back: division by zero.',
    });
    expect(await tableNames()).toEqual(['_prisma_migrations', 'first']);
    expect((await sql.query('SELECT 1 FROM _prisma_migrations')).rows).toHaveLength(1);
  });

  it('goes on with a database of a newer version, and says so', async () => {
    const { log, logged } = recordLog();
    await cp(SHIPPED, folder, { recursive: true });
    await rm(join(folder, '20260101000000_first'), { recursive: true });
    await applyMigrations({ databaseUrl: database.url, log, folder });
    expect(logged.at(-1)).toBe('warn: the database is of a newer version');
  });

  it('waits for another process that is migrating', async () => {
    const other = await sql.connect();
    await other.query('SELECT pg_advisory_lock(72707369)');
    await addMigration('20260102000000_second', 'CREATE TABLE second (id int);');
    const migrating = migrate();
    await expect
      .poll(
        async () =>
          (await sql.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`)).rowCount,
      )
      .toBe(1);
    expect(await tableNames()).not.toContain('second');
    await other.query('SELECT pg_advisory_unlock(72707369)');
    other.release();
    await migrating;
    expect(await tableNames()).toContain('second');
  });
});

describe('given keys from before risks were accepted by a scope', () => {
  it('lets those go on accepting them that could, and no other', async () => {
    await cp(SHIPPED, folder, { recursive: true });
    const later = (await readdir(folder)).filter((name) => name >= '20261122205000');
    for (const name of later) await rm(join(folder, name), { recursive: true });
    await migrate();
    await sql.query(
      `INSERT INTO api_keys (id, name, hash, prefix, scopes, created_at, created_by)
       SELECT gen_random_uuid(), name, repeat(n::text, 64), 'oak_', scopes::text[], now(), 'admin-key'
       FROM (VALUES (1, 'writer', '{origins:read,origins:write}'), (2, 'reader', '{origins:read}')) AS k(n, name, scopes)`,
    );
    await migrate(SHIPPED);
    expect((await sql.query('SELECT name, scopes FROM api_keys ORDER BY name')).rows).toEqual([
      { name: 'reader', scopes: ['origins:read'] },
      { name: 'writer', scopes: ['origins:read', 'origins:write', 'risks:accept'] },
    ]);
  });
});

describe('given a database that cannot be reached', () => {
  it('says so in one line, without the password', async () => {
    const url = new URL(database.url);
    url.port = '1';
    url.password = 'a-secret-password';
    const error: Error = await applyMigrations({ databaseUrl: url.href, log: silentLog }).then(
      () => new Error('it was reached'),
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(MigrationError);
    expect(error).toMatchObject({ code: 'database_unreachable' });
    expect(error.message).toMatch(
      /^Cannot connect to the database \S+ at 127\.0\.0\.1:1 \(.+\): check DATABASE_URL/,
    );
    expect(error.message).not.toContain('a-secret-password');
  });
});
