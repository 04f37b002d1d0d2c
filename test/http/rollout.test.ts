import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { withClient } from '../support/database-template.js';
import { startRedis } from '../support/redis-server.js';
import { describeWithRedisServer } from '../support/requirements.js';
import { ageRegistry, ageReports, newInstances, report, silence, versionOf } from './reports.js';
import { openService, type TestService } from './service.js';
import { openStream } from './sse-reader.js';

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

const rolloutOf = async (of = slug, query = '') =>
  (await service.call('GET', `/v1/tenants/${of}/rollout${query}`)).body;
const allow = (pattern: string, of = slug) =>
  service.call('POST', `/v1/tenants/${of}/origins`, { body: { pattern } });
const names = (listed: readonly { readonly instance: string }[]) =>
  listed.map(({ instance }) => instance).sort();

describe('given instances that report', () => {
  it('tells who has applied the revision and who lags, with what each told of itself', async () => {
    const [ahead = '', behind = ''] = newInstances(2);
    const before = await versionOf(service, slug);
    await report(service, { instance: behind, transport: 'poll', applied: [before] });
    await allow('https://a.example.com');
    const after = await versionOf(service, slug);
    await report(service, { instance: ahead, service: 'checkout', applied: [after] });
    const rollout = await rolloutOf();
    expect(rollout).toEqual({
      tenant: slug,
      lineage: after.lineage,
      revision: 2,
      complete: true,
      incompleteBecause: [],
      counts: { applied: 1, lagging: 1, silent: 0 },
      applied: [
        {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          key: 'admin-key',
          instance: ahead,
          service: 'checkout',
          sdk: '0.1.0',
          transport: 'stream',
          onStale: 'serve',
          maxStalenessMs: 86_400_000,
          lineage: after.lineage,
          revision: 2,
          appliedAt: expect.stringMatching(/Z$/),
          firstSeenAt: expect.stringMatching(/Z$/),
          lastSeenAt: expect.stringMatching(/Z$/),
        },
      ],
      lagging: [expect.objectContaining({ instance: behind, service: null, transport: 'poll', revision: 1 })],
      silent: [],
    });
    const earlier = await rolloutOf(slug, '?revision=1');
    expect([earlier.revision, names(earlier.applied)]).toEqual([1, [ahead, behind].sort()]);
  });

  it('counts another lineage as lagging, however high its revision', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, applied: [{ slug, lineage: randomUUID(), revision: 900 }] });
    expect((await rolloutOf()).counts).toEqual({ applied: 0, lagging: 1, silent: 0 });
  });

  it('counts a revision that the tenant has not reached as lagging', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, {
      instance,
      applied: [{ ...(await versionOf(service, slug)), revision: 999_999 }],
    });
    for (const query of ['', '?revision=1']) {
      expect((await rolloutOf(slug, query)).counts).toEqual({ applied: 0, lagging: 1, silent: 0 });
    }
  });

  it('believes the last word, also when it takes back the one before', async () => {
    const [instance = ''] = newInstances(1);
    const before = await versionOf(service, slug);
    await allow('https://a.example.com');
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    expect((await rolloutOf()).counts.applied).toBe(1);
    await report(service, { instance, applied: [before] });
    expect((await rolloutOf()).counts).toEqual({ applied: 0, lagging: 1, silent: 0 });
  });

  it('keeps what a report does not name, unless it names all', async () => {
    const [instance = ''] = newInstances(1);
    const other = await service.tenant();
    const [own, also] = [await versionOf(service, slug), await versionOf(service, other)];
    await report(service, { instance, applied: [own, also] });
    await report(service, { instance, applied: [own] });
    expect((await rolloutOf(other)).counts.applied).toBe(1);
    await report(service, { instance, applied: [own], all: true });
    const left = await rolloutOf(other);
    expect([left.counts.applied, left.complete]).toEqual([0, true]);
  });

  it('takes a tenant named twice, and one that is not there', async () => {
    const [instance = ''] = newInstances(1);
    const version = await versionOf(service, slug);
    const answer = await report(service, {
      instance,
      applied: [{ ...version, revision: 9 }, { ...version, slug: 'nobody' }, version],
    });
    expect(answer.status).toBe(204);
    expect((await rolloutOf()).applied).toMatchObject([{ instance, revision: 1 }]);
  });

  it('tells a hundred apart, names two hundred at most and counts all', async () => {
    const instances = newInstances(202);
    const before = await versionOf(service, slug);
    await allow('https://a.example.com');
    const after = await versionOf(service, slug);
    await Promise.all(
      instances.map((instance, index) =>
        report(service, { instance, applied: [index < 100 ? after : before] }),
      ),
    );
    const half = await rolloutOf();
    expect(half.counts).toEqual({ applied: 100, lagging: 102, silent: 0 });
    expect(names(half.applied)).toEqual(instances.slice(0, 100).sort());
    await Promise.all(
      instances.slice(100).map((instance) => report(service, { instance, applied: [after] })),
    );
    const all = await rolloutOf();
    expect([all.complete, all.counts]).toEqual([true, { applied: 202, lagging: 0, silent: 0 }]);
    expect(all.applied).toHaveLength(200);
  });
});

describe('given an instance that is not heard of any more', () => {
  it('is silent after 90 s, whatever it had applied, until it is heard of again', async () => {
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(service, slug)];
    await report(service, { instance, applied });
    await silence(service.databaseUrl, instance, 80);
    expect((await rolloutOf()).counts).toEqual({ applied: 1, lagging: 0, silent: 0 });
    await silence(service.databaseUrl, instance, 11);
    const rollout = await rolloutOf();
    expect(rollout.counts).toEqual({ applied: 0, lagging: 0, silent: 1 });
    expect(rollout.silent).toMatchObject([{ instance, revision: 1 }]);
    await report(service, { instance, applied });
    expect((await rolloutOf()).counts).toEqual({ applied: 1, lagging: 0, silent: 0 });
  });

  it('stays silent for good when it serves on, until an admin removes it', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, maxStalenessMs: 1_000, applied: [await versionOf(service, slug)] });
    await silence(service.databaseUrl, instance, 30 * 24 * 3_600);
    const { silent } = await rolloutOf();
    expect(names(silent)).toEqual([instance]);
    const path = `/v1/tenants/${slug}/rollout/instances/${silent[0].id}`;
    expect((await service.call('DELETE', path)).status).toBe(204);
    const rollout = await rolloutOf();
    expect([rollout.complete, rollout.counts.silent]).toEqual([true, 0]);
    expect((await service.call('DELETE', path)).body.code).toBe('instance_not_found');
    const event = await withClient(service.databaseUrl, (client) =>
      client.query(`SELECT actor, detail FROM events WHERE detail ->> 'instance' = $1`, [instance]),
    );
    expect(event.rows).toMatchObject([{ actor: 'admin-key', detail: { tenant: slug, revision: 1 } }]);
  });

  it('is forgotten when it refuses by now: after its maxStalenessMs and 90 s', async () => {
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(service, slug)];
    await report(service, { instance, onStale: 'refuse', maxStalenessMs: 600_000, applied });
    await silence(service.databaseUrl, instance, 680);
    expect((await rolloutOf()).counts).toEqual({ applied: 0, lagging: 0, silent: 1 });
    await silence(service.databaseUrl, instance, 11);
    const rollout = await rolloutOf();
    expect([rollout.complete, rollout.counts]).toEqual([true, { applied: 0, lagging: 0, silent: 0 }]);
  });

  it('is forgotten at once when it said bye', async () => {
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(service, slug)];
    await report(service, { instance, applied });
    expect((await report(service, { instance, applied, bye: true })).status).toBe(204);
    const rollout = await rolloutOf();
    expect([rollout.complete, rollout.counts]).toEqual([true, { applied: 0, lagging: 0, silent: 0 }]);
  });
});

describe('given an instance that streams and has not reported', () => {
  it('is lagging, not missing, and serves for all that is known', async () => {
    const url = await service.app.listen({ host: '127.0.0.1', port: 0 });
    const [held, unheld] = [await versionOf(service, slug), await service.tenant()];
    await allow('https://a.example.com');
    const reader = await openStream(url, 'test-admin-key-of-at-least-32-characters', [
      held,
      { slug: unheld, lineage: null, revision: null },
    ]);
    await vi.waitFor(async () => expect((await rolloutOf()).counts.lagging).toBe(1), { timeout: 5_000 });
    expect((await rolloutOf()).lagging).toMatchObject([{ instance: 'test', onStale: 'serve', revision: 1 }]);
    expect((await rolloutOf(unheld)).lagging).toMatchObject([{ instance: 'test', revision: null }]);
    reader.close();
  });
});

describe('given what makes a rollout incomplete', () => {
  it('says so while the registry is younger than the longest staleness in it', async () => {
    const young = await openService();
    const tenant = await young.tenant();
    const [short = '', long = ''] = newInstances(2);
    const applied = [await versionOf(young, tenant)];
    const read = async () => (await young.call('GET', `/v1/tenants/${tenant}/rollout`)).body;
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
    const reasons = async () =>
      (await young.call('GET', `/v1/tenants/${tenant}/rollout`)).body.incompleteBecause;
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
    expect((await rolloutOf()).incompleteBecause).toEqual(['registry_young']);
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
      expect((await rolloutOf()).complete).toBe(true);
      await withClient(service.databaseUrl, (client) => client.query(statement, [lost]));
      expect(await rolloutOf()).toMatchObject({ complete: false, incompleteBecause: ['rows_lost'] });
      await report(service, { instance: lost, applied });
      expect(await rolloutOf()).toMatchObject({ complete: false, incompleteBecause: ['rows_lost'] });
    },
  );

  it('says so after the tenant got a new lineage', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    await withClient(service.databaseUrl, (client) =>
      client.query('UPDATE tenants SET lineage = $1 WHERE slug = $2', [randomUUID(), slug]),
    );
    expect(await rolloutOf()).toMatchObject({
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
    const rollout = await rolloutOf();
    expect([rollout.incompleteBecause, names(rollout.applied)]).toEqual([['over_cap'], [first]]);
    expect((await report(service, { instance: first, applied: [version] }, key)).status).toBe(204);
    // Another key has a limit of its own.
    const other = await service.key({ preset: 'sdk', tenants: [slug] });
    expect((await report(service, { instance: second, applied: [version] }, other)).status).toBe(204);
  });
});

describe('given two keys', () => {
  it('tells instances of one name apart', async () => {
    const [instance = ''] = newInstances(1);
    const keys = [await service.key({ preset: 'sdk' }), await service.key({ preset: 'sdk' })];
    const version = await versionOf(service, slug);
    for (const key of keys) await report(service, { instance, applied: [version] }, key);
    await report(service, { instance, applied: [], bye: true });
    const { applied } = await rolloutOf();
    expect(names(applied)).toEqual([instance, instance]);
    await report(service, { instance, applied: [], bye: true }, keys[0]);
    expect((await rolloutOf()).counts.applied).toBe(1);
  });

  it('writes nothing down for a tenant the key may not see', async () => {
    const foreign = await service.tenant();
    const key = await service.key({ preset: 'sdk', tenants: [slug] });
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(service, foreign), await versionOf(service, slug)];
    expect((await report(service, { instance, applied }, key)).status).toBe(204);
    expect((await rolloutOf(foreign)).counts).toEqual({ applied: 0, lagging: 0, silent: 0 });
    expect((await rolloutOf()).counts.applied).toBe(1);
  });

  it('shows a rollout, and removes an instance, only to who may see the tenant', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    await silence(service.databaseUrl, instance, 100);
    const { id } = (await rolloutOf()).silent[0];
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
    expect((await rolloutOf()).counts.silent).toBe(1);
  });

  it('removes an instance of one tenant from no other', async () => {
    const other = await service.tenant();
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(service, slug), await versionOf(service, other)];
    await report(service, { instance, applied });
    await silence(service.databaseUrl, instance, 100);
    const { id } = (await rolloutOf()).silent[0];
    const elsewhere = `/v1/tenants/${await service.tenant()}/rollout/instances/${id}`;
    expect((await service.call('DELETE', elsewhere)).body.code).toBe('instance_not_found');
    expect((await service.call('DELETE', `/v1/tenants/${slug}/rollout/instances/${id}`)).status).toBe(204);
    expect([(await rolloutOf()).counts.silent, (await rolloutOf(other)).counts.silent]).toEqual([0, 1]);
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
    const { id } = (await rolloutOf()).applied[0];
    const path = `/v1/tenants/${slug}/rollout/instances/`;
    const answer = await service.call('DELETE', path + id);
    expect([answer.status, answer.body.code]).toEqual([409, 'instance_not_silent']);
    expect((await service.call('DELETE', `${path}nonsense`)).body.code).toBe('instance_not_found');
    expect((await rolloutOf()).counts.applied).toBe(1);
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
    expect((await rolloutOf()).counts).toEqual({ applied: 0, lagging: 0, silent: 0 });
  });

  it('answers 403 to a key without `sync`', async () => {
    const key = await service.key({ scopes: ['origins:read'] });
    const answer = await report(service, { instance: 'a', applied: [await versionOf(service, slug)] }, key);
    expect([answer.status, answer.body.scope]).toEqual([403, 'sync']);
    expect((await rolloutOf()).counts.applied).toBe(0);
  });
});

describeWithRedisServer('given a Redis that is flushed and a node that starts again', () => {
  it('tells the same rollout as before', async () => {
    const redis = await startRedis();
    const node = await openService({ on: service, redisUrl: redis.url });
    const [instance = ''] = newInstances(1);
    await report(node, { instance, applied: [await versionOf(node, slug)] });
    const before = await rolloutOf();
    expect(names(before.applied)).toEqual([instance]);
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    expect((await node.call('GET', `/v1/tenants/${slug}/rollout`)).body).toEqual(before);
    await node.close();
    const restarted = await openService({ on: service, redisUrl: redis.url });
    expect((await restarted.call('GET', `/v1/tenants/${slug}/rollout`)).body).toEqual(before);
    await restarted.close();
    await redis.stop();
  });
});
