import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.js';
import type { Transaction } from '../../src/store/transaction.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type PrivatePostgres, startPostgres } from '../support/postgres-server.js';
import { silentLog } from '../support/silent-log.js';

/** In place of ten seconds: after so long without a statement the server ends the transaction. */
const IDLE_LIMIT = `SET LOCAL idle_in_transaction_session_timeout = '900ms'`;
const LONGER_MS = 1_800;

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = await openDatabase({ databaseUrl: database.url, log: silentLog });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

/** A bulk write that computes between two statements. */
function write(actor: string, compute: () => Promise<void>): Promise<void> {
  return db.write(async (transaction) => {
    await transaction.allowBulk();
    await transaction.query(IDLE_LIMIT);
    await note(transaction, actor);
    await compute();
    await note(transaction, actor);
  });
}

async function note(transaction: Transaction, actor: string): Promise<void> {
  await transaction.query(
    `INSERT INTO events (at, actor, request_id, action, detail) VALUES (now(), $1, 'r', 'test', '{}')`,
    [actor],
  );
}

async function written(actor: string): Promise<number> {
  return (await db.query('SELECT 1 FROM events WHERE actor = $1', [actor])).length;
}

describe('given a bulk write that computes longer between statements than the server waits for one', () => {
  it('writes all of it when the computing is done in turns', async () => {
    const actor = randomUUID();
    await write(actor, () => computeInTurns(LONGER_MS));
    expect(await written(actor)).toBe(2);
  });

  it('is ended by the server, with nothing written, when the process is there for nobody', async () => {
    const actor = randomUUID();
    await expect(write(actor, async () => computeFor(LONGER_MS))).rejects.toMatchObject({
      code: 'store_unavailable',
    });
    expect(await written(actor)).toBe(0);
  });
});

describe('given a Postgres that hangs while a bulk write computes', () => {
  let postgres: PrivatePostgres;
  let hanging: Database;
  beforeAll(async () => {
    postgres = await startPostgres();
    hanging = await openDatabase({ databaseUrl: postgres.url, log: silentLog });
  });
  afterAll(async () => {
    await postgres.resume();
    await hanging.close();
    await postgres.stop();
  });

  it('notices before the next statement', async () => {
    let computedMs = 0;
    const refused = hanging.write(async (transaction) => {
      await transaction.allowBulk();
      await postgres.stall();
      await computeInTurns(2_500);
      computedMs = performance.now();
      await transaction.query('SELECT 1');
    });
    await expect(refused).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(performance.now() - computedMs).toBeLessThan(300);
  });
});

describe('given a bulk write whose process is busy while a statement runs', () => {
  it('does not take it for an outage that a new connection takes long', async () => {
    let isOver = false;
    const slept = db
      .write(async (transaction) => {
        await transaction.allowBulk();
        return transaction.query('SELECT pg_sleep(3), 1 AS one');
      })
      .finally(() => {
        isOver = true;
      });
    while (!isOver) {
      computeFor(300);
      await setImmediate();
    }
    expect(await slept).toMatchObject([{ one: 1 }]);
  });
});

describe('given a bulk write whose statement takes longer than the server waits for one', () => {
  it('waits for it', async () => {
    const slept = db.write(async (transaction) => {
      await transaction.allowBulk();
      await transaction.query(IDLE_LIMIT);
      return transaction.query(`SELECT pg_sleep(${LONGER_MS / 1_000}), 1 AS one`);
    });
    expect(await slept).toMatchObject([{ one: 1 }]);
  });
});

async function computeInTurns(durationMs: number): Promise<void> {
  const untilMs = performance.now() + durationMs;
  while (performance.now() < untilMs) {
    computeFor(10);
    await setImmediate();
  }
}

function computeFor(durationMs: number): void {
  const untilMs = performance.now() + durationMs;
  while (performance.now() < untilMs);
}
