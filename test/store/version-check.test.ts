import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPrimary } from '../../src/store/primary.js';
import { openRedis, type RedisConnection } from '../../src/store/redis-connection.js';
import { createRedisSnapshots, type RedisSnapshots } from '../../src/store/redis-snapshots.js';
import { createSnapshotCache, type SnapshotCache } from '../../src/store/snapshot-cache.js';
import type { TenantVersion } from '../../src/store/tenant-version.js';
import { createVersionCheck, type VersionCheck } from '../../src/store/version-check.js';
import { describeWithRedis, redisUrl } from '../support/requirements.js';
import { silentLog } from '../support/silent-log.js';
import { createScriptedPrimary, type ScriptedPrimary } from './scripted-primary.js';
import { atRevision, CACHE_SEAL, cachedAt, newVersion } from './snapshot-fixture.js';

let nowMs: number;
let primary: ScriptedPrimary;
let cache: SnapshotCache;
let check: VersionCheck;
let slug: string;
let held: TenantVersion;

describe('given a tenant in memory', () => {
  beforeEach(async () => {
    open(undefined);
    held = atRevision(newVersion(), 5);
    await hold(slug, held);
  });

  it('keeps it while the primary has the same version', async () => {
    await check.run();
    expect(cache.peek(slug)?.version).toEqual(held);
  });

  it.each([
    ['a later revision', () => atRevision(held, 6)],
    ['an earlier revision', () => atRevision(held, 4)],
    ['another lineage', () => ({ ...held, lineage: randomUUID() })],
    ['another tenant of that slug', () => ({ ...newVersion(), revision: 5 })],
    ['no such tenant', () => undefined],
  ])('drops it when the primary has %s', async (_what, current) => {
    const version = current();
    if (version === undefined) primary.tenants.delete(slug);
    else primary.tenants.set(slug, version);
    await check.run();
    expect(cache.peek(slug)).toBeUndefined();
  });

  it('keeps it and rejects when the primary does not answer', async () => {
    primary.state = 'refuses';
    await expect(check.run()).rejects.toThrow('connection refused');
    primary.state = 'hangs';
    await expect(check.run()).rejects.toThrow('No answer in 1000 ms');
    expect(cache.peek(slug)?.version).toEqual(held);
  });

  it('asks for all tenants in one statement', async () => {
    await hold('other', newVersion());
    primary.reads.length = 0;
    await check.run();
    expect(primary.reads).toEqual([`versions ${slug} other`]);
  });
});

describeWithRedis('given a tenant in memory and in Redis', () => {
  let connection: RedisConnection;
  let raw: Redis;
  let redis: RedisSnapshots;

  beforeAll(async () => {
    connection = await openRedis({ url: redisUrl(), log: silentLog });
    raw = new Redis(redisUrl());
  });
  afterAll(() => {
    connection.close();
    raw.disconnect();
  });
  beforeEach(async () => {
    redis = createRedisSnapshots({ redis: connection, seal: CACHE_SEAL, log: silentLog });
    open(redis);
    held = atRevision(newVersion(), 5);
    await redis.store(slug, await hold(slug, held));
  });

  it('drops the body in Redis, too, that is not what the primary has', async () => {
    primary.tenants.set(slug, atRevision(held, 6));
    await check.run();
    expect(await redis.read(held.tenantId)).toBeUndefined();
    expect(await redis.findVersion(slug)).toEqual(atRevision(held, 6));
  });

  it('keeps a tenant that is gone from coming back through Redis', async () => {
    primary.tenants.delete(slug);
    await check.run();
    await redis.store(slug, cachedAt(slug, atRevision(held, 9)));
    expect(await redis.findBody(slug)).toBeUndefined();
  });

  it('gives the body another hour every ten minutes', async () => {
    await check.run();
    await age();
    nowMs += 599_000;
    await check.run();
    expect(await expiryMinutes()).toBe(1);
    nowMs += 1_000;
    await check.run();
    expect(await expiryMinutes()).toBe(60);
  });

  it('puts the body back after Redis lost it', async () => {
    await check.run();
    await raw.del(key(), `origin-allowlist:slug:${slug}`);
    await check.run();
    expect(await redis.findBody(slug)).toBeUndefined();
    check.redisIsBack();
    await check.run();
    expect((await redis.findBody(slug))?.version).toEqual(held);
  });

  it('confirms a hundred tenants a round at most, until all are', async () => {
    const slugs = Array.from({ length: 150 }, () => `t-${randomUUID()}`);
    for (const each of slugs) await hold(each, newVersion());
    await check.run();
    expect(await keptOf(slugs)).toBe(99); // and the tenant that was there before
    await check.run();
    expect(await keptOf(slugs)).toBe(150);
  });

  async function keptOf(slugs: readonly string[]): Promise<number> {
    const kept = await Promise.all(slugs.map((each) => redis.findBody(each)));
    return kept.filter((body) => body !== undefined).length;
  }

  async function age(): Promise<void> {
    await raw.pexpire(key(), 60_000);
  }

  async function expiryMinutes(): Promise<number> {
    return Math.round((await raw.pttl(key())) / 60_000);
  }
});

function open(redis: RedisSnapshots | undefined): void {
  nowMs = 0;
  slug = `t-${randomUUID()}`;
  primary = createScriptedPrimary();
  const now = () => nowMs;
  cache = createSnapshotCache({
    now,
    load: async (each) => {
      const version = primary.tenants.get(each);
      return version && cachedAt(each, version);
    },
  });
  check = createVersionCheck({ cache, primary: createPrimary(primary, silentLog), redis, now });
}

async function hold(each: string, version: TenantVersion) {
  primary.tenants.set(each, version);
  const snapshot = await cache.get(each);
  if (snapshot === undefined) throw new Error('nothing was loaded');
  return snapshot;
}

function key(): string {
  return `origin-allowlist:snapshot:{${held.tenantId}}`;
}
