import { randomBytes, randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.js';
import { openStore, type Store } from '../../src/store/store.js';
import { withClient } from '../support/database-template.js';
import { type PrivatePostgres, startPostgres } from '../support/postgres-server.js';
import { silentLog } from '../support/silent-log.js';
import { proxiedUrl, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { context, newTenant, pattern } from './test-store.js';

/** A caller hears of an outage within this. */
const SOON_MS = 2_000;
const TENANTS = 10;
const WRITES = 50;

let postgres: PrivatePostgres;
let sql: Pool;
let store: Store;
let db: Database;
let slugs: string[];

beforeAll(async () => {
  postgres = await startPostgres();
  sql = new Pool({ connectionString: postgres.url, max: 2 });
  sql.on('error', () => {});
  store = await openStore({ databaseUrl: postgres.url, log: silentLog });
  db = await openDatabase({ databaseUrl: postgres.url, log: silentLog });
});
afterAll(async () => {
  await store.close();
  await db.close();
  await sql.end();
  await postgres.stop();
});
beforeEach(async () => {
  const tenants = await Promise.all(Array.from({ length: TENANTS }, () => newTenant(store)));
  slugs = tenants.map(({ slug }) => slug);
});

describe('given a Postgres that hangs', () => {
  afterEach(() => postgres.resume());

  it('answers 50 writes at once with store_unavailable, and later writes none of them', async () => {
    await writeInTurn('before');
    await postgres.stall();
    const refused = await timed(writes('stalled'));
    await postgres.resume();
    const later = await writeInTurn('after');

    expect(codes(refused)).toEqual(['store_unavailable']);
    expect(slowest(refused)).toBeLessThan(SOON_MS);
    expect(refused).toHaveLength(50);
    expect(codes(later)).toEqual(['ok']);
    await openTransactionsEnd();
    const { rows } = await sql.query('SELECT revision, pattern FROM entries WHERE pattern LIKE $1', [
      '%stalled%',
    ]);
    expect(rows).toEqual([]);
    for (const slug of slugs) {
      const trail = await store.changes.list({ slug, limit: 50 });
      expect(trail.items.map(({ revision }) => revision)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    }
  });

  it('notices in the middle of a bulk write, too', async () => {
    let stalledMs = 0;
    const [refused] = await timed([
      () =>
        db.write(async (transaction) => {
          await transaction.query('SELECT 1');
          await transaction.allowBulk();
          await postgres.stall();
          stalledMs = performance.now();
          await transaction.query('SELECT 1');
        }),
    ]);
    expect(refused?.code).toBe('store_unavailable');
    expect(performance.now() - stalledMs).toBeLessThan(SOON_MS);
  });

  it('writes nothing when it hangs between the last statement and COMMIT', async () => {
    const id = randomUUID();
    const [refused] = await timed([
      () =>
        db.write(async (transaction) => {
          await transaction.query(
            `INSERT INTO events (at, actor, request_id, action, detail) VALUES (now(), $1, 'r', 'test', '{}')`,
            [id],
          );
          await postgres.stall();
        }),
    ]);
    expect(refused?.code).toBe('store_unavailable');
    expect(refused?.durationMs).toBeLessThan(SOON_MS);
    await postgres.resume();
    await openTransactionsEnd();
    expect((await sql.query('SELECT 1 FROM events WHERE actor = $1', [id])).rows).toEqual([]);
  });

  it('answers every read with store_unavailable in time, and reads again when it is back', async () => {
    const [slug = ''] = slugs;
    const reads = [
      () => store.tenants.get(slug),
      () => store.tenants.list({ limit: 1 }),
      () => store.entries.list(slug, {}, { limit: 1 }),
      () => store.policies.list(slug),
      () => store.changes.list({ limit: 1 }),
      () => store.changes.get(slug, 1),
      () => store.keys.list({ limit: 1 }),
      // A key it does not know, each time another.
      () => store.keys.verify(newHash()),
    ];
    expect(codes(await timed(reads))).toEqual(['ok']);
    await postgres.stall();
    const refused = await timed(reads);
    expect(codes(refused)).toEqual(['store_unavailable']);
    expect(slowest(refused)).toBeLessThan(SOON_MS);
    expect(await store.health()).toMatchObject({ postgres: 'down' });
    await postgres.resume();
    expect(codes(await timed(reads))).toEqual(['ok']);
  });

  it('still verifies a key it knows', async () => {
    const hash = newHash();
    const input = { name: 'k', scopes: ['sync'], tenantIds: null, hash, prefix: 'oak_' } as const;
    const { id } = await store.keys.create(input, context);
    await store.keys.verify(hash);
    await postgres.stall();
    expect(await store.keys.verify(hash)).toMatchObject({ id });
  });

  it('closes the pool in time', async () => {
    const closing = await openDatabase({ databaseUrl: postgres.url, log: silentLog });
    await closing.query('SELECT 1');
    await postgres.stall();
    const [closed] = await timed([() => closing.close()]);
    expect(closed?.code).toBe('ok');
    expect(closed?.durationMs).toBeLessThan(3_000);
  });
});

describe('given a Postgres that is gone', () => {
  let proxy: TcpProxy;
  let behindProxy: Store;

  beforeAll(async () => {
    proxy = await startTcpProxy(postgres.url);
    behindProxy = await openStore({ databaseUrl: proxiedUrl(postgres.url, proxy), log: silentLog });
  });
  afterAll(async () => {
    await behindProxy.close();
    await proxy.close();
  });

  it('answers writes and reads with store_unavailable, and goes on when it is back', async () => {
    const [slug = ''] = slugs;
    const calls = () => [
      () =>
        behindProxy.entries.create(
          slug,
          { pattern: pattern(`https://${randomUUID()}.example.com`) },
          context,
        ),
      () => behindProxy.tenants.get(slug),
    ];
    await proxy.cut();
    const refused = await timed(calls());
    await proxy.mend();
    expect(codes(refused)).toEqual(['store_unavailable']);
    expect(slowest(refused)).toBeLessThan(SOON_MS);
    expect(codes(await timed(calls()))).toEqual(['ok']);
    expect((await store.tenants.get(slug)).revision).toBe(2);
  });
});

describe('given a tenant that somebody else has locked', () => {
  it('gives up on the write in time, and lets other tenants be written', async () => {
    const [locked = '', free = ''] = slugs;
    await withClient(postgres.url, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM tenants WHERE slug = $1 FOR UPDATE', [locked]);
      const [refused, written] = await timed([
        () => store.tenants.update(locked, { name: 'x' }, {}, context),
        () => store.tenants.update(free, { name: 'x' }, {}, context),
      ]);
      expect(refused?.code).toBe('store_unavailable');
      expect(refused?.durationMs).toBeLessThan(SOON_MS);
      expect(written?.code).toBe('ok');
    });
    expect(await store.tenants.update(locked, { name: 'x' }, {}, context)).toMatchObject({ revision: 2 });
  });
});

describe('given connections that the server closes', () => {
  it('opens new ones', async () => {
    await writeInTurn('before');
    await sql.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      'origin-allowlist',
    ]);
    await expect.poll(async () => codes(await writeInTurn(randomUUID())), { timeout: 5_000 }).toEqual(['ok']);
  });
});

describe('given a process that is busy while it waits for Postgres', () => {
  it('does not take that for an outage', async () => {
    const writing = timed(
      slugs.map((slug) => () => store.tenants.update(slug, { name: 'busy' }, {}, context)),
    );
    await new Promise((resolve) => setImmediate(resolve));
    const untilMs = performance.now() + 1_300;
    while (performance.now() < untilMs);
    expect(codes(await writing)).toEqual(['ok']);
  });
});

function newHash(): string {
  return randomBytes(32).toString('hex');
}

interface Outcome {
  readonly code: string;
  readonly durationMs: number;
}

/** Writes to ten tenants, five to each. */
function writes(name: string): (() => Promise<unknown>)[] {
  return Array.from({ length: WRITES }, (_, index) => () => {
    const input = { pattern: pattern(`https://${name}-${index}.example.com`) };
    return store.entries.create(slugs[index % TENANTS] ?? '', input, context);
  });
}

/** The same writes as a machine that runs other tests can bear them: ten at once, which open every connection. */
async function writeInTurn(name: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const all = writes(name);
  for (let start = 0; start < WRITES; start += TENANTS) {
    outcomes.push(...(await timed(all.slice(start, start + TENANTS))));
  }
  return outcomes;
}

function timed(calls: (() => Promise<unknown>)[]): Promise<Outcome[]> {
  const startedMs = performance.now();
  const outcome = (code: string) => ({ code, durationMs: performance.now() - startedMs });
  return Promise.all(
    calls.map((call) =>
      call().then(
        () => outcome('ok'),
        (error: { code: string }) => outcome(error.code),
      ),
    ),
  );
}

function codes(outcomes: Outcome[]): string[] {
  return [...new Set(outcomes.map(({ code }) => code))];
}

function slowest(outcomes: Outcome[]): number {
  return Math.max(...outcomes.map(({ durationMs }) => durationMs));
}

/** Backends find out that their client is gone when they read next. */
function openTransactionsEnd(): Promise<void> {
  return expect
    .poll(
      async () => {
        const { rows } = await sql.query(
          `SELECT state, query FROM pg_stat_activity
           WHERE application_name = 'origin-allowlist' AND xact_start IS NOT NULL`,
        );
        return rows;
      },
      { timeout: 5_000 },
    )
    .toEqual([]);
}
