import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withClient } from '../support/database-template.js';
import { ageRegistry, newInstances, report, rolloutOf, silence, versionOf } from './reports.js';
import { openService, type TestService } from './service.js';

let service: TestService;
let slug: string;

beforeAll(async () => {
  service = await openService();
  await ageRegistry(service.databaseUrl, 24 * 90);
});
beforeEach(async () => {
  slug = await service.tenant();
});
afterAll(() => service.close());

const horizonOf = async (revision?: number) =>
  (await service.call('GET', `/v1/tenants/${slug}/horizon${revision ? `?revision=${revision}` : ''}`)).body;

async function setMaxAge(maxAgeSeconds: number | null): Promise<void> {
  await service.call('PUT', `/v1/tenants/${slug}/policies/default`, {
    body: { paths: ['/'], maxAgeSeconds },
  });
}

/** Adds an origin and removes it again: two revisions. */
async function removal(): Promise<void> {
  const path = `/v1/tenants/${slug}/origins`;
  const { body } = await service.call('POST', path, { body: { pattern: 'https://a.example.com' } });
  await service.call('DELETE', `${path}/${body.id}`);
}

/** Puts back, by hours, all that the trail, the registry and the departures say of the tenant so far. */
async function age(hours: number): Promise<void> {
  await withClient(service.databaseUrl, async (client) => {
    await client.query('ALTER TABLE changes DISABLE TRIGGER changes_append_only');
    for (const [table, column] of [
      ['changes', 'at'],
      ['version_departures', 'left_at'],
    ]) {
      await client.query(
        `UPDATE ${table} SET ${column} = ${column} - $2 * interval '1 hour'
         WHERE tenant_id = (SELECT id FROM tenants WHERE slug = $1 AND deleted_at IS NULL)`,
        [slug, hours],
      );
    }
    await client.query('ALTER TABLE changes ENABLE ALWAYS TRIGGER changes_append_only');
  });
}

const secondsBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1_000;

describe('given that every instance has applied a removal', () => {
  it('is the time of the last one plus the max-age of the policy', async () => {
    const [first = '', last = ''] = newInstances(2);
    const before = await versionOf(service, slug);
    for (const instance of [first, last]) await report(service, { instance, applied: [before] });
    await removal();
    const after = await versionOf(service, slug);
    await report(service, { instance: first, applied: [after] });
    await report(service, { instance: last, applied: [after] });
    const rollout = await rolloutOf(service, slug);
    const horizon = await horizonOf();
    expect(horizon).toEqual({
      tenant: slug,
      lineage: after.lineage,
      revision: 3,
      horizonAt: expect.any(String),
      lastAppliedAt: expect.any(String),
      maxAgeSeconds: 600,
      complete: true,
      incompleteBecause: [],
      blockers: [],
      blockerCount: 0,
    });
    expect(secondsBetween(horizon.lastAppliedAt, horizon.horizonAt)).toBe(600);
    const lastAt: string = rollout.applied
      .map(({ appliedAt }: { appliedAt: string }) => appliedAt)
      .sort()
      .at(-1);
    expect(secondsBetween(lastAt, horizon.lastAppliedAt)).toBeGreaterThanOrEqual(0);
    expect(secondsBetween(lastAt, horizon.lastAppliedAt)).toBeLessThanOrEqual(1);
  });

  it('is not moved by later writes, nor by instances that come later', async () => {
    const [instance = '', late = ''] = newInstances(2);
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    await removal();
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    await age(1);
    const horizon = await horizonOf(3);
    await service.call('POST', `/v1/tenants/${slug}/origins`, { body: { pattern: 'https://b.example.com' } });
    const version = await versionOf(service, slug);
    await report(service, { instance, applied: [version] });
    await report(service, { instance: late, applied: [version] });
    expect(await horizonOf(3)).toEqual(horizon);
    expect(Date.parse((await horizonOf(4)).horizonAt)).toBeGreaterThan(Date.parse(horizon.horizonAt));
  });

  it('is that of the write when nobody holds the tenant', async () => {
    await removal();
    const { body } = await service.call('GET', `/v1/tenants/${slug}/changes`);
    expect((await horizonOf()).lastAppliedAt).toBe(body.items[0].at);
  });

  it('counts an instance that left without having applied it', async () => {
    const [leaving = ''] = newInstances(1);
    const applied = [await versionOf(service, slug)];
    await report(service, { instance: leaving, applied });
    await removal();
    const written = (await horizonOf()).lastAppliedAt;
    expect(written).toBeNull();
    await report(service, { instance: leaving, applied, bye: true });
    const { body } = await service.call('GET', `/v1/tenants/${slug}/changes`);
    const { lastAppliedAt } = await horizonOf();
    expect(secondsBetween(body.items[0].at, lastAppliedAt)).toBeGreaterThan(0);
  });
});

describe('given policies of the last day', () => {
  it('takes the largest max-age that any of them had', async () => {
    await setMaxAge(7_200);
    await setMaxAge(60);
    await service.call('PUT', `/v1/tenants/${slug}/policies/api`, {
      body: { paths: ['/api'], maxAgeSeconds: 900 },
    });
    expect((await horizonOf()).maxAgeSeconds).toBe(7_200);
    await age(25);
    await setMaxAge(30);
    expect((await horizonOf()).maxAgeSeconds).toBe(900);
    await service.call('DELETE', `/v1/tenants/${slug}/policies/api`);
    await age(25);
    expect((await horizonOf()).maxAgeSeconds).toBe(30);
  });

  it('takes 5 s for a policy without a max-age', async () => {
    await setMaxAge(null);
    await age(25);
    expect((await horizonOf()).maxAgeSeconds).toBe(5);
  });

  it('takes those that an instance went by that had long been cut off', async () => {
    const [instance = ''] = newInstances(1);
    await setMaxAge(86_400);
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    await setMaxAge(60);
    await age(72);
    expect((await horizonOf()).maxAgeSeconds).toBe(86_400);
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    expect(await horizonOf()).toMatchObject({ maxAgeSeconds: 86_400, blockerCount: 0 });
  });

  it('takes a whole day for what was told under another lineage', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, applied: [{ slug, lineage: randomUUID(), revision: 1 }] });
    expect((await horizonOf()).maxAgeSeconds).toBe(86_400);
  });
});

describe('given an instance that has not applied it', () => {
  it('is null while that lags, and names it', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, onStale: 'refuse', applied: [await versionOf(service, slug)] });
    await removal();
    expect(await horizonOf()).toMatchObject({
      horizonAt: null,
      lastAppliedAt: null,
      blockerCount: 1,
      blockers: [{ instance, revision: 1 }],
    });
  });

  it('is null while that is silent and serves when stale, for good', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, maxStalenessMs: 1_000, applied: [await versionOf(service, slug)] });
    await silence(service.databaseUrl, instance, 40 * 24 * 3_600);
    await removal();
    expect(await horizonOf()).toMatchObject({ horizonAt: null, blockerCount: 1, blockers: [{ instance }] });
  });

  it('has an end while that is silent and refuses when stale: when it refuses', async () => {
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(service, slug)];
    await report(service, { instance, onStale: 'refuse', maxStalenessMs: 3_600_000, applied });
    await removal();
    await silence(service.databaseUrl, instance, 120);
    const { silent } = await rolloutOf(service, slug);
    const horizon = await horizonOf();
    expect([horizon.blockerCount, silent[0].instance]).toEqual([0, instance]);
    expect(secondsBetween(silent[0].lastSeenAt, horizon.lastAppliedAt)).toBe(3_600 + 90);
  });

  it('is not complete when the rollout is not', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    await withClient(service.databaseUrl, (client) =>
      client.query('DELETE FROM instances WHERE instance = $1', [instance]),
    );
    expect(await horizonOf()).toMatchObject({ complete: false, incompleteBecause: ['rows_lost'] });
  });
});
