import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { withClient } from '../support/database-template.js';
import { type PrivateRedis, startRedis } from '../support/redis-server.js';
import { describeWithRedisServer } from '../support/requirements.js';
import { proxiedUrl, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { millisecondsUntil, type Node, openNode } from './node.js';

const APP = 'https://app.example.com';
const SOON_MS = 1_000;
/** With an announcement lost. */
const LATER_MS = 3_000;

let database: TestDatabase;
let a: Node;
let b: Node;
let slug: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describeWithRedisServer('given two nodes over one Postgres and one Redis', () => {
  let redis: PrivateRedis;
  let proxy: TcpProxy;

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await startTcpProxy(redis.url);
    a = await openNode({ databaseUrl: database.url, redisUrl: redis.url });
    b = await openNode({ databaseUrl: database.url, redisUrl: proxiedUrl(redis.url, proxy) });
  });
  afterAll(async () => {
    await Promise.all([a.store.close(), b.store.close()]);
    await proxy.close();
    await redis.stop();
  });
  beforeEach(newTenant);

  itAgrees('sees on one node what was written on the other', SOON_MS);

  it('does so in far less than a second, by announcement', async () => {
    await a.allow(slug, APP);
    await millisecondsUntil(() => b.allows(slug, APP), true, SOON_MS);
    const timesMs: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const revision = await a.allow(slug, `https://r${round}.example.com`);
      timesMs.push(await millisecondsUntil(() => b.revisionOf(slug), revision, SOON_MS));
    }
    expect(timesMs.toSorted((x, y) => x - y)[5]).toBeLessThan(400);
  });

  describe('given that nothing passes between one of them and Redis', () => {
    beforeAll(() => proxy.pause());
    afterAll(async () => {
      proxy.resume();
      await vi.waitFor(async () => expect((await b.store.health()).redis).toBe('up'), { timeout: 10_000 });
    });

    itAgrees('still sees on it what was written on the other', LATER_MS);

    it('sees on the other what was written on it, whose announcement was never sent', async () => {
      expect(await a.allows(slug, APP)).toBe(false);
      await b.allow(slug, APP);
      await millisecondsUntil(() => a.allows(slug, APP), true, LATER_MS);
    });
  });
});

describe('given two nodes over one Postgres without Redis', () => {
  beforeAll(async () => {
    [a, b] = await Promise.all([
      openNode({ databaseUrl: database.url }),
      openNode({ databaseUrl: database.url }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([a.store.close(), b.store.close()]);
  });
  beforeEach(newTenant);

  itAgrees('sees on one node what was written on the other', LATER_MS);

  it('sees that the database went back to an earlier state under a new lineage', async () => {
    for (const label of ['one', 'two', 'three']) await a.allow(slug, `https://${label}.example.com`);
    expect(await b.revisionOf(slug)).toBe(4);
    const lineage = randomUUID();
    await withClient(database.url, (client) =>
      client.query('UPDATE tenants SET lineage = $1, revision = 2 WHERE slug = $2', [lineage, slug]),
    );
    const lineageOn = async (node: Node) => (await node.store.snapshots.bySlug(slug))?.version.lineage;
    await millisecondsUntil(() => lineageOn(a), lineage, LATER_MS);
    await millisecondsUntil(() => lineageOn(b), lineage, LATER_MS);
    expect(await b.revisionOf(slug)).toBe(2);
  });
});

async function newTenant(): Promise<void> {
  slug = await a.createTenant();
}

/** A tenant's whole life on node a as node b sees it. */
function itAgrees(promise: string, limitMs: number): void {
  it(`${promise}: an origin added and removed`, async () => {
    await millisecondsUntil(() => b.allows(slug, APP), false, limitMs);
    await a.allow(slug, APP);
    await millisecondsUntil(() => b.allows(slug, APP), true, limitMs);
    await a.refuse(slug, APP);
    await millisecondsUntil(() => b.allows(slug, APP), false, limitMs);
  });

  it(`${promise}: a tenant created, deleted and created again`, async () => {
    const fresh = `${slug}-fresh`;
    expect(await b.revisionOf(fresh)).toBeUndefined();
    await a.createTenant(fresh);
    await a.allow(fresh, APP);
    await millisecondsUntil(() => b.allows(fresh, APP), true, limitMs);
    await a.removeTenant(fresh);
    await millisecondsUntil(() => b.allows(fresh, APP), undefined, limitMs);
    await a.createTenant(fresh);
    await millisecondsUntil(() => b.allows(fresh, APP), false, limitMs);
  });

  it(`${promise}: a key revoked`, async () => {
    const context = { actor: 'test', requestId: 'test' };
    const hash = createHash('sha256').update(randomUUID()).digest('hex');
    const input = { name: 'a key', scopes: ['evaluate' as const], tenantIds: null, hash, prefix: 'oa_test' };
    const { id } = await a.store.keys.create(input, context);
    expect((await b.store.keys.verify(hash))?.id).toBe(id);
    await a.store.keys.revoke(id, context);
    await millisecondsUntil(async () => (await b.store.keys.verify(hash))?.id, undefined, limitMs);
  });
}
