import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstanceReport } from '../../src/store/instance-record.js';
import type { TenantRow } from '../../src/store/rows.js';
import { openStore } from '../../src/store/store.js';
import { silentLog } from '../support/silent-log.js';
import { proxiedUrl, startTcpProxy } from '../support/tcp-proxy.js';
import { newTenant, openTestStore, type TestStore } from './test-store.js';

const EVERYBODY = { tenantIds: null };

let store: TestStore;

beforeAll(async () => {
  store = await openTestStore();
  await store.sql.query(`UPDATE instance_registry SET born_at = now() - interval '30 days'`);
});
afterAll(() => store.close());

const KEY = 'key:test';

function reportOf(instance: string, tenants: readonly TenantRow[], revision = 1): InstanceReport {
  return {
    keyId: KEY,
    instance,
    transport: 'stream',
    onStale: 'serve',
    maxStalenessMs: 3_600_000,
    applied: tenants.map(({ slug, lineage }) => ({ slug, lineage, revision })),
  };
}

/** A key that has so many instances: `x1`, `x2` and so on. */
async function keyWith(count: number): Promise<string> {
  const keyId = `key:${randomUUID()}`;
  await store.sql.query(
    `INSERT INTO instances (key_id, instance, transport, on_stale, max_staleness_ms, first_seen_at, last_seen_at)
     SELECT $1, 'x' || n, 'poll', 'serve', 0, now(), now() FROM generate_series(1, $2::integer) n`,
    [keyId, count],
  );
  return keyId;
}

/** Every row that says something of the tenant, and by which transaction it was written. */
async function rowsOf({ id }: TenantRow): Promise<readonly object[]> {
  const tables = ['instance_versions', 'instance_tallies', 'version_departures'];
  const reads = tables.map((table) =>
    store.sql.query(`SELECT *, xmin::text, xmax::text FROM ${table} WHERE tenant_id = $1`, [id]),
  );
  return (await Promise.all(reads)).flatMap(({ rows }) => rows);
}

describe('given a heartbeat that says nothing new', () => {
  it('writes that the instance was heard of, and touches no other row', async () => {
    const tenant = await newTenant(store);
    const instance = randomUUID();
    await store.instances.report(reportOf(instance, [tenant]), EVERYBODY);
    await store.instances.report(reportOf(instance, [tenant], 2), EVERYBODY);
    const before = await rowsOf(tenant);
    expect(before).toHaveLength(3);
    await store.sql.query(
      `UPDATE instances SET last_seen_at = last_seen_at - interval '1 hour' WHERE instance = $1`,
      [instance],
    );
    await store.instances.report(reportOf(instance, [tenant], 2), EVERYBODY);
    expect(await rowsOf(tenant)).toEqual(before);
    expect((await store.rollouts.get(tenant.slug, 1, EVERYBODY)).counts.silent).toBe(0);
  });
});

describe('given a stream that opens', () => {
  it('fills and raises what is known, and never lowers it', async () => {
    const tenant = await newTenant(store);
    const { slug, lineage } = tenant;
    const name = { keyId: KEY, instance: randomUUID() };
    const revisionOf = async () => {
      const { applied, lagging } = await store.rollouts.get(slug, undefined, EVERYBODY);
      return [...applied, ...lagging].map(({ revision }) => revision);
    };
    await store.instances.follow(name, [{ slug, lineage: null, revision: 7 }], EVERYBODY);
    expect(await revisionOf()).toEqual([null]);
    await store.instances.follow(name, [{ slug, lineage, revision: 2 }], EVERYBODY);
    expect(await revisionOf()).toEqual([2]);
    await store.instances.report(reportOf(name.instance, [tenant], 3), EVERYBODY);
    await store.instances.follow(name, [{ slug, lineage, revision: 2 }], EVERYBODY);
    await store.instances.follow(name, [{ slug, lineage: null, revision: null }], EVERYBODY);
    expect(await revisionOf()).toEqual([3]);
    await store.instances.follow(name, [{ slug, lineage, revision: 4 }], EVERYBODY);
    expect(await revisionOf()).toEqual([4]);
  });

  it('counts as lagging when it claims what the tenant has not reached', async () => {
    const { slug, lineage } = await newTenant(store);
    await store.instances.follow(
      { keyId: KEY, instance: randomUUID() },
      [{ slug, lineage, revision: 999_999 }],
      EVERYBODY,
    );
    const { counts } = await store.rollouts.get(slug, undefined, EVERYBODY);
    expect(counts).toEqual({ applied: 0, lagging: 1, silent: 0 });
  });

  it('keeps what the instance told of itself', async () => {
    const tenant = await newTenant(store);
    const { slug, lineage } = tenant;
    const name = { keyId: KEY, instance: randomUUID() };
    await store.instances.report(
      { ...reportOf(name.instance, [tenant]), onStale: 'refuse', sdk: '1.2.3' },
      EVERYBODY,
    );
    await store.instances.follow({ ...name, service: 'shop' }, [{ slug, lineage, revision: 1 }], EVERYBODY);
    expect((await store.rollouts.get(slug, 1, EVERYBODY)).applied).toMatchObject([
      { onStale: 'refuse', maxStalenessMs: 3_600_000, sdk: '1.2.3', service: 'shop' },
    ]);
  });
});

describe('given an instance that says good-bye', () => {
  it('is not brought back by what was under way, known before or not', async () => {
    const tenant = await newTenant(store);
    const count = async () => {
      const { complete, counts } = await store.rollouts.get(tenant.slug, 1, EVERYBODY);
      return [complete, counts.applied];
    };
    for (const isKnown of [true, false]) {
      const instance = randomUUID();
      if (isKnown) await store.instances.report(reportOf(instance, [tenant]), EVERYBODY);
      await store.instances.sayBye({ keyId: KEY, instance });
      await store.instances.report(reportOf(instance, [tenant]), EVERYBODY);
      await store.instances.follow({ keyId: KEY, instance }, [], EVERYBODY);
      expect(await count()).toEqual([true, 0]);
    }
  });

  it('is heard again when it goes on after all', async () => {
    const tenant = await newTenant(store);
    const instance = randomUUID();
    await store.instances.report(reportOf(instance, [tenant]), EVERYBODY);
    await store.instances.sayBye({ keyId: KEY, instance });
    await store.sql.query(`UPDATE instances SET bye_at = bye_at - interval '6 seconds' WHERE instance = $1`, [
      instance,
    ]);
    await store.instances.report(reportOf(instance, [tenant]), EVERYBODY);
    expect((await store.rollouts.get(tenant.slug, 1, EVERYBODY)).counts.applied).toBe(1);
  });
});

describe('given many instances that come, move and go at once', () => {
  it('loses none and counts none twice', async () => {
    const tenants = [await newTenant(store), await newTenant(store), await newTenant(store)];
    const reversed = tenants.toReversed();
    const instances = Array.from({ length: 40 }, () => randomUUID());
    await Promise.all(
      instances.flatMap((instance, index) => [
        store.instances.report(reportOf(instance, tenants), EVERYBODY),
        store.instances.follow({ keyId: KEY, instance }, reportOf(instance, reversed).applied, EVERYBODY),
        store.instances.report({ ...reportOf(instance, reversed, 2), isAll: true }, EVERYBODY),
        ...(index % 2 === 0 ? [store.instances.sayBye({ keyId: KEY, instance })] : []),
      ]),
    );
    // Of each two, one has said bye, and may have been overtaken by it.
    for (const instance of instances.filter((_instance, index) => index % 2 === 0)) {
      await store.instances.sayBye({ keyId: KEY, instance });
    }
    for (const { slug } of tenants) {
      const { complete, counts } = await store.rollouts.get(slug, undefined, EVERYBODY);
      expect([complete, counts.applied + counts.lagging]).toEqual([true, 20]);
    }
  });

  it('holds a key to its limit', async () => {
    const tenant = await newTenant(store);
    const keyId = await keyWith(997);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () =>
        store.instances.report({ ...reportOf(randomUUID(), [tenant]), keyId }, EVERYBODY),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    const { incompleteBecause, counts } = await store.rollouts.get(tenant.slug, undefined, EVERYBODY);
    expect([incompleteBecause, counts.applied]).toEqual([['over_cap'], 3]);
  });
});

describe('given an instance that was refused', () => {
  it('holds rollouts up until it is taken in or leaves, and is not taken for another', async () => {
    const tenant = await newTenant(store);
    const keyId = await keyWith(1_000);
    const [first, second] = [randomUUID(), randomUUID()];
    const reporting = (instance: string) =>
      store.instances.report({ ...reportOf(instance, [tenant]), keyId }, EVERYBODY);
    const reasons = async () =>
      (await store.rollouts.get(tenant.slug, undefined, EVERYBODY)).incompleteBecause;
    for (const instance of [first, second]) {
      await expect(reporting(instance)).rejects.toMatchObject({ code: 'too_many_instances' });
    }
    await store.sql.query(`DELETE FROM instances WHERE key_id = $1 AND instance IN ('x1', 'x2')`, [keyId]);
    await reporting(first);
    expect(await reasons()).toEqual(['over_cap']);
    await store.instances.sayBye({ keyId: KEY, instance: second });
    expect(await reasons()).toEqual(['over_cap']);
    await store.instances.sayBye({ keyId, instance: second });
    expect(await reasons()).toEqual([]);
  });

  it('is remembered for its staleness and 90 s', async () => {
    const tenant = await newTenant(store);
    const keyId = await keyWith(1_000);
    await expect(
      store.instances.report({ ...reportOf(randomUUID(), [tenant]), keyId }, EVERYBODY),
    ).rejects.toMatchObject({ code: 'too_many_instances' });
    const age = (seconds: number) =>
      store.sql.query(
        `UPDATE instance_refusals SET refused_until = refused_until - $2 * interval '1 second' WHERE key_id = $1`,
        [keyId, seconds],
      );
    const reasons = async () =>
      (await store.rollouts.get(tenant.slug, undefined, EVERYBODY)).incompleteBecause;
    await age(3_680);
    expect(await reasons()).toEqual(['over_cap']);
    await age(11);
    expect(await reasons()).toEqual([]);
  });
});

describe('given that Postgres hangs', () => {
  it('refuses all reports within two seconds, those that wait for their turn too', async () => {
    const tenant = await newTenant(store);
    const proxy = await startTcpProxy(store.databaseUrl);
    const far = await openStore({ databaseUrl: proxiedUrl(store.databaseUrl, proxy), log: silentLog });
    await far.instances.report(reportOf(randomUUID(), [tenant]), EVERYBODY);
    proxy.pause();
    const startedMs = performance.now();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, () => far.instances.report(reportOf(randomUUID(), [tenant]), EVERYBODY)),
    );
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(outcomes.map((outcome) => 'reason' in outcome && outcome.reason.code)).toEqual(
      Array.from({ length: 30 }, () => 'store_unavailable'),
    );
    proxy.resume();
    await far.close();
    await proxy.close();
    expect((await store.rollouts.get(tenant.slug, 1, EVERYBODY)).counts.applied).toBe(1);
  });
});
