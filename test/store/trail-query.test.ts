import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TrailPosition } from '../../src/store/trail-position.js';
import { type TrailFilters, trailKeysQuery } from '../../src/store/trail-query.js';
import { newTenant, openTestStore, type TestStore } from './test-store.js';

const ROWS = 100_000;
const QUIET_ROWS = 50_000;
const FIRST = Date.parse('2026-01-01T00:00:00Z');
const PATTERN = 'https://a.example.com';
/** Pages of 8 KiB that a page of 50 rows may touch, of the thousands there are. */
const TOUCHED = 900;

let store: TestStore;
let tenantId: string;
/** Has been quiet since the other began. */
let quiet: { readonly slug: string; readonly id: string };

beforeAll(async () => {
  store = await openTestStore();
  tenantId = (await newTenant(store)).id;
  const at = `$2::timestamptz + n * interval '1 second'`;
  quiet = await newTenant(store);
  for (const values of [
    [quiet.id, new Date(FIRST - QUIET_ROWS * 1_000), QUIET_ROWS],
    [tenantId, new Date(FIRST), ROWS],
  ]) {
    await store.sql.query(
      `INSERT INTO changes (at, tenant_id, lineage, revision, actor, request_id, action, ops, op_count, prev_hash, hash)
       SELECT ${at}, $1, gen_random_uuid(), n + 1, 'actor ' || n % 5, 'request ' || n, 'action ' || n % 3, '[{}]', 1,
         repeat('0', 64), repeat('0', 64) FROM generate_series(1, $3::integer) AS n`,
      values,
    );
  }
  await store.sql.query(
    `INSERT INTO change_subjects SELECT $1, $2, n FROM generate_series(2, $3::integer) AS n`,
    [tenantId, PATTERN, ROWS],
  );
  await store.sql.query(
    `INSERT INTO events (at, actor, request_id, action, detail, tenants)
     SELECT ${at}, 'actor ' || n % 5, 'request ' || n, 'action ' || n % 3, '{}', ARRAY[$1::uuid]
     FROM generate_series(1, $3::integer) AS n`,
    [tenantId, new Date(FIRST), ROWS],
  );
  await store.sql.query('VACUUM ANALYZE');
}, 120_000);
afterAll(() => store.close());

interface Plan {
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
}

const MIDDLE = { at: new Date(FIRST + 50_000_000), kind: 'change', id: '1' } as const;

async function touchedBy(
  filters: TrailFilters,
  tenantIds: readonly string[] | null,
  after: TrailPosition | undefined,
): Promise<number> {
  let touched = 0;
  for (const order of ['asc', 'desc'] as const) {
    const { text, values } = trailKeysQuery({ filters, tenantIds, order, after, limit: 50 });
    const { rows } = await store.sql.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values);
    const { Plan: plan }: { Plan: Plan } = rows[0]['QUERY PLAN'][0];
    touched = Math.max(touched, plan['Shared Hit Blocks'] + plan['Shared Read Blocks']);
  }
  return touched;
}

describe('given a trail of 100,000 changes and as many events', () => {
  it.each<[string, (tenantId: string) => TrailFilters]>([
    ['nothing', () => ({})],
    ['a tenant', (id) => ({ tenantId: id })],
    ['an actor', () => ({ actor: 'actor 1' })],
    ['an action', () => ({ action: 'action 1' })],
    ['a request', () => ({ requestId: 'request 60000' })],
    ['a time long ago', () => ({ until: new Date(FIRST + 60_000) })],
    ['a time of late', () => ({ since: new Date(FIRST + 49_000_000) })],
    ['a pattern', (id) => ({ tenantId: id, subject: { pattern: PATTERN } })],
    ['a pattern that never was', (id) => ({ tenantId: id, subject: { pattern: 'https://b.example.com' } })],
    ['revisions', (id) => ({ tenantId: id, fromRevision: 100, toRevision: 60_000 })],
    ['a tenant and an actor that it has not', (id) => ({ tenantId: id, actor: 'nobody' })],
    ['an actor and an action that never met', () => ({ actor: 'actor 1', action: 'none' })],
  ])('reads a bounded part of it for a page filtered by %s', async (_what, filters) => {
    expect(await touchedBy(filters(tenantId), null, MIDDLE)).toBeLessThan(TOUCHED);
    expect(await touchedBy(filters(tenantId), [tenantId], MIDDLE)).toBeLessThan(TOUCHED);
  });
  it.each<[string, TrailFilters]>([
    ['nothing more', {}],
    ['an action that it has not', { action: 'none' }],
    ['revisions', { fromRevision: 100, toRevision: 40_000 }],
    ['a pattern that never was', { subject: { pattern: 'https://b.example.com' } }],
  ])(
    'walks through no other tenant’s for a page of one that has been quiet, filtered by %s',
    async (_what, filters) => {
      expect(await touchedBy({ tenantId: quiet.id, ...filters }, null, undefined)).toBeLessThan(TOUCHED);
      expect(await touchedBy({ tenantId: quiet.id, ...filters }, [quiet.id], undefined)).toBeLessThan(
        TOUCHED,
      );
    },
  );

  it('walks through no other tenant’s for who may see both', async () => {
    expect(await touchedBy({}, [quiet.id, tenantId], undefined)).toBeLessThan(TOUCHED);
  });
});
