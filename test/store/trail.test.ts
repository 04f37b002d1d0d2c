import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TrailQuery, TrailRow } from '../../src/store/trail.js';
import { context, inputs, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';
import { exported, readAll } from './trail-reader.js';

let store: TestStore;

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

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
      expect((await readAll(store, { since }, { limit })).map(nameOf), `${limit}`).toEqual(names());
      const oldestFirst = await readAll(store, { since }, { limit, order: 'asc' });
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
      const oldestFirst = await readAll(store, { since: at, until }, { limit, order: 'asc' });
      expect(oldestFirst.map(nameOf), `${limit}`).toEqual(expected);
      expect((await readAll(store, { since: at, until }, { limit })).map(nameOf)).toEqual(
        expected.toReversed(),
      );
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
      const rows = await readAll(store, query, { limit });
      const mine = rows.filter((row) => row.at >= since.toISOString()).map(nameOf);
      expect(mine, `${limit}`).toEqual(expected(names()));
      const oldestFirst = (await readAll(store, query, { limit, order: 'asc' })).filter(
        (row) => row.at >= since.toISOString(),
      );
      expect(oldestFirst.map(nameOf), `${limit}`).toEqual(expected(names()).toReversed());
    }
    const { rows, end } = await exported(store, query);
    expect(rows.filter((row) => row.at >= since.toISOString()).map(nameOf)).toEqual(
      expected(names()).toReversed(),
    );
    expect(end).toMatchObject({ type: 'end', count: rows.length });
  });

  it('shows who sees some tenants their changes, and events about keys that reach no others', async () => {
    const own = await readAll(store, { since }, { tenantIds: [a.id] });
    expect(own.map(nameOf)).toEqual([`${a.slug} 3`, `${a.slug} 2`, 'key.create', `${a.slug} 1`]);
    const both = await readAll(store, { since }, { tenantIds: [a.id, b.id], limit: 2 });
    expect(both.map(nameOf)).toEqual(names().filter((_name, index) => index !== 3));
    expect((await readAll(store, {}, { tenantIds: [] })).map(nameOf)).toEqual([]);
    const ofActor = await readAll(store, { since, actor: 'key:test' }, { tenantIds: [b.id] });
    expect(ofActor.map(nameOf)).toEqual([`${b.slug} 2`, `${b.slug} 1`]);
    const ofAction = await readAll(store, { since, action: 'key.create' }, { tenantIds: [a.id, b.id] });
    expect(ofAction).toHaveLength(2);
    const byRequest = await readAll(store, { requestId: ci.requestId, since }, { tenantIds: [b.id] });
    expect(byRequest).toEqual([]);
    for (const query of [{ slug: a.slug }, { tenantId: a.id }, { tenantId: 'x' }]) {
      await expect(readAll(store, query, { tenantIds: [b.id] })).rejects.toMatchObject({
        code: 'tenant_not_found',
      });
    }
  });

  it('finds what was done to an entry by its id, also after its pattern changed and it went', async () => {
    const [entry] = (await store.entries.list(a.slug, {}, { limit: 1 })).items;
    const id = entry?.id ?? '';
    await store.entries.update(a.slug, id, { pattern: pattern('https://z.example.com') }, {}, context);
    await store.entries.remove(a.slug, id, {}, context);
    const revisionsOf = async (query: TrailQuery) =>
      (await readAll(store, { slug: a.slug, ...query })).map((row) =>
        row.type === 'change' ? row.revision : 0,
      );
    expect(await revisionsOf({ subject: { entryId: id } })).toEqual([5, 4, 3, 2]);
    expect(await revisionsOf({ subject: { pattern: 'https://x.example.com' } })).toEqual([4, 3, 2]);
    expect(await revisionsOf({ subject: { pattern: 'https://z.example.com' } })).toEqual([5, 4]);
  });

  it('tells of a deleted tenant by its id, and of the next one of its slug apart', async () => {
    await store.tenants.remove(a.slug, {}, context);
    const { value: next } = await store.tenants.create({ slug: a.slug, name: 'Next' }, context);
    const revisionsOf = async (tenantId: string) =>
      (await readAll(store, { tenantId, type: 'change' })).map((row) =>
        row.type === 'change' ? row.revision : 0,
      );
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
    const rows = await readAll(store, query, { limit: 2 });
    expect(rows.map((row) => row.type === 'change' && row.revision)).toEqual([6301, 4201, 2101]);
    expect((await readAll(store, query, { order: 'asc' })).map((row) => row.at)).toEqual(
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
      (await readAll(store, { slug, subject })).map((row) => row.type === 'change' && row.revision);
    expect(await revisions({ pattern: 'https://n7.example.com' })).toEqual([7, 6, 5, 4, 3, 2]);
    expect(await revisions({ pattern: 'https://other.example.com' })).toEqual([]);
  });
});
