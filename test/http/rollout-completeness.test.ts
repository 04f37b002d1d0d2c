import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withClient } from '../support/database-template.js';
import {
  ageRegistry,
  ageReports,
  instancesOf,
  newInstances,
  report,
  rolloutOf,
  versionOf,
} from './reports.js';
import { openService, type TestService } from './service.js';

let service: TestService;
let slug: string;

beforeAll(async () => {
  service = await openService();
  await ageRegistry(service.databaseUrl, 48);
});
beforeEach(async () => {
  slug = await service.tenant();
});
afterAll(() => service.close());

describe('given what makes a rollout incomplete', () => {
  it('says so while the registry is younger than the longest staleness in it', async () => {
    const young = await openService();
    const tenant = await young.tenant();
    const [short = '', long = ''] = newInstances(2);
    const applied = [await versionOf(young, tenant)];
    const read = () => rolloutOf(young, tenant);
    expect(await read()).toMatchObject({ complete: false, incompleteBecause: ['registry_young'] });
    await ageRegistry(young.databaseUrl, 2);
    await report(young, { instance: short, maxStalenessMs: 3_600_000, applied });
    await ageReports(young.databaseUrl, 91);
    expect(await read()).toMatchObject({ complete: true, incompleteBecause: [] });
    await report(young, { instance: long, maxStalenessMs: 3 * 3_600_000, applied });
    expect(await read()).toMatchObject({ complete: false, incompleteBecause: ['registry_young'] });
    // One like it may have been cut off before.
    await report(young, { instance: long, applied, bye: true });
    expect(await read()).toMatchObject({ complete: false, incompleteBecause: ['registry_young'] });
    await ageRegistry(young.databaseUrl, 3.1);
    expect(await read()).toMatchObject({ complete: true, incompleteBecause: [] });
    await young.close();
  });

  it('takes 24 h until all had the time to report, and 90 s at least', async () => {
    const young = await openService();
    const tenant = await young.tenant();
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(young, tenant)];
    const reasons = async () => (await rolloutOf(young, tenant)).incompleteBecause;
    await report(young, { instance, onStale: 'refuse', maxStalenessMs: 0, applied });
    await ageRegistry(young.databaseUrl, 23);
    await ageReports(young.databaseUrl, 85);
    expect(await reasons()).toEqual(['registry_young']);
    await ageReports(young.databaseUrl, 6);
    expect(await reasons()).toEqual([]);
    await ageRegistry(young.databaseUrl, 0);
    expect(await reasons()).toEqual(['registry_young']);
    await ageRegistry(young.databaseUrl, 0.025);
    expect(await reasons()).toEqual([]);
    await young.close();
  });

  it('goes by the longest staleness also when it is told after the version', async () => {
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(service, slug)];
    await report(service, { instance, applied });
    await report(service, { instance, maxStalenessMs: 30 * 24 * 3_600_000, applied });
    await report(service, { instance, applied, bye: true });
    expect((await rolloutOf(service, slug)).incompleteBecause).toEqual(['registry_young']);
  });

  it.each([
    ['instances', 'DELETE FROM instances WHERE instance = $1'],
    [
      'versions',
      'DELETE FROM instance_versions WHERE instance_id = (SELECT id FROM instances WHERE instance = $1)',
    ],
  ])(
    'says so when rows of %s were lost, also after the instance reported again',
    async (_what, statement) => {
      const [lost = '', other = ''] = newInstances(2);
      const applied = [await versionOf(service, slug)];
      await report(service, { instance: lost, applied });
      await report(service, { instance: other, applied });
      expect((await rolloutOf(service, slug)).complete).toBe(true);
      await withClient(service.databaseUrl, (client) => client.query(statement, [lost]));
      expect(await rolloutOf(service, slug)).toMatchObject({
        complete: false,
        incompleteBecause: ['rows_lost'],
      });
      await report(service, { instance: lost, applied });
      expect(await rolloutOf(service, slug)).toMatchObject({
        complete: false,
        incompleteBecause: ['rows_lost'],
      });
    },
  );

  it('says so after the tenant got a new lineage', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    await withClient(service.databaseUrl, (client) =>
      client.query('UPDATE tenants SET lineage = $1 WHERE slug = $2', [randomUUID(), slug]),
    );
    expect(await rolloutOf(service, slug)).toMatchObject({
      complete: false,
      incompleteBecause: ['lineage_renewed'],
      counts: { applied: 0, lagging: 1 },
    });
  });

  it('refuses an instance over the limit of its key, evicts nobody and says so', async () => {
    const key = await service.key({ preset: 'sdk', tenants: [slug] });
    const version = await versionOf(service, slug);
    const [first = '', second = ''] = newInstances(2);
    await report(service, { instance: first, applied: [version] }, key);
    await withClient(service.databaseUrl, (client) =>
      client.query(
        `INSERT INTO instances (key_id, instance, transport, on_stale, max_staleness_ms, first_seen_at, last_seen_at)
         SELECT key_id, 'x' || n, 'poll', 'serve', 0, now(), now() FROM instances, generate_series(1, 999) n WHERE instance = $1`,
        [first],
      ),
    );
    const refused = await report(service, { instance: second, applied: [version] }, key);
    expect([refused.status, refused.body.code]).toEqual([409, 'too_many_instances']);
    const rollout = await rolloutOf(service, slug);
    expect([rollout.incompleteBecause, instancesOf(rollout.applied)]).toEqual([['over_cap'], [first]]);
    expect((await report(service, { instance: first, applied: [version] }, key)).status).toBe(204);
    // Another key has a limit of its own.
    const other = await service.key({ preset: 'sdk', tenants: [slug] });
    expect((await report(service, { instance: second, applied: [version] }, other)).status).toBe(204);
  });
});
