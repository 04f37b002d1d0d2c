import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_QUOTAS } from '../../src/limits.js';
import { createChangeLog } from '../../src/store/change-log.js';
import { type Database, openDatabase } from '../../src/store/database.js';
import type { TrailQuery, TrailRow } from '../../src/store/trail.js';
import type { TrailOrder } from '../../src/store/trail-position.js';
import { silentLog } from '../support/silent-log.js';
import { context, inputs, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

let store: TestStore;
let db: Database;

beforeAll(async () => {
  store = await openTestStore();
  db = await openDatabase({ databaseUrl: store.databaseUrl, log: silentLog });
});
afterAll(async () => {
  await db.close();
  await store.close();
});

/** Every row of every page, which are as short as `limit`. */
async function readAll(
  query: TrailQuery,
  options: {
    readonly order?: TrailOrder;
    readonly limit?: number;
    readonly tenantIds?: readonly string[];
  } = {},
): Promise<TrailRow[]> {
  const { order, limit = 3, tenantIds = null } = options;
  const rows: TrailRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.trail.list(query, { limit, cursor, order }, { tenantIds });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    rows.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

async function exported(query: TrailQuery, tenantIds: readonly string[] | null = null) {
  const lines: ReturnType<typeof JSON.parse>[] = [];
  for await (const line of store.trail.lines(query, { tenantIds })) lines.push(JSON.parse(line));
  return { rows: lines.slice(0, -1), end: lines.at(-1) };
}

const nameOf = (row: TrailRow) => (row.type === 'change' ? `${row.tenant} ${row.revision}` : row.action);

async function newKey(tenantIds: readonly string[] | null, by = context) {
  const hash = randomUUID().replaceAll('-', '').repeat(2);
  return store.keys.create({ name: 'a key', scopes: ['sync'], tenantIds, hash, prefix: 'oak_' }, by);
}

describe('given changes of two tenants and events between them', () => {
  let a: { readonly id: string; readonly slug: string };
  let b: { readonly id: string; readonly slug: string };
  let since: Date;
  const ci = { actor: 'key:ci', requestId: 'request-ci' };

  beforeEach(async () => {
    since = (await store.sql.query(`SELECT date_trunc('milliseconds', clock_timestamp()) AS at`)).rows[0].at;
    const writes = [
      async () => {
        a = await newTenant(store);
      },
      async () => {
        b = await newTenant(store);
      },
      () => newKey([a.id]),
      () => store.entries.create(a.slug, { pattern: pattern('https://x.example.com') }, ci),
      () => newKey(null),
      () => store.entries.create(b.slug, { pattern: pattern('https://y.example.com') }, context),
      () => newKey([a.id, b.id]),
      () =>
        store.entries.upsert(a.slug, { pattern: pattern('https://x.example.com'), note: 'n' }, {}, context),
    ];
    for (const write of writes) {
      await write();
      // So that no two are of one millisecond.
      await store.sql.query('SELECT pg_sleep(0.002)');
    }
  });

  const names = () => [
    `${a.slug} 3`,
    'key.create',
    `${b.slug} 2`,
    'key.create',
    `${a.slug} 2`,
    'key.create',
    `${b.slug} 1`,
    `${a.slug} 1`,
  ];

  it('tells them in the order of time, newest or oldest first, each once over the pages', async () => {
    for (const limit of [1, 2, 3, 8, 50]) {
      expect((await readAll({ since }, { limit })).map(nameOf), `${limit}`).toEqual(names());
      const oldestFirst = await readAll({ since }, { limit, order: 'asc' });
      expect(oldestFirst.map(nameOf), `${limit}`).toEqual(names().reverse());
    }
  });

  it('tells changes before events of the same instant, and neither twice', async () => {
    const at = new Date('2020-01-01T00:00:00Z');
    await store.sql.query(
      `INSERT INTO changes (at, tenant_id, lineage, revision, actor, request_id, action, ops, op_count, prev_hash, hash)
       SELECT $1, $2, gen_random_uuid(), n, 'x', 'x', 'x', '[{}]', 1, repeat('0', 64), repeat('0', 64)
       FROM generate_series(100, 104) AS n`,
      [at, a.id],
    );
    await store.sql.query(
      `INSERT INTO events (at, actor, request_id, action, detail)
       SELECT $1, 'x', 'x', 'event ' || n, '{}' FROM generate_series(1, 5) AS n`,
      [at],
    );
    const until = new Date(at.getTime() + 1);
    const expected = [100, 101, 102, 103, 104].map((n) => `${a.slug} ${n}`);
    expected.push(...[1, 2, 3, 4, 5].map((n) => `event ${n}`));
    for (const limit of [1, 2, 3, 4, 9, 10]) {
      const oldestFirst = await readAll({ since: at, until }, { limit, order: 'asc' });
      expect(oldestFirst.map(nameOf), `${limit}`).toEqual(expected);
      expect((await readAll({ since: at, until }, { limit })).map(nameOf)).toEqual(expected.toReversed());
    }
    await store.sql.query('ALTER TABLE changes DISABLE TRIGGER changes_append_only');
    await store.sql.query('ALTER TABLE events DISABLE TRIGGER events_append_only');
    await store.sql.query('DELETE FROM changes WHERE at = $1', [at]);
    await store.sql.query('DELETE FROM events WHERE at = $1', [at]);
    await store.sql.query('ALTER TABLE changes ENABLE ALWAYS TRIGGER changes_append_only');
    await store.sql.query('ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only');
  });

  it.each<[string, (query: { a: typeof a; b: typeof b }) => TrailQuery, (all: string[]) => string[]]>([
    ['type change', () => ({ type: 'change' }), (all) => all.filter((name) => name !== 'key.create')],
    ['type event', () => ({ type: 'event' }), () => ['key.create', 'key.create', 'key.create']],
    ['actor', () => ({ actor: ci.actor }), (all) => [all[4] ?? '']],
    ['action', () => ({ action: 'key.create' }), () => ['key.create', 'key.create', 'key.create']],
    ['action and actor', () => ({ action: 'entry.create', actor: 'key:test' }), (all) => [all[2] ?? '']],
    ['request', () => ({ requestId: ci.requestId, since: undefined }), (all) => [all[4] ?? '']],
    [
      'tenant',
      ({ a }) => ({ slug: a.slug }),
      (all) => [all[0] ?? '', 'key.create', all[4] ?? '', 'key.create', all[7] ?? ''],
    ],
    ['tenant by id', ({ b }) => ({ tenantId: b.id, type: 'change' }), (all) => [all[2] ?? '', all[6] ?? '']],
    ['tenant and actor', ({ a }) => ({ slug: a.slug, actor: ci.actor }), (all) => [all[4] ?? '']],
    ['tenant and action', ({ b }) => ({ slug: b.slug, action: 'tenant.create' }), (all) => [all[6] ?? '']],
    ['revisions', ({ a }) => ({ slug: a.slug, fromRevision: 2, toRevision: 2 }), (all) => [all[4] ?? '']],
    ['revisions from', ({ a }) => ({ slug: a.slug, fromRevision: 2 }), (all) => [all[0] ?? '', all[4] ?? '']],
    [
      'revisions to',
      ({ a }) => ({ slug: a.slug, toRevision: 9 }),
      (all) => [all[0] ?? '', all[4] ?? '', all[7] ?? ''],
    ],
    ['revisions that are not there', ({ a }) => ({ slug: a.slug, fromRevision: 7 }), () => []],
    [
      'pattern',
      ({ a }) => ({ slug: a.slug, subject: { pattern: 'https://x.example.com' } }),
      (all) => [all[0] ?? '', all[4] ?? ''],
    ],
    [
      'pattern and actor',
      ({ a }) => ({ slug: a.slug, subject: { pattern: 'https://x.example.com' }, actor: 'key:test' }),
      (all) => [all[0] ?? ''],
    ],
    [
      'pattern elsewhere',
      ({ b }) => ({ slug: b.slug, subject: { pattern: 'https://x.example.com' } }),
      () => [],
    ],
    ['policy', ({ a }) => ({ slug: a.slug, subject: { policy: 'default' } }), (all) => [all[7] ?? '']],
  ])('filters by %s', async (_what, filter, expected) => {
    const query = { since, ...filter({ a, b }) };
    for (const limit of [1, 2, 50]) {
      const rows = await readAll(query, { limit });
      const mine = rows.filter((row) => row.at >= since.toISOString()).map(nameOf);
      expect(mine, `${limit}`).toEqual(expected(names()));
      const oldestFirst = (await readAll(query, { limit, order: 'asc' })).filter(
        (row) => row.at >= since.toISOString(),
      );
      expect(oldestFirst.map(nameOf), `${limit}`).toEqual(expected(names()).toReversed());
    }
    const { rows, end } = await exported(query);
    expect(rows.filter((row) => row.at >= since.toISOString()).map(nameOf)).toEqual(
      expected(names()).toReversed(),
    );
    expect(end).toMatchObject({ type: 'end', count: rows.length });
  });

  it('shows who sees some tenants their changes, and events about keys that reach no others', async () => {
    const own = await readAll({ since }, { tenantIds: [a.id] });
    expect(own.map(nameOf)).toEqual([`${a.slug} 3`, `${a.slug} 2`, 'key.create', `${a.slug} 1`]);
    const both = await readAll({ since }, { tenantIds: [a.id, b.id], limit: 2 });
    expect(both.map(nameOf)).toEqual(names().filter((_name, index) => index !== 3));
    expect((await readAll({}, { tenantIds: [] })).map(nameOf)).toEqual([]);
    const ofActor = await readAll({ since, actor: 'key:test' }, { tenantIds: [b.id] });
    expect(ofActor.map(nameOf)).toEqual([`${b.slug} 2`, `${b.slug} 1`]);
    const ofAction = await readAll({ since, action: 'key.create' }, { tenantIds: [a.id, b.id] });
    expect(ofAction).toHaveLength(2);
    const byRequest = await readAll({ requestId: ci.requestId, since }, { tenantIds: [b.id] });
    expect(byRequest).toEqual([]);
    for (const query of [{ slug: a.slug }, { tenantId: a.id }, { tenantId: 'x' }]) {
      await expect(readAll(query, { tenantIds: [b.id] })).rejects.toMatchObject({ code: 'tenant_not_found' });
    }
  });

  it('finds what was done to an entry by its id, also after its pattern changed and it went', async () => {
    const [entry] = (await store.entries.list(a.slug, {}, { limit: 1 })).items;
    const id = entry?.id ?? '';
    await store.entries.update(a.slug, id, { pattern: pattern('https://z.example.com') }, {}, context);
    await store.entries.remove(a.slug, id, {}, context);
    const revisionsOf = async (query: TrailQuery) =>
      (await readAll({ slug: a.slug, ...query })).map((row) => (row.type === 'change' ? row.revision : 0));
    expect(await revisionsOf({ subject: { entryId: id } })).toEqual([5, 4, 3, 2]);
    expect(await revisionsOf({ subject: { pattern: 'https://x.example.com' } })).toEqual([4, 3, 2]);
    expect(await revisionsOf({ subject: { pattern: 'https://z.example.com' } })).toEqual([5, 4]);
  });

  it('tells of a deleted tenant by its id, and of the next one of its slug apart', async () => {
    await store.tenants.remove(a.slug, {}, context);
    const { value: next } = await store.tenants.create({ slug: a.slug, name: 'Next' }, context);
    const revisionsOf = async (tenantId: string) =>
      (await readAll({ tenantId, type: 'change' })).map((row) => (row.type === 'change' ? row.revision : 0));
    expect(await revisionsOf(a.id)).toEqual([4, 3, 2, 1]);
    expect(await revisionsOf(next.id)).toEqual([1]);
  });
});

describe('given filters that no index serves together', () => {
  it('goes through a bounded number of rows a page, and finds all over the pages', async () => {
    const tenant = await newTenant(store);
    await store.sql.query(
      `INSERT INTO changes (at, tenant_id, lineage, revision, actor, request_id, action, ops, op_count, prev_hash, hash)
       SELECT '2021-01-01'::timestamptz + n * interval '1 second', $1, gen_random_uuid(), n + 1,
         CASE WHEN n % 2100 = 0 THEN 'rare' ELSE 'usual' END, 'x', 'x', '[{}]', 1, repeat('0', 64), repeat('0', 64)
       FROM generate_series(1, 6300) AS n`,
      [tenant.id],
    );
    const query = { tenantId: tenant.id, actor: 'rare' };
    const first = await store.trail.list(query, { limit: 2 });
    expect([first.items.length, first.nextCursor === null]).toEqual([1, false]);
    const rows = await readAll(query, { limit: 2 });
    expect(rows.map((row) => row.type === 'change' && row.revision)).toEqual([6301, 4201, 2101]);
    expect((await readAll(query, { order: 'asc' })).map((row) => row.at)).toEqual(
      rows.map((row) => row.at).reverse(),
    );
  });

  it('looks into changes of very many operations, a few a page', async () => {
    const { slug } = await newTenant(store);
    const many = inputs(...Array.from({ length: 1_001 }, (_, index) => `n${index}`));
    for (let round = 0; round < 3; round += 1) {
      await store.entries.replaceAll(slug, many, { ifMatch: 2 * round + 1 }, context);
      await store.entries.replaceAll(slug, [], { ifMatch: 2 * round + 2 }, context);
    }
    const revisions = async (subject: { readonly pattern: string }) =>
      (await readAll({ slug, subject })).map((row) => row.type === 'change' && row.revision);
    expect(await revisions({ pattern: 'https://n7.example.com' })).toEqual([7, 6, 5, 4, 3, 2]);
    expect(await revisions({ pattern: 'https://other.example.com' })).toEqual([]);
  });
});

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
    await store.tenants.update(fast.slug, { name: 'early' }, {}, context);

    // The newest first shows at once what is committed.
    expect((await store.trail.list({}, { limit: 1 })).items).toMatchObject([{ action: 'tenant.update' }]);
    const first = await store.trail.list({ since: new Date(before) }, { limit: 50, order: 'asc' });
    const early = await exported({ since: new Date(before) });
    finish();
    await writing;

    const second = await store.trail.list(
      { since: new Date(first.settledUntil ?? '') },
      { limit: 50, order: 'asc' },
    );
    const late = await exported({ since: new Date(early.end.until) });
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
    const { rows, end } = await exported({ tenantId: tenant.id, actor: 'x' });
    expect(rows.map(({ revision }) => revision)).toEqual(
      Array.from({ length: 501 }, (_, index) => index + 2),
    );
    expect(end.count).toBe(501);
  });
});
