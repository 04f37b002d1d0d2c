import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openRedis, type RedisConnection } from '../../src/store/redis-connection.js';
import { createRedisSnapshots, type RedisSnapshots } from '../../src/store/redis-snapshots.js';
import type { TenantVersion } from '../../src/store/tenant-version.js';
import { describeWithRedis, redisUrl } from '../support/requirements.js';
import { silentLog } from '../support/silent-log.js';
import { atRevision, CACHE_SEAL, keptBody, moveTo, newVersion } from './snapshot-fixture.js';

let connection: RedisConnection;
let raw: Redis;
let snapshots: RedisSnapshots;
let slug: string;
let first: TenantVersion;

beforeEach(() => {
  snapshots = createRedisSnapshots({ redis: connection, seal: CACHE_SEAL, log: silentLog });
  slug = `t-${randomUUID()}`;
  first = newVersion();
});

describeWithRedis('given a tenant in Redis', () => {
  openConnections();

  beforeEach(async () => {
    await snapshots.store(slug, keptBody(atRevision(first, 9), 'nine'));
  });

  it('gives its body by id and by slug, and its version by slug', async () => {
    const kept = keptBody(atRevision(first, 9), 'nine');
    expect(await snapshots.read(first.tenantId)).toEqual(kept);
    expect(await snapshots.findBody(slug)).toEqual(kept);
    expect(await snapshots.findVersion(slug)).toEqual(kept.version);
  });

  it('replaces it by a later revision only, ten being later than nine', async () => {
    await snapshots.store(slug, keptBody(atRevision(first, 10), 'ten'));
    await snapshots.store(slug, keptBody(atRevision(first, 9), 'nine'));
    expect((await snapshots.read(first.tenantId))?.body).toBe('ten');
  });

  it('drops the body at an invalidation and takes none that is older, but keeps the key', async () => {
    await snapshots.invalidate(moveTo(slug, atRevision(first, 10)));
    expect(await snapshots.read(first.tenantId)).toBeUndefined();
    await snapshots.store(slug, keptBody(atRevision(first, 9), 'nine'));
    expect(await snapshots.read(first.tenantId)).toBeUndefined();
    expect(await snapshots.findVersion(slug)).toEqual(atRevision(first, 10));
    expect(Object.keys(await hash())).toEqual(['lineage', 'rev', 'checkedAt']);

    await snapshots.store(slug, keptBody(atRevision(first, 10), 'ten'));
    expect((await snapshots.read(first.tenantId))?.body).toBe('ten');
  });

  it('keeps the body at an invalidation to a revision it has', async () => {
    await snapshots.invalidate(moveTo(slug, atRevision(first, 9)));
    await snapshots.invalidate(moveTo(slug, atRevision(first, 8)));
    expect((await snapshots.read(first.tenantId))?.body).toBe('nine');
  });

  it('lets another lineage replace it, whatever its revision', async () => {
    const restored = { ...first, lineage: randomUUID(), revision: 3 };
    await snapshots.store(slug, keptBody(restored, 'restored'));
    expect(await snapshots.read(first.tenantId)).toEqual(keptBody(restored, 'restored'));
    await snapshots.invalidate(moveTo(slug, atRevision({ ...first, lineage: randomUUID() }, 2)));
    expect(await snapshots.read(first.tenantId)).toBeUndefined();
  });

  it('takes no body of a deleted tenant any more', async () => {
    await snapshots.invalidate({ slug, ...atRevision(first, 10), deleted: true });
    await snapshots.store(slug, keptBody(atRevision(first, 11), 'back from the dead'));
    expect(await snapshots.read(first.tenantId)).toBeUndefined();
    expect(await snapshots.findBody(slug)).toBeUndefined();
    expect(await snapshots.findVersion(slug)).toBeUndefined();
  });

  it('leads from the slug to the tenant created under it later', async () => {
    const next = newVersion();
    await snapshots.invalidate({ slug, ...atRevision(first, 10), deleted: true });
    await snapshots.store(slug, keptBody(next, 'next'));
    expect(await snapshots.findBody(slug)).toEqual(keptBody(next, 'next'));
  });

  it('forgets it an hour after it was stored or confirmed, and after nothing else', async () => {
    expect(await expiryMinutes()).toBe(60);
    await age();
    await snapshots.invalidate(moveTo(slug, atRevision(first, 8)));
    await snapshots.store(slug, keptBody(atRevision(first, 8), 'eight'));
    expect(await snapshots.confirm(slug, keptBody(atRevision(first, 8), 'eight'))).toBe(false);
    expect(await expiryMinutes()).toBe(1);

    expect(await snapshots.confirm(slug, keptBody(atRevision(first, 9), 'nine'))).toBe(true);
    expect((await snapshots.read(first.tenantId))?.body).toBe('nine');
    expect(await expiryMinutes()).toBe(60);
    expect(Date.now() - Number((await hash()).checkedAt)).toBeLessThan(5_000);
  });

  it('confirms no body that is gone', async () => {
    await snapshots.invalidate(moveTo(slug, atRevision(first, 10)));
    expect(await snapshots.confirm(slug, keptBody(atRevision(first, 10), 'ten'))).toBe(false);
    expect(await snapshots.confirm(slug, keptBody(newVersion(), 'new'))).toBe(false);
  });
});

describeWithRedis('given stores, invalidations and confirmations of one tenant in any order', () => {
  openConnections();

  const step = fc.record({
    kind: fc.constantFrom('store', 'invalidate', 'confirm'),
    // Around a power of ten, where comparing text alone or numbers alone would go wrong.
    revision: fc.integer({ min: 7, max: 12 }),
  });

  it('never gives a body below the highest revision seen, nor one of another revision', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const tenant = newVersion();
        let highest = 0;
        for (const { kind, revision } of steps) {
          const version = atRevision(tenant, revision);
          const body = keptBody(version, `body ${revision}`);
          if (kind === 'store') await snapshots.store(slug, body);
          else if (kind === 'invalidate') await snapshots.invalidate(moveTo(slug, version));
          else await snapshots.confirm(slug, body);
          if (kind !== 'confirm') highest = Math.max(highest, revision);
          const kept = await snapshots.read(tenant.tenantId);
          if (kept !== undefined) {
            expect(kept).toEqual(keptBody(atRevision(tenant, highest), `body ${highest}`));
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describeWithRedis('given an invalidation that Redis did not acknowledge', () => {
  openConnections();

  it('takes nothing of that tenant from Redis until it was sent again', async () => {
    let isAway = false;
    const flaky: RedisConnection = {
      ...connection,
      attempt: (command) => (isAway ? Promise.resolve(undefined) : connection.attempt(command)),
    };
    const node = createRedisSnapshots({ redis: flaky, seal: CACHE_SEAL, log: silentLog });
    await node.store(slug, keptBody(first, 'one'));

    isAway = true;
    await node.invalidate(moveTo(slug, atRevision(first, 3)));
    await node.invalidate(moveTo(slug, atRevision(first, 2)));
    isAway = false;
    expect(await node.read(first.tenantId)).toBeUndefined();
    expect(await node.findVersion(slug)).toBeUndefined();
    // Another node does not know: that is why the loader asks the primary for the version.
    expect((await snapshots.read(first.tenantId))?.body).toBe('one');

    await node.resendInvalidations();
    expect(await snapshots.findVersion(slug)).toEqual(atRevision(first, 3));
    await node.store(slug, keptBody(atRevision(first, 3), 'three'));
    expect((await node.read(first.tenantId))?.body).toBe('three');
  });

  it('still owes the later of two when only the earlier is acknowledged', async () => {
    let mode: 'pass' | 'hold' | 'lose' = 'pass';
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: RedisConnection = {
      ...connection,
      attempt: async (command) => {
        if (mode === 'lose') return undefined;
        if (mode === 'hold') await held;
        return connection.attempt(command);
      },
    };
    const node = createRedisSnapshots({ redis: slow, seal: CACHE_SEAL, log: silentLog });
    await node.store(slug, keptBody(first, 'one'));
    mode = 'hold';
    const earlier = node.invalidate(moveTo(slug, atRevision(first, 2)));
    mode = 'lose';
    await node.invalidate(moveTo(slug, atRevision(first, 3)));
    mode = 'pass';
    release();
    await earlier;
    expect(await snapshots.findVersion(slug)).toEqual(atRevision(first, 2));
    expect(await node.findVersion(slug)).toBeUndefined();
  });
});

function openConnections(): void {
  beforeAll(async () => {
    connection = await openRedis({ url: redisUrl(), log: silentLog });
    raw = new Redis(redisUrl());
  });
  afterEach(() => raw.del(key(), `origin-allowlist:slug:${slug}`));
  afterAll(() => {
    connection.close();
    raw.disconnect();
  });
}

function key(): string {
  return `origin-allowlist:snapshot:{${first.tenantId}}`;
}

async function hash(): Promise<Record<string, string>> {
  return raw.hgetall(key());
}

async function age(): Promise<void> {
  await raw.pexpire(key(), 60_000);
}

async function expiryMinutes(): Promise<number> {
  return Math.round((await raw.pttl(key())) / 60_000);
}
