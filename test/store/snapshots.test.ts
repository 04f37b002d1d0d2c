import { createHash } from 'node:crypto';
import { parseSnapshot } from '@origin-allowlist/client/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type Node, openNode } from './node.js';

const APP = 'https://app.example.com';

let database: TestDatabase;
let node: Node;
let slug: string;

beforeAll(async () => {
  database = await createTestDatabase();
  node = await openNode({ databaseUrl: database.url });
});
afterAll(async () => {
  await node.store.close();
  await database.drop();
});
beforeEach(async () => {
  slug = await node.createTenant();
});

describe('given a write that this node acknowledged', () => {
  it('reads that revision or a later one, after each of many', async () => {
    for (let round = 1; round <= 20; round += 1) {
      const revision = await node.allow(slug, `https://r${round}.example.com`);
      expect(await node.revisionOf(slug)).toBe(revision);
    }
  });

  it('reads it also when readers never stop', async () => {
    let acknowledged = 1;
    let writing = true;
    const reader = async () => {
      while (writing) {
        const atLeast = acknowledged;
        const revision = await node.revisionOf(slug);
        expect(revision).toBeGreaterThanOrEqual(atLeast);
        // A read from memory needs no turn of the event loop: without this the writer would get none.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const readers = [reader(), reader(), reader(), reader()];
    for (let round = 1; round <= 40; round += 1) {
      acknowledged = await node.allow(slug, `https://r${round}.example.com`);
    }
    writing = false;
    await Promise.all(readers);
    expect(acknowledged).toBe(41);
  });

  it('allows an origin from its creation to its removal', async () => {
    expect(await node.allows(slug, APP)).toBe(false);
    await node.allow(slug, APP);
    expect(await node.allows(slug, APP)).toBe(true);
    await node.refuse(slug, APP);
    expect(await node.allows(slug, APP)).toBe(false);
  });

  it('knows a tenant at once whose slug it took for unknown, and its deletion, and its namesake', async () => {
    const fresh = `${slug}-fresh`;
    expect(await node.revisionOf(fresh)).toBeUndefined();
    await node.createTenant(fresh);
    await node.allow(fresh, APP);
    const before = await node.store.snapshots.bySlug(fresh);
    expect(before?.version.revision).toBe(2);
    await node.removeTenant(fresh);
    expect(await node.revisionOf(fresh)).toBeUndefined();
    await node.createTenant(fresh);
    const after = await node.store.snapshots.bySlug(fresh);
    expect(after?.version.revision).toBe(1);
    expect(after?.version.lineage).not.toBe(before?.version.lineage);
    expect(after?.version.tenantId).not.toBe(before?.version.tenantId);
  });
});

describe('given a tenant', () => {
  it('gives its snapshot as text with a digest, and the same object until something changes', async () => {
    await node.allow(slug, APP);
    const snapshot = await node.store.snapshots.bySlug(slug);
    expect(parseSnapshot(JSON.parse(snapshot?.body ?? ''))).toMatchObject({
      tenant: slug,
      revision: 2,
      count: 1,
      entries: [{ pattern: APP }],
    });
    expect(snapshot?.digest).toBe(
      createHash('sha256')
        .update(snapshot?.body ?? '')
        .digest('base64'),
    );
    expect(await node.store.snapshots.bySlug(slug)).toBe(snapshot);
    node.store.snapshots.clearMemory();
    const again = await node.store.snapshots.bySlug(slug);
    expect(again).not.toBe(snapshot);
    expect(again?.body).toBe(snapshot?.body);
  });

  it('gives its version and its id, in memory or not, and null for what is no tenant', async () => {
    const { id, lineage } = await node.store.tenants.get(slug);
    const version = { tenantId: id, lineage, revision: 1 };
    const slugs = [slug, 'nobody', 'Not a slug'];
    const expected = [
      [slug, version],
      ['nobody', null],
      ['Not a slug', null],
    ];
    const ask = async () => new Map(await node.store.snapshots.versions(slugs));
    expect(await ask()).toEqual(new Map(expected.map(([each, found]) => [each, found])));
    await node.store.snapshots.bySlug(slug);
    expect((await ask()).get(slug)).toEqual(version);
    expect(await node.store.snapshots.tenantId(slug)).toBe(id);
    expect(await node.store.snapshots.tenantId('nobody')).toBeUndefined();
    expect(await node.store.snapshots.bySlug('Not a slug')).toBeUndefined();
  });
});

describe('given a write on another node', () => {
  it('is seen at once after a refresh', async () => {
    const other = await openNode({ databaseUrl: database.url });
    expect(await other.revisionOf(slug)).toBe(1);
    await node.allow(slug, APP);
    await other.store.snapshots.refresh(slug);
    expect(await other.revisionOf(slug)).toBe(2);
    await other.store.close();
  });
});
