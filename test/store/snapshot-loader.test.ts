import { createHash, randomUUID } from 'node:crypto';
import { parseSnapshot } from '@origin-allowlist/client/core';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPrimary } from '../../src/store/primary.js';
import { openRedis, type RedisConnection } from '../../src/store/redis-connection.js';
import { createRedisSnapshots, type RedisSnapshots } from '../../src/store/redis-snapshots.js';
import { createSnapshotLoader } from '../../src/store/snapshot-loader.js';
import type { TenantVersion } from '../../src/store/tenant-version.js';
import { describeWithRedis, redisUrl } from '../support/requirements.js';
import { silentLog } from '../support/silent-log.js';
import { recordLog } from './log-recorder.js';
import { createScriptedPrimary, type ScriptedPrimary } from './scripted-primary.js';
import { atRevision, CACHE_SEAL, keptBody, newVersion, snapshotAt } from './snapshot-fixture.js';

let primary: ScriptedPrimary;
let slug: string;
let first: TenantVersion;

beforeEach(() => {
  primary = createScriptedPrimary();
  slug = `t-${randomUUID()}`;
  first = newVersion();
});

describe('given no Redis', () => {
  it('reads the snapshot, with the digest of its very text', async () => {
    primary.tenants.set(slug, first);
    const loaded = await loader()(slug);
    expect(loaded?.version).toEqual(first);
    expect(parseSnapshot(JSON.parse(loaded?.body ?? ''))).toEqual(snapshotAt(slug, first));
    expect(loaded?.digest).toBe(
      createHash('sha256')
        .update(loaded?.body ?? '')
        .digest('base64'),
    );
    expect(loaded?.compiled).toMatchObject({ tenant: slug, lineage: first.lineage, revision: 1 });
  });

  it('reads only the version of a slug that nobody has', async () => {
    expect(await loader()(slug)).toBeUndefined();
    expect(primary.reads).toEqual([`versions ${slug}`]);
  });

  it('is store_unavailable when the primary refuses, and asks it no more for a while after two failures', async () => {
    primary.state = 'refuses';
    const load = loader();
    for (let call = 0; call < 5; call += 1) {
      await expect(load(slug)).rejects.toMatchObject({ code: 'store_unavailable' });
    }
    expect(primary.reads.length).toBe(2);
  });

  it('is store_unavailable half a second after the primary began to hang', async () => {
    primary.state = 'hangs';
    const startedMs = performance.now();
    await expect(loader()(slug)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

describeWithRedis('given a body in Redis', () => {
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
    primary.tenants.set(slug, first);
    await loader(redis)(slug);
    await vi.waitFor(async () => expect(await redis.findBody(slug)).toBeDefined());
    primary.reads.length = 0;
  });

  it('takes it when it is of the version that the primary has, byte for byte', async () => {
    const loaded = await loader(redis)(slug);
    expect(loaded?.version).toEqual(first);
    expect(loaded?.body).toBe(JSON.stringify(snapshotAt(slug, first)));
    expect(primary.reads).toEqual([`versions ${slug}`]);
  });

  it('does not take an older one, and replaces it', async () => {
    primary.tenants.set(slug, atRevision(first, 2));
    expect((await loader(redis)(slug))?.version).toEqual(atRevision(first, 2));
    await vi.waitFor(async () => expect((await redis.findBody(slug))?.version.revision).toBe(2));
  });

  it('does not take one of a lineage that ended, though its revision is higher', async () => {
    await redis.store(slug, keptBody(atRevision(first, 7), JSON.stringify(snapshotAt(slug, first))));
    const restored = { ...first, lineage: randomUUID() };
    primary.tenants.set(slug, restored);
    expect((await loader(redis)(slug))?.version).toEqual(restored);
    await vi.waitFor(async () => expect((await redis.findBody(slug))?.version).toEqual(restored));
  });

  it('does not take one of a tenant that the primary does not have', async () => {
    primary.tenants.delete(slug);
    expect(await loader(redis)(slug)).toBeUndefined();
  });

  it.each(['refuses', 'hangs'] as const)('takes it alone when the primary %s', async (state) => {
    primary.state = state;
    expect((await loader(redis)(slug))?.version).toEqual(first);
  });

  it('is store_unavailable rather than a deleted tenant when the primary refuses', async () => {
    await redis.invalidate({ slug, ...atRevision(first, 2), deleted: true });
    primary.state = 'refuses';
    await expect(loader(redis)(slug)).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('reads from the primary what is broken or mislabelled there, and says so', async () => {
    const other = newVersion();
    const broken = [
      'not JSON',
      JSON.stringify(snapshotAt(slug, first)).slice(0, -2),
      JSON.stringify({ ...snapshotAt(slug, first), count: 2 }),
      JSON.stringify(snapshotAt('another', first)),
      JSON.stringify(snapshotAt(slug, atRevision(first, 2))),
      JSON.stringify(snapshotAt(slug, other)),
    ];
    const { log, logged } = recordLog();
    for (const body of broken) {
      await redis.store(slug, keptBody(first, body));
      expect((await loader(redis, log)(slug))?.body).toBe(JSON.stringify(snapshotAt(slug, first)));
      await vi.waitFor(async () => expect((await redis.findBody(slug))?.body).not.toBe(body));
    }
    expect(logged).toEqual([
      'warn: a body in redis is broken',
      'warn: a body in redis is broken',
      'warn: a body in redis is broken',
      'warn: a body in redis is not what its key says',
      'warn: a body in redis is not what its key says',
      'warn: a body in redis is not what its key says',
    ]);
  });

  it('is store_unavailable when the primary refuses and the slug leads to another tenant', async () => {
    const stranger = `t-${randomUUID()}`;
    await redis.store(stranger, keptBody(first, JSON.stringify(snapshotAt(slug, first))));
    primary.state = 'refuses';
    await expect(loader(redis)(stranger)).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

function loader(redis?: RedisSnapshots, log = silentLog) {
  return createSnapshotLoader({ primary: createPrimary(primary, log), redis, log });
}
