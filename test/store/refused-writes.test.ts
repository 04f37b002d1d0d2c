import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.js';
import { createRefusedWrites, MAX_COUNTS } from '../../src/store/refused-writes.js';
import { silentLog } from '../support/silent-log.js';
import { context, newTenant, openTestStore, type TestStore } from './test-store.js';

const NOON = Date.parse('2026-03-01T12:00:30Z');

let store: TestStore;
let db: Database;

beforeAll(async () => {
  store = await openTestStore();
  db = await store.openDatabase();
});
afterAll(() => store.close());

const refused = (change: object = {}) => ({
  actor: 'nobody',
  keyId: null,
  route: 'POST /v1/tenants',
  code: 'unauthorized',
  requestId: 'r1',
  ...change,
});

async function written(actor: string) {
  const { items } = await store.trail.list({ actor, action: 'write.refused' }, { limit: 200 });
  return items.map((row) => (row.type === 'event' ? row.detail : {}));
}

describe('given refused writes', () => {
  it('writes one row for each key, route, code and minute, of the tenants of the key', async () => {
    let nowMs = NOON;
    const refusals = createRefusedWrites(db, silentLog, () => nowMs);
    const tenant = await newTenant(store);
    const hash = randomUUID().replaceAll('-', '').repeat(2);
    const key = { name: 'k', scopes: [], tenantIds: [tenant.id], hash, prefix: 'oak_' };
    const { id: keyId } = await store.keys.create(key, context);
    const ours = { actor: `key:${keyId}`, keyId };
    for (let count = 0; count < 500; count += 1) refusals.count(refused({ ...ours, requestId: `r${count}` }));
    refusals.count(refused({ ...ours, code: 'invalid_input' }));
    refusals.count(refused({ ...ours, route: 'DELETE /v1/keys/{id}' }));
    nowMs += 60_000;
    refusals.count(refused(ours));
    expect(await written(ours.actor)).toEqual([]);
    await refusals.flush();
    await refusals.flush();
    const { items } = await store.trail.list(
      { actor: ours.actor },
      { limit: 50 },
      { tenantIds: [tenant.id] },
    );
    const rows = items.map((row) => row.type === 'event' && [row.requestId, row.detail, row.tenants]);
    const minute = '2026-03-01T12:00:00.000Z';
    const route = 'POST /v1/tenants';
    expect(rows).toHaveLength(4);
    expect(rows).toEqual(
      expect.arrayContaining([
        ['r0', { route, code: 'unauthorized', minute, count: 500 }, [tenant.slug]],
        ['r1', { route, code: 'invalid_input', minute, count: 1 }, [tenant.slug]],
        ['r1', { route: 'DELETE /v1/keys/{id}', code: 'unauthorized', minute, count: 1 }, [tenant.slug]],
        ['r1', { route, code: 'unauthorized', minute: '2026-03-01T12:01:00.000Z', count: 1 }, [tenant.slug]],
      ]),
    );
    await refusals.close();
  });

  it('holds a bounded number of counts, and counts the others together', async () => {
    const refusals = createRefusedWrites(db, silentLog, () => NOON);
    for (let key = 0; key < MAX_COUNTS + 50; key += 1) refusals.count(refused({ actor: `flood ${key}` }));
    await refusals.close();
    expect(await written('other')).toMatchObject([{ route: 'other', code: 'other', count: 50 }]);
    expect(await written('flood 7')).toHaveLength(1);
  });

  it('keeps the counts while the database is away, no more of them than ever, and writes them when it is back', async () => {
    let nowMs = NOON;
    let isAway = true;
    const flaky: Database = {
      ...db,
      write: (work) => (isAway ? Promise.reject(new Error('away')) : db.write(work)),
    };
    const refusals = createRefusedWrites(flaky, silentLog, () => nowMs);
    for (let minute = 0; minute < MAX_COUNTS + 200; minute += 1) {
      refusals.count(refused({ actor: 'outage' }));
      if (minute % 100 === 0) await expect(refusals.flush()).rejects.toThrow('away');
      nowMs += 60_000;
    }
    isAway = false;
    await refusals.flush();
    const { rows } = await store.sql.query(
      `SELECT count(*)::integer AS rows, sum((detail ->> 'count')::integer)::integer AS refused FROM events
       WHERE actor IN ('outage', 'other') AND request_id = 'r1' AND detail ->> 'count' <> '50'`,
    );
    expect(rows).toEqual([{ rows: MAX_COUNTS + 1, refused: MAX_COUNTS + 200 }]);
    await refusals.close();
  });
});
