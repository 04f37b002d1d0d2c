import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type PrivatePostgres, startPostgres } from '../support/postgres-server.js';
import { type PrivateRedis, startRedis } from '../support/redis-server.js';
import { describeWithRedisServer } from '../support/requirements.js';
import { millisecondsUntil, type Node, openNode } from './node.js';

const APP = 'https://app.example.com';
/** The longest a read or a refusal may take while a server hangs. */
const BOUND_MS = 2_000;
const RECOVERY_MS = 10_000;

let postgres: PrivatePostgres;
let redis: PrivateRedis;
let node: Node;
let slug: string;

describeWithRedisServer('given a node over a Postgres and a Redis that may fail', () => {
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    node = await openNode({ databaseUrl: postgres.url, redisUrl: redis.url });
  });
  afterAll(async () => {
    await node.store.close();
    await Promise.all([postgres.stop(), redis.stop()]);
  });
  beforeEach(async () => {
    await bothUp();
    slug = await node.createTenant();
    await node.allow(slug, APP);
    expect(await node.allows(slug, APP)).toBe(true);
    await keptInRedis();
  });

  describe('when Postgres stalls', () => {
    afterEach(() => postgres.resume());

    it('reads from memory at once', async () => {
      await postgres.stall();
      expect(await duration(() => node.allows(slug, APP))).toBeLessThan(200);
    });

    it('reads from Redis with an empty memory, soon without waiting for Postgres', async () => {
      await postgres.stall();
      node.store.snapshots.clearMemory();
      expect(await duration(() => node.allows(slug, APP))).toBeLessThan(BOUND_MS);
      expect(await node.allows(slug, APP)).toBe(true);
      // Now and then one read looks whether Postgres is back, and waits for it.
      await vi.waitFor(async () => {
        node.store.snapshots.clearMemory();
        expect(await duration(() => node.allows(slug, APP))).toBeLessThan(450);
      }, BOUND_MS);
    });

    it('knows versions and ids from Redis', async () => {
      const known = (await node.store.snapshots.bySlug(slug))?.version;
      await postgres.stall();
      node.store.snapshots.clearMemory();
      expect((await node.store.snapshots.versions([slug])).get(slug)).toEqual(known);
      expect(await node.store.snapshots.tenantId(slug)).toBe(known?.tenantId);
    });

    it('answers store_unavailable within two seconds for what nobody holds, and never that it does not exist', async () => {
      await postgres.stall();
      const startedMs = performance.now();
      await expect(node.store.snapshots.bySlug('nobody')).rejects.toMatchObject({
        code: 'store_unavailable',
      });
      await expect(node.store.snapshots.versions(['nobody'])).rejects.toMatchObject({
        code: 'store_unavailable',
      });
      expect(performance.now() - startedMs).toBeLessThan(BOUND_MS);
    });

    it('does not bring back a deleted tenant, nor what an acknowledged write removed', async () => {
      const deleted = await node.createTenant();
      expect(await node.revisionOf(deleted)).toBe(1);
      await keptInRedis(deleted);
      await node.removeTenant(deleted);
      await node.refuse(slug, APP);
      await postgres.stall();
      for (const each of [deleted, slug]) {
        await expect(node.store.snapshots.bySlug(each)).rejects.toMatchObject({ code: 'store_unavailable' });
      }
    });

    it('refuses writes within two seconds, and sees later writes once Postgres goes on', async () => {
      await postgres.stall();
      const startedMs = performance.now();
      await expect(node.refuse(slug, APP)).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(performance.now() - startedMs).toBeLessThan(BOUND_MS);
      expect(await node.allows(slug, APP)).toBe(true);
      await postgres.resume();
      await bothUp();
      await node.refuse(slug, APP);
      expect(await node.allows(slug, APP)).toBe(false);
    });
  });

  describe('when Redis stalls', () => {
    afterEach(() => redis.resume());

    it('reads and writes within bounds, soon without waiting for Redis', async () => {
      redis.stall();
      node.store.snapshots.clearMemory();
      expect(await duration(() => node.allows(slug, APP))).toBeLessThan(1_000);
      expect(await duration(() => node.refuse(slug, APP))).toBeLessThan(500);
      for (let round = 0; round < 4; round += 1) {
        node.store.snapshots.clearMemory();
        expect(await node.allows(slug, APP)).toBe(false);
      }
      node.store.snapshots.clearMemory();
      expect(await duration(() => node.allows(slug, APP))).toBeLessThan(450);
    });

    it('does not believe what Redis kept from before, though Postgres stalls as soon as Redis goes on', async () => {
      redis.stall();
      await node.refuse(slug, APP);
      node.store.snapshots.clearMemory();
      await postgres.stall();
      redis.resume();
      await vi.waitFor(async () => expect((await node.store.health()).redis).toBe('up'), RECOVERY_MS);
      const read = node.allows(slug, APP);
      await expect(read).rejects.toMatchObject({ code: 'store_unavailable' });
      await postgres.resume();
    });
  });

  describe('when Redis is killed', () => {
    afterEach(() => redis.restart());

    it('reads and writes as if there were none', async () => {
      await redis.kill();
      node.store.snapshots.clearMemory();
      expect(await duration(() => node.allows(slug, APP))).toBeLessThan(450);
      expect(await duration(() => node.refuse(slug, APP))).toBeLessThan(500);
      expect(await node.allows(slug, APP)).toBe(false);
    });
  });

  it('puts back into a restarted Redis what memory holds, and reads it there when Postgres stalls', async () => {
    await confirmedInRedis();
    await redis.kill();
    await redis.restart();
    await keptInRedis();
    await postgres.stall();
    node.store.snapshots.clearMemory();
    expect(await node.allows(slug, APP)).toBe(true);
    await postgres.resume();
  });
});

/** Waits until the tenant could be read without Postgres. */
async function keptInRedis(each = slug): Promise<void> {
  await inRedis(each, async (raw, key, tenantId) => {
    const [body, pointer] = await Promise.all([
      raw.hexists(key, 'body'),
      raw.get(`origin-allowlist:slug:${each}`),
    ]);
    return body === 1 && pointer?.endsWith(tenantId) === true;
  });
}

/** Waits until a check has confirmed what Redis keeps: it then offers it no more for ten minutes. */
async function confirmedInRedis(): Promise<void> {
  let before: string | null = null;
  await inRedis(slug, async (raw, key) => {
    const checkedAt = await raw.hget(key, 'checkedAt');
    before ??= checkedAt;
    return checkedAt !== before;
  });
}

async function inRedis(
  each: string,
  question: (raw: Redis, key: string, tenantId: string) => Promise<boolean>,
): Promise<void> {
  const raw = new Redis(redis.url);
  const tenantId = (await node.store.snapshots.bySlug(each))?.version.tenantId ?? '';
  const key = `origin-allowlist:snapshot:{${tenantId}}`;
  await millisecondsUntil(() => question(raw, key, tenantId), true, RECOVERY_MS);
  raw.disconnect();
}

async function bothUp(): Promise<void> {
  const up = { postgres: 'up', redis: 'up' };
  await vi.waitFor(async () => expect(await node.store.health()).toEqual(up), { timeout: RECOVERY_MS });
}

async function duration(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
