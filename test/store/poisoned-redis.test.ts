import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { openRedis, type RedisConnection } from '../../src/store/redis-connection.js';
import { createRedisSnapshots } from '../../src/store/redis-snapshots.js';
import { type PrivatePostgres, startPostgres } from '../support/postgres-server.js';
import { type PrivateRedis, startRedis } from '../support/redis-server.js';
import { describeWithRedis, describeWithRedisServer, redisUrl } from '../support/requirements.js';
import { silentLog } from '../support/silent-log.js';
import { recordLog } from './log-recorder.js';
import { type Node, openNode } from './node.js';
import { atRevision, CACHE_SEAL, keptBody, newVersion } from './snapshot-fixture.js';

const APP = 'https://app.example.com';
const EVIL = 'https://evil.example.com';

describeWithRedis('given somebody else who writes to Redis', () => {
  let connection: RedisConnection;
  let raw: Redis;
  beforeAll(async () => {
    connection = await openRedis({ url: redisUrl(), log: silentLog });
    raw = new Redis(redisUrl());
  });
  afterAll(() => {
    connection.close();
    raw.disconnect();
  });

  const hashKey = (tenantId: string) => `origin-allowlist:snapshot:{${tenantId}}`;

  function openSnapshots(now?: () => number) {
    const { log, logged } = recordLog();
    return { logged, ...createRedisSnapshots({ redis: connection, seal: CACHE_SEAL, log, now }) };
  }

  const SPOILS: readonly (readonly [string, (key: string) => Promise<unknown>])[] = [
    ['another body', (key) => raw.hset(key, 'body', 'spoilt')],
    ['no seal', (key) => raw.hdel(key, 'seal')],
    ['a higher revision', (key) => raw.hset(key, 'rev', '99')],
    ['another lineage', (key) => raw.hset(key, 'lineage', randomUUID())],
    ['a later time', (key) => raw.hset(key, 'checkedAt', String(Date.now() + 9_999_999))],
  ];

  it.each(SPOILS)('drops a body with %s, says so, and takes the true one again', async (_what, spoil) => {
    const { read, store, logged } = openSnapshots();
    const kept = keptBody(newVersion(), 'true');
    const { tenantId } = kept.version;
    await store('acme', kept);
    expect(await read(tenantId)).toEqual(kept);
    await spoil(hashKey(tenantId));
    expect(await read(tenantId)).toBeUndefined();
    expect(logged).toEqual(['warn: dropped a body in redis that no node of ours has sealed']);
    expect(await raw.exists(hashKey(tenantId))).toBe(0);
    await store('acme', kept);
    expect(await read(tenantId)).toEqual(kept);
  });

  it('believes no true body under another tenant, and no pointer from another slug', async () => {
    const { read, findBody, findVersion, store } = openSnapshots();
    const [own, foreign] = [keptBody(newVersion(), 'own'), keptBody(newVersion(), 'foreign')];
    const [ownSlug, foreignSlug] = [`t-${randomUUID()}`, `t-${randomUUID()}`];
    await store(ownSlug, own);
    await store(foreignSlug, foreign);
    await raw.copy(hashKey(foreign.version.tenantId), hashKey(own.version.tenantId), 'REPLACE');
    expect(await read(own.version.tenantId)).toBeUndefined();
    await raw.copy(`origin-allowlist:slug:${foreignSlug}`, `origin-allowlist:slug:${ownSlug}`, 'REPLACE');
    expect(await findVersion(ownSlug)).toBeUndefined();
    expect(await findBody(ownSlug)).toBeUndefined();
    expect(await findBody(foreignSlug)).toEqual(foreign);
  });

  it('believes an old body of the same tenant alone for an hour, whatever its expiry says', async () => {
    let nowMs = Date.now();
    const { findBody, read, store, confirm } = openSnapshots(() => nowMs);
    const slug = `t-${randomUUID()}`;
    const kept = keptBody(atRevision(newVersion(), 5), 'five');
    await store(slug, kept);
    await raw.persist(hashKey(kept.version.tenantId));
    nowMs += 3_600_000;
    expect(await findBody(slug)).toEqual(kept);
    nowMs += 1;
    expect(await findBody(slug)).toBeUndefined();
    // With the primary at hand it is compared with, its age does not matter.
    expect(await read(kept.version.tenantId)).toEqual(kept);
    await confirm(slug, kept);
    expect(await findBody(slug)).toEqual(kept);
  });
});

describeWithRedisServer('given a node whose Redis somebody else writes to', () => {
  let postgres: PrivatePostgres;
  let redis: PrivateRedis;
  let raw: Redis;
  let node: Node;
  let slug: string;
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    raw = new Redis(redis.url);
    node = await openNode({ databaseUrl: postgres.url, redisUrl: redis.url });
  });
  afterAll(async () => {
    await node.store.close();
    raw.disconnect();
    await Promise.all([postgres.stop(), redis.stop()]);
  });
  beforeEach(async () => {
    slug = await node.createTenant();
    await node.allow(slug, EVIL);
  });
  afterEach(() => postgres.resume());

  const hashKey = async () => `origin-allowlist:snapshot:{${await node.store.snapshots.tenantId(slug)}}`;
  const inRedis = async (field: string) => raw.hget(await hashKey(), field);

  async function kept(): Promise<void> {
    await node.allows(slug, APP);
    await vi.waitFor(async () => expect(await inRedis('body')).not.toBeNull(), 5_000);
  }

  it('lets nobody in by a replayed body while Postgres answers', async () => {
    await kept();
    await raw.copy(await hashKey(), 'old');
    await node.refuse(slug, EVIL);
    const key = await hashKey();
    // More than once: the announcement of the write comes back to the node, which drops it again.
    await vi.waitFor(async () => {
      await raw.copy('old', key, 'REPLACE');
      expect(await raw.hexists(key, 'body')).toBe(1);
    }, 5_000);
    node.store.snapshots.clearMemory();
    expect(await node.allows(slug, EVIL)).toBe(false);
  });

  it('lets nobody in by a body of its making, while Postgres is away', async () => {
    await node.refuse(slug, EVIL);
    await kept();
    const body = (await inRedis('body')) ?? '';
    const opened = body
      .replace('"count":0', '"count":1')
      .replace('"entries":[]', `"entries":[{"pattern":"${EVIL}"}]`);
    expect(opened).toContain(EVIL);
    await raw.hset(await hashKey(), 'body', opened);
    await postgres.stall();
    node.store.snapshots.clearMemory();
    await expect(node.allows(slug, EVIL)).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('goes by the secret of the settings rather than by that of the database', async () => {
    const cacheSecret = 'a secret of at least 32 characters';
    const [own, same] = await Promise.all(
      [cacheSecret, cacheSecret].map((each) =>
        openNode({ databaseUrl: postgres.url, redisUrl: redis.url, cacheSecret: each }),
      ),
    );
    onTestFinished(async () => {
      await Promise.all([own?.store.close(), same?.store.close()]);
    });
    await kept();
    expect(await own?.allows(slug, EVIL)).toBe(true);
    const seal = await inRedis('seal');
    await vi.waitFor(async () => {
      own?.store.snapshots.clearMemory();
      await own?.allows(slug, EVIL);
      expect(await inRedis('seal')).not.toBe(seal);
      expect(await inRedis('body')).toContain(EVIL);
    }, 5_000);
    await postgres.stall();
    expect(await same?.allows(slug, EVIL)).toBe(true);
    node.store.snapshots.clearMemory();
    await expect(node.allows(slug, EVIL)).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});
