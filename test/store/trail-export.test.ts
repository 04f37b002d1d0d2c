import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_QUOTAS } from '../../src/limits.js';
import { createChangeLog } from '../../src/store/change-log.js';
import type { Database } from '../../src/store/database.js';
import type { TrailRow } from '../../src/store/trail.js';
import { silentLog } from '../support/silent-log.js';
import { context, inputs, newTenant, openTestStore, type TestStore } from './test-store.js';
import { exported } from './trail-reader.js';

let store: TestStore;
let db: Database;

beforeAll(async () => {
  store = await openTestStore();
  db = await store.openDatabase();
});
afterAll(() => store.close());

describe('given writes that commit in another order than they are dated in', () => {
  it('tells oldest first only what nothing older can follow, and misses nothing from there on', async () => {
    const log = createChangeLog(db, DEFAULT_QUOTAS, silentLog);
    const [slow, fast] = [await newTenant(store), await newTenant(store)];
    const { settledUntil: before = '' } = await store.trail.list({}, { limit: 1, order: 'asc' });
    let finish = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let begun = () => {};
    const isBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const writing = log.writeTenant(
      slow.slug,
      context,
      { action: 'slow' },
      async ({ transaction, tenant }) => {
        begun();
        await held;
        await transaction.query('UPDATE tenants SET name = $2 WHERE id = $1', [tenant.id, 'late']);
        return { operations: [{ subject: 'tenant', before: {}, after: { name: 'late' } }], value: 0 };
      },
    );
    await isBegun;
    // Changes are dated to the millisecond: of the same one they may come in any order.
    await setTimeout(2);
    await store.tenants.update(fast.slug, { name: 'early' }, {}, context);

    // The newest first shows at once what is committed.
    expect((await store.trail.list({}, { limit: 1 })).items).toMatchObject([{ action: 'tenant.update' }]);
    const first = await store.trail.list({ since: new Date(before) }, { limit: 50, order: 'asc' });
    const early = await exported(store, { since: new Date(before) });
    finish();
    await writing;

    const second = await store.trail.list(
      { since: new Date(first.settledUntil ?? '') },
      { limit: 50, order: 'asc' },
    );
    const late = await exported(store, { since: new Date(early.end.until) });
    const written = (rows: readonly TrailRow[]) =>
      rows.flatMap((row) => (/slow|tenant\.update/.test(row.action) ? row.action : []));
    expect(written(first.items)).toEqual([]);
    expect(written(second.items)).toEqual(['slow', 'tenant.update']);
    expect(written([...early.rows, ...late.rows])).toEqual(['slow', 'tenant.update']);
  });
});

describe('given an export', () => {
  it('has every change with all its operations, of any size, and none that is committed later', async () => {
    const { slug } = await newTenant(store);
    const many = inputs(...Array.from({ length: 2_000 }, (_, index) => `n${index}`));
    await store.entries.replaceAll(slug, many, { ifMatch: 1 }, context);
    await store.entries.replaceAll(slug, many.slice(0, 1_950), { ifMatch: 2 }, context);
    const lines = store.trail.lines({ slug });
    const first = JSON.parse((await lines.next()).value ?? '');
    await store.tenants.update(slug, { name: 'later' }, {}, context);
    const rest: ReturnType<typeof JSON.parse>[] = [];
    for await (const line of lines) rest.push(JSON.parse(line));
    const rows = [first, ...rest.slice(0, -1)];
    expect(rows.map(({ revision, operations }) => [revision, operations.length])).toEqual([
      [1, 2],
      [2, 2_000],
      [3, 50],
    ]);
    expect(rest.at(-1)).toMatchObject({ type: 'end', count: 3 });
    expect(rows[1]).toEqual(await store.changes.get(slug, 2));
  });

  it('goes on over many reads', async () => {
    const tenant = await newTenant(store);
    await store.sql.query(
      `INSERT INTO changes (at, tenant_id, lineage, revision, actor, request_id, action, ops, op_count, prev_hash, hash)
       SELECT '2022-01-01'::timestamptz + n / 3 * interval '1 second', $1, gen_random_uuid(), n + 1, 'x', 'x', 'x', '[{}]', 1,
         repeat('0', 64), repeat('0', 64) FROM generate_series(1, 501) AS n`,
      [tenant.id],
    );
    const { rows, end } = await exported(store, { tenantId: tenant.id, actor: 'x' });
    expect(rows.map(({ revision }) => revision)).toEqual(
      Array.from({ length: 501 }, (_, index) => index + 2),
    );
    expect(end.count).toBe(501);
  });
});
