import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.js';
import type { InstanceReport } from '../../src/store/instance-record.js';
import { sweepInstances } from '../../src/store/instance-sweep.js';
import { context, newTenant, openTestStore, type TestStore } from './test-store.js';

const EVERYBODY = { tenantIds: null };
const HOUR_MS = 3_600_000;

let store: TestStore;
let db: Database;

beforeAll(async () => {
  store = await openTestStore();
  db = await store.openDatabase();
  await store.sql.query(`UPDATE instance_registry SET born_at = now() - interval '30 days'`);
});
afterAll(() => store.close());

/** A tenant with one instance that has applied what there is. */
async function reported(fields: Partial<InstanceReport> = {}) {
  const { slug, lineage, revision } = await newTenant(store);
  const instance = randomUUID();
  const applied = [{ slug, lineage, revision }];
  await store.instances.report(
    {
      keyId: 'key:test',
      instance,
      transport: 'poll',
      onStale: 'refuse',
      maxStalenessMs: HOUR_MS,
      applied,
      ...fields,
    },
    EVERYBODY,
  );
  return { slug, instance };
}

const rowsOf = async (instance: string) =>
  (await store.sql.query('SELECT 1 FROM instances WHERE instance = $1', [instance])).rows.length;
const silence = (instance: string, hours: number) =>
  store.sql.query(
    `UPDATE instances SET last_seen_at = last_seen_at - $2 * interval '1 hour' WHERE instance = $1`,
    [instance, hours],
  );

describe('given instances that refuse when stale', () => {
  it('forgets those that do by now, and keeps until when they may have served', async () => {
    const { slug, instance } = await reported();
    const fresh = await reported();
    const serving = await reported({ onStale: 'serve' });
    await silence(instance, 2);
    await silence(serving.instance, 1_000);
    await sweepInstances(db);
    expect([await rowsOf(instance), await rowsOf(fresh.instance), await rowsOf(serving.instance)]).toEqual([
      0, 1, 1,
    ]);
    const rollout = await store.rollouts.get(slug, undefined, EVERYBODY);
    expect([rollout.complete, rollout.counts]).toEqual([true, { applied: 0, lagging: 0, silent: 0 }]);
    const left = await store.sql.query<{ readonly minutes: number }>(
      `SELECT round(extract(epoch FROM now() - left_at) / 60)::integer AS minutes FROM version_departures d
       JOIN tenants t ON t.id = d.tenant_id WHERE t.slug = $1`,
      [slug],
    );
    // Two hours ago, plus an hour of staleness and 90 s.
    expect(left.rows[0]?.minutes).toBeGreaterThanOrEqual(58);
    expect(left.rows[0]?.minutes).toBeLessThanOrEqual(59);
  });

  it('forgets those that hold nothing any more', async () => {
    const { slug, instance } = await reported();
    await store.tenants.remove(slug, {}, context);
    await silence(instance, 26);
    const idle = await reported({ applied: [] });
    await silence(idle.instance, 26);
    const left = await reported();
    await store.instances.sayBye({ keyId: 'key:test', instance: left.instance });
    await store.sql.query(`UPDATE instances SET bye_at = bye_at - interval '2 minutes' WHERE instance = $1`, [
      left.instance,
    ]);
    await sweepInstances(db);
    expect([await rowsOf(instance), await rowsOf(idle.instance), await rowsOf(left.instance)]).toEqual([
      0, 0, 0,
    ]);
  });
});

describe('given rows that were lost', () => {
  it('stays incomplete for the longest staleness from when it was noticed, and no longer', async () => {
    const { slug, instance } = await reported();
    await store.sql.query('DELETE FROM instances WHERE instance = $1', [instance]);
    const reasons = async () => (await store.rollouts.get(slug, undefined, EVERYBODY)).incompleteBecause;
    expect(await reasons()).toEqual(['rows_lost']);
    await sweepInstances(db);
    await sweepInstances(db);
    expect(await reasons()).toEqual(['rows_lost']);
    await store.sql.query(`UPDATE instance_tallies SET lost_at = lost_at - interval '23 hours'`);
    expect(await reasons()).toEqual(['rows_lost']);
    await store.sql.query(`UPDATE instance_tallies SET lost_at = lost_at - interval '2 hours'`);
    expect(await reasons()).toEqual([]);
  });

  it('goes by what the lost one told, however long, in days of which it was the only one', async () => {
    const { slug, instance } = await reported({ maxStalenessMs: 20 * 24 * HOUR_MS });
    await store.sql.query('DELETE FROM instances WHERE instance = $1', [instance]);
    await sweepInstances(db);
    await store.sql.query(`UPDATE instance_tallies SET lost_at = lost_at - interval '19 days'`);
    expect((await store.rollouts.get(slug, undefined, EVERYBODY)).incompleteBecause).toEqual(['rows_lost']);
    await store.sql.query(`UPDATE instance_tallies SET lost_at = lost_at - interval '2 days'`);
    expect((await store.rollouts.get(slug, undefined, EVERYBODY)).incompleteBecause).toEqual([]);
  });

  it('notices a tally that was lost, and a registry that was', async () => {
    const { slug } = await reported();
    await store.sql.query(
      'DELETE FROM instance_tallies WHERE tenant_id = (SELECT id FROM tenants WHERE slug = $1)',
      [slug],
    );
    const reasons = async () => (await store.rollouts.get(slug, undefined, EVERYBODY)).incompleteBecause;
    expect(await reasons()).toEqual(['rows_lost']);
    await sweepInstances(db);
    expect(await reasons()).toEqual(['rows_lost']);
    const [registry] = (await store.sql.query('DELETE FROM instance_registry RETURNING born_at')).rows;
    expect(await reasons()).toEqual(['registry_young', 'rows_lost']);
    await sweepInstances(db);
    expect(await reasons()).toEqual(['registry_young', 'rows_lost']);
    await store.sql.query('UPDATE instance_registry SET born_at = $1', [registry.born_at]);
  });
});

describe('given departures of days ago', () => {
  it('drops those no browser remembers', async () => {
    const { slug, instance } = await reported();
    await store.instances.sayBye({ keyId: 'key:test', instance });
    const count = async () =>
      (
        await store.sql.query(
          'SELECT 1 FROM version_departures d JOIN tenants t ON t.id = d.tenant_id WHERE t.slug = $1',
          [slug],
        )
      ).rows.length;
    const age = (hours: number) =>
      store.sql.query(`UPDATE version_departures SET left_at = left_at - $1 * interval '1 hour'`, [hours]);
    await age(24);
    await sweepInstances(db);
    expect(await count()).toBe(1);
    await age(2);
    await sweepInstances(db);
    expect(await count()).toBe(0);
  });
});
