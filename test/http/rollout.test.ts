import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { withClient } from '../support/database-template.js';
import { startRedis } from '../support/redis-server.js';
import { describeWithRedisServer } from '../support/requirements.js';
import { ageRegistry, instancesOf, newInstances, report, rolloutOf, silence, versionOf } from './reports.js';
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

const allow = (pattern: string, of = slug) =>
  service.call('POST', `/v1/tenants/${of}/origins`, { body: { pattern } });

describe('given instances that report', () => {
  it('tells who has applied the revision and who lags, with what each told of itself', async () => {
    const [ahead = '', behind = ''] = newInstances(2);
    const before = await versionOf(service, slug);
    await report(service, { instance: behind, transport: 'poll', applied: [before] });
    await allow('https://a.example.com');
    const after = await versionOf(service, slug);
    await report(service, { instance: ahead, service: 'checkout', applied: [after] });
    const rollout = await rolloutOf(service, slug);
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
    const earlier = await rolloutOf(service, slug, '?revision=1');
    expect([earlier.revision, instancesOf(earlier.applied)]).toEqual([1, [ahead, behind].sort()]);
  });

  it('counts another lineage as lagging, however high its revision', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, applied: [{ slug, lineage: randomUUID(), revision: 900 }] });
    expect((await rolloutOf(service, slug)).counts).toEqual({ applied: 0, lagging: 1, silent: 0 });
  });

  it('counts a revision that the tenant has not reached as lagging', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, {
      instance,
      applied: [{ ...(await versionOf(service, slug)), revision: 999_999 }],
    });
    for (const query of ['', '?revision=1']) {
      expect((await rolloutOf(service, slug, query)).counts).toEqual({ applied: 0, lagging: 1, silent: 0 });
    }
  });

  it('believes the last word, also when it takes back the one before', async () => {
    const [instance = ''] = newInstances(1);
    const before = await versionOf(service, slug);
    await allow('https://a.example.com');
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    expect((await rolloutOf(service, slug)).counts.applied).toBe(1);
    await report(service, { instance, applied: [before] });
    expect((await rolloutOf(service, slug)).counts).toEqual({ applied: 0, lagging: 1, silent: 0 });
  });

  it('keeps what a report does not name, unless it names all', async () => {
    const [instance = ''] = newInstances(1);
    const other = await service.tenant();
    const [own, also] = [await versionOf(service, slug), await versionOf(service, other)];
    await report(service, { instance, applied: [own, also] });
    await report(service, { instance, applied: [own] });
    expect((await rolloutOf(service, other)).counts.applied).toBe(1);
    await report(service, { instance, applied: [own], all: true });
    const left = await rolloutOf(service, other);
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
    expect((await rolloutOf(service, slug)).applied).toMatchObject([{ instance, revision: 1 }]);
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
    const half = await rolloutOf(service, slug);
    expect(half.counts).toEqual({ applied: 100, lagging: 102, silent: 0 });
    expect(instancesOf(half.applied)).toEqual(instances.slice(0, 100).sort());
    await Promise.all(
      instances.slice(100).map((instance) => report(service, { instance, applied: [after] })),
    );
    const all = await rolloutOf(service, slug);
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
    expect((await rolloutOf(service, slug)).counts).toEqual({ applied: 1, lagging: 0, silent: 0 });
    await silence(service.databaseUrl, instance, 11);
    const rollout = await rolloutOf(service, slug);
    expect(rollout.counts).toEqual({ applied: 0, lagging: 0, silent: 1 });
    expect(rollout.silent).toMatchObject([{ instance, revision: 1 }]);
    await report(service, { instance, applied });
    expect((await rolloutOf(service, slug)).counts).toEqual({ applied: 1, lagging: 0, silent: 0 });
  });

  it('stays silent for good when it serves on, until an admin removes it', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, maxStalenessMs: 1_000, applied: [await versionOf(service, slug)] });
    await silence(service.databaseUrl, instance, 30 * 24 * 3_600);
    const { silent } = await rolloutOf(service, slug);
    expect(instancesOf(silent)).toEqual([instance]);
    const path = `/v1/tenants/${slug}/rollout/instances/${silent[0].id}`;
    expect((await service.call('DELETE', path)).status).toBe(204);
    const rollout = await rolloutOf(service, slug);
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
    expect((await rolloutOf(service, slug)).counts).toEqual({ applied: 0, lagging: 0, silent: 1 });
    await silence(service.databaseUrl, instance, 11);
    const rollout = await rolloutOf(service, slug);
    expect([rollout.complete, rollout.counts]).toEqual([true, { applied: 0, lagging: 0, silent: 0 }]);
  });

  it('is forgotten at once when it said bye', async () => {
    const [instance = ''] = newInstances(1);
    const applied = [await versionOf(service, slug)];
    await report(service, { instance, applied });
    expect((await report(service, { instance, applied, bye: true })).status).toBe(204);
    const rollout = await rolloutOf(service, slug);
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
    await vi.waitFor(async () => expect((await rolloutOf(service, slug)).counts.lagging).toBe(1), {
      timeout: 5_000,
    });
    expect((await rolloutOf(service, slug)).lagging).toMatchObject([
      { instance: 'test', onStale: 'serve', revision: 1 },
    ]);
    expect((await rolloutOf(service, unheld)).lagging).toMatchObject([{ instance: 'test', revision: null }]);
    reader.close();
  });
});

describeWithRedisServer('given a Redis that is flushed and a node that starts again', () => {
  it('tells the same rollout as before', async () => {
    const redis = await startRedis();
    const node = await openService({ on: service, redisUrl: redis.url });
    const [instance = ''] = newInstances(1);
    await report(node, { instance, applied: [await versionOf(node, slug)] });
    const before = await rolloutOf(service, slug);
    expect(instancesOf(before.applied)).toEqual([instance]);
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    expect(await rolloutOf(node, slug)).toEqual(before);
    await node.close();
    const restarted = await openService({ on: service, redisUrl: redis.url });
    expect(await rolloutOf(restarted, slug)).toEqual(before);
    await restarted.close();
    await redis.stop();
  });
});
