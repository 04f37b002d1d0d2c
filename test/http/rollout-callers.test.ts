import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ageRegistry, instancesOf, newInstances, report, rolloutOf, silence, versionOf } from './reports.js';
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

describe('given two keys', () => {
  it('tells instances of one name apart', async () => {
    const [instance = ''] = newInstances(1);
    const keys = [await service.key({ preset: 'sdk' }), await service.key({ preset: 'sdk' })];
    const version = await versionOf(service, slug);
    for (const key of keys) await report(service, { instance, applied: [version] }, key);
    await report(service, { instance, applied: [], bye: true });
    const { applied } = await rolloutOf(service, slug);
    expect(instancesOf(applied)).toEqual([instance, instance]);
    await report(service, { instance, applied: [], bye: true }, keys[0]);
    expect((await rolloutOf(service, slug)).counts.applied).toBe(1);
  });

  it('writes nothing down for a tenant the key may not see', async () => {
    const foreign = await service.tenant();
    const key = await service.key({ preset: 'sdk', tenants: [slug] });
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(service, foreign), await versionOf(service, slug)];
    expect((await report(service, { instance, applied }, key)).status).toBe(204);
    expect((await rolloutOf(service, foreign)).counts).toEqual({ applied: 0, lagging: 0, silent: 0 });
    expect((await rolloutOf(service, slug)).counts.applied).toBe(1);
  });

  it('shows a rollout, and removes an instance, only to who may see the tenant', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    await silence(service.databaseUrl, instance, 100);
    const { id } = (await rolloutOf(service, slug)).silent[0];
    const stranger = await service.key({ preset: 'admin', tenants: [await service.tenant()] });
    const reader = await service.key({ scopes: ['origins:read'], tenants: [slug] });
    const instancePath = `/v1/tenants/${slug}/rollout/instances/${id}`;
    for (const path of ['rollout', 'horizon']) {
      const answer = await service.call('GET', `/v1/tenants/${slug}/${path}`, { key: stranger });
      expect([answer.status, answer.body.code]).toEqual([404, 'tenant_not_found']);
      expect((await service.call('GET', `/v1/tenants/${slug}/${path}`, { key: reader })).status).toBe(200);
    }
    const refused = await service.call('DELETE', instancePath, { key: stranger });
    expect([refused.status, refused.body.code]).toEqual([404, 'tenant_not_found']);
    expect((await service.call('DELETE', instancePath, { key: reader })).status).toBe(403);
    expect((await rolloutOf(service, slug)).counts.silent).toBe(1);
  });

  it('removes an instance of one tenant from no other', async () => {
    const other = await service.tenant();
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(service, slug), await versionOf(service, other)];
    await report(service, { instance, applied });
    await silence(service.databaseUrl, instance, 100);
    const { id } = (await rolloutOf(service, slug)).silent[0];
    const elsewhere = `/v1/tenants/${await service.tenant()}/rollout/instances/${id}`;
    expect((await service.call('DELETE', elsewhere)).body.code).toBe('instance_not_found');
    expect((await service.call('DELETE', `/v1/tenants/${slug}/rollout/instances/${id}`)).status).toBe(204);
    expect([
      (await rolloutOf(service, slug)).counts.silent,
      (await rolloutOf(service, other)).counts.silent,
    ]).toEqual([0, 1]);
  });
});

describe('given a call that is wrong', () => {
  it('answers 409 to a revision the tenant has not reached', async () => {
    for (const path of ['rollout', 'horizon']) {
      const answer = await service.call('GET', `/v1/tenants/${slug}/${path}?revision=2`);
      expect([answer.status, answer.body.code, answer.body.revision]).toEqual([
        409,
        'revision_not_reached',
        1,
      ]);
    }
  });

  it('answers 422 to a revision that is none and to an unknown field', async () => {
    for (const query of ['?revision=0', '?revision=x', '?revision=1.5', '?rev=1']) {
      expect((await service.call('GET', `/v1/tenants/${slug}/rollout${query}`)).status, query).toBe(422);
    }
  });

  it('answers 409 to the removal of an instance that reports, which stays', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    const { id } = (await rolloutOf(service, slug)).applied[0];
    const path = `/v1/tenants/${slug}/rollout/instances/`;
    const answer = await service.call('DELETE', path + id);
    expect([answer.status, answer.body.code]).toEqual([409, 'instance_not_silent']);
    expect((await service.call('DELETE', `${path}nonsense`)).body.code).toBe('instance_not_found');
    expect((await rolloutOf(service, slug)).counts.applied).toBe(1);
  });

  it.each([
    ['an instance that is no name', { instance: 'a b' }],
    ['no staleness', { maxStalenessMs: null }],
    ['a staleness that no SDK can be set to', { maxStalenessMs: 2_592_000_001 }],
    ['a transport there is none of', { transport: 'pigeon' }],
    [
      'a revision past all numbers',
      { applied: [{ slug: 'acme', lineage: randomUUID(), revision: 3_000_000_000 }] },
    ],
    [
      'more than a thousand tenants',
      {
        applied: Array.from({ length: 1_001 }, () => ({ slug: 'acme', lineage: randomUUID(), revision: 1 })),
      },
    ],
    ['a member it does not know', { appliedd: [] }],
  ])('answers 422 to a report with %s, and writes nothing', async (_what, fields) => {
    const [instance = ''] = newInstances(1);
    const answer = await report(service, { instance, applied: [await versionOf(service, slug)], ...fields });
    expect([answer.status, answer.body.code]).toEqual([422, 'invalid_input']);
    expect((await rolloutOf(service, slug)).counts).toEqual({ applied: 0, lagging: 0, silent: 0 });
  });

  it('answers 403 to a key without `sync`', async () => {
    const key = await service.key({ scopes: ['origins:read'] });
    const answer = await report(service, { instance: 'a', applied: [await versionOf(service, slug)] }, key);
    expect([answer.status, answer.body.scope]).toEqual([403, 'sync']);
    expect((await rolloutOf(service, slug)).counts.applied).toBe(0);
  });
});
