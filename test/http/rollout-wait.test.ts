import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { withClient } from '../support/database-template.js';
import { startRedis } from '../support/redis-server.js';
import { describeWithRedisServer } from '../support/requirements.js';
import { ageRegistry, newInstances, report, silence, versionOf } from './reports.js';
import { ADMIN_KEY, openService, type TestService } from './service.js';
import { openStream, type StreamReader } from './sse-reader.js';

let service: TestService;
let url: string;
let slug: string;
const open: StreamReader[] = [];

beforeAll(async () => {
  service = await openService();
  await ageRegistry(service.databaseUrl, 48);
  url = await service.app.listen({ host: '127.0.0.1', port: 0 });
});
beforeEach(async () => {
  slug = await service.tenant();
});
afterAll(async () => {
  for (const stream of open) stream.close();
  await service.close();
});

const origins = () => `/v1/tenants/${slug}/origins`;

/** An SDK that follows the tenant and reports each delta that asks for it, by `node`. */
async function acknowledging(instance: string, node = service, nodeUrl = url): Promise<void> {
  const version = await versionOf(node, slug);
  await report(node, { instance, applied: [version] });
  const reader = await openStream(nodeUrl, ADMIN_KEY, [version], instance);
  open.push(reader);
  await reader.next();
  void (async () => {
    for (;;) {
      const { event, data } = await reader.next();
      if (event !== 'delta' || data.ack !== true) continue;
      await report(node, { instance, applied: [{ slug, lineage: data.lineage, revision: data.to }] });
    }
  })().catch(() => {});
}

describe('given a write that waits and an SDK that answers', () => {
  it('answers every kind of write when it is applied, with the rollout beside what it answers else', async () => {
    const [instance = ''] = newInstances(1);
    await acknowledging(instance);
    const applied = {
      complete: true,
      incompleteBecause: [],
      counts: { applied: 1, lagging: 0, silent: 0 },
      lagging: [],
      silent: [],
      waitedMs: expect.any(Number),
    };
    const added = await service.call('POST', `${origins()}?wait=applied`, {
      body: { pattern: 'https://a.example.com' },
    });
    expect([added.status, added.headers['x-revision'], added.body.pattern, added.body.rollout]).toEqual([
      201,
      '2',
      'https://a.example.com',
      { revision: 2, ...applied },
    ]);
    expect(added.body.rollout.waitedMs).toBeLessThan(2_000);
    const policy = `/v1/tenants/${slug}/policies/api`;
    const one = `${origins()}/${added.body.id}`;
    const byPattern = `${origins()}/by-pattern?pattern=https://b.example.com`;
    for (const [index, [method, path, body, status]] of (
      [
        ['PATCH', `${one}?wait=applied`, { note: 'why' }, 200],
        ['DELETE', `${one}?wait=applied`, undefined, 200],
        ['PUT', `${byPattern}&wait=applied`, {}, 201],
        ['DELETE', `${byPattern}&wait=applied`, undefined, 200],
        [
          'POST',
          `${origins()}/batch?wait=applied`,
          { operations: [{ op: 'put', pattern: 'https://c.example.com' }] },
          200,
        ],
        ['PUT', `${origins()}?wait=applied`, { entries: [] }, 200],
        ['PUT', `${policy}?wait=applied`, { paths: ['/api'] }, 201],
        ['DELETE', `${policy}?wait=applied`, undefined, 200],
      ] as const
    ).entries()) {
      const whole = path === `${origins()}?wait=applied`;
      const answer = await service.call(method, path, { body, headers: whole ? { 'if-match': '*' } : {} });
      expect([path, answer.status, answer.body.rollout]).toEqual([
        path,
        status,
        { revision: index + 3, ...applied },
      ]);
    }
  });

  it('asks for no answer, and answers as ever, when nobody waits', async () => {
    const reader = await openStream(url, ADMIN_KEY, [await versionOf(service, slug)]);
    open.push(reader);
    await reader.next();
    const added = await service.call('POST', origins(), { body: { pattern: 'https://a.example.com' } });
    expect(added.body.rollout).toBeUndefined();
    expect((await reader.next()).data.ack).toBeUndefined();
    const deleted = await service.call('DELETE', `${origins()}/${added.body.id}`);
    expect([deleted.status, deleted.body]).toEqual([204, '']);
  });
});

describe('given a write that waits and an SDK that does not answer', () => {
  it('answers as committed when the time is over, and names who has not', async () => {
    const [instance = '', other = ''] = newInstances(2);
    await acknowledging(instance);
    await report(service, { instance: other, service: 'shop', applied: [await versionOf(service, slug)] });
    const answer = await service.call('POST', `${origins()}?wait=applied&timeoutMs=300`, {
      body: { pattern: 'https://a.example.com' },
    });
    expect(answer.status).toBe(201);
    expect(answer.body.rollout).toMatchObject({
      revision: 2,
      counts: { applied: 1, lagging: 1, silent: 0 },
      lagging: [{ instance: other, service: 'shop', revision: 1 }],
    });
    expect(answer.body.rollout.waitedMs).toBeGreaterThanOrEqual(299);
    expect(await service.revisionOf(slug)).toBe(2);
  });

  it('does not wait for one that is silent, and names it', async () => {
    const [instance = ''] = newInstances(1);
    await report(service, { instance, applied: [await versionOf(service, slug)] });
    await silence(service.databaseUrl, instance, 100);
    const { body } = await service.call('POST', `${origins()}?wait=applied&timeoutMs=20000`, {
      body: { pattern: 'https://a.example.com' },
    });
    expect(body.rollout).toMatchObject({
      counts: { applied: 0, lagging: 0, silent: 1 },
      silent: [{ instance }],
    });
    expect(body.rollout.waitedMs).toBeLessThan(5_000);
  });

  it('says that it does not know when that cannot be read, of a write that stands', async () => {
    await withClient(service.databaseUrl, (client) =>
      client.query('ALTER TABLE instance_registry RENAME TO instance_registry_away'),
    );
    const answer = await service.call('POST', `${origins()}?wait=applied`, {
      body: { pattern: 'https://a.example.com' },
    });
    await withClient(service.databaseUrl, (client) =>
      client.query('ALTER TABLE instance_registry_away RENAME TO instance_registry'),
    );
    expect(answer.status).toBe(201);
    expect(answer.body.rollout).toMatchObject({
      revision: 2,
      complete: false,
      incompleteBecause: ['not_known'],
      counts: null,
    });
    expect(await service.revisionOf(slug)).toBe(2);
  });
});

describe('given a wait that is asked for wrongly', () => {
  it.each(['wait=everywhere', 'wait=applied&timeoutMs=30001', 'wait=applied&timeoutMs=-1', 'wait='])(
    'answers 422 to %s and writes nothing',
    async (query) => {
      const answer = await service.call('POST', `${origins()}?${query}`, {
        body: { pattern: 'https://a.example.com' },
      });
      expect(answer.status).toBe(422);
      expect(await service.revisionOf(slug)).toBe(1);
    },
  );

  it('answers 422 to a dry run that waits', async () => {
    const answer = await service.call('POST', `${origins()}/batch?dryRun=true&wait=applied`, {
      body: { operations: [{ op: 'put', pattern: 'https://a.example.com' }] },
    });
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([422, '/query/wait']);
  });
});

describeWithRedisServer('given two nodes over one Redis', () => {
  it('answers on one what an SDK of the other has applied', async () => {
    const redis = await startRedis();
    const [writer, other] = [
      await openService({ on: service, redisUrl: redis.url }),
      await openService({ on: service, redisUrl: redis.url }),
    ];
    const otherUrl = await other.app.listen({ host: '127.0.0.1', port: 0 });
    const [instance = ''] = newInstances(1);
    await acknowledging(instance, other, otherUrl);
    const answer = await writer.call('POST', `${origins()}?wait=applied&timeoutMs=10000`, {
      body: { pattern: 'https://a.example.com' },
    });
    expect(answer.body.rollout.counts).toEqual({ applied: 1, lagging: 0, silent: 0 });
    expect(answer.body.rollout.waitedMs).toBeLessThan(5_000);
    for (const stream of open.splice(0)) stream.close();
    await Promise.all([writer.close(), other.close()]);
    await redis.stop();
  });
});

describe('given a service that stops', () => {
  it('ends the waits', async () => {
    const node = await openService({ on: service });
    const [instance = ''] = newInstances(1);
    await report(node, { instance, applied: [await versionOf(node, slug)] });
    const waiting = node.call('POST', `${origins()}?wait=applied&timeoutMs=30000`, {
      body: { pattern: 'https://a.example.com' },
    });
    await vi.waitFor(async () => expect(await service.revisionOf(slug)).toBe(2), { timeout: 5_000 });
    await node.app.close();
    const { body } = await waiting;
    expect(body.rollout.counts.lagging).toBe(1);
    expect(body.rollout.waitedMs).toBeLessThan(10_000);
    await node.close();
  });
});
