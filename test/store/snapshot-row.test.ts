import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.js';
import type { TenantRow } from '../../src/store/rows.js';
import { readSnapshot, readVersions } from '../../src/store/snapshot-row.js';
import { context, inputs, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

let store: TestStore;
let db: Database;
let tenant: TenantRow;

beforeAll(async () => {
  store = await openTestStore();
  db = await store.openDatabase();
});
afterAll(() => store.close());
beforeEach(async () => {
  tenant = await newTenant(store);
});

describe('given a tenant', () => {
  it('reads its policies and entries sorted, with what is at its default left out', async () => {
    const settings = {
      paths: ['/api'],
      credentials: true,
      methods: ['PUT'],
      allowedHeaders: ['x-a'],
      exposedHeaders: ['x-b'],
      privateNetwork: false,
      alwaysSend: false,
      enforcement: 'report',
    } as const;
    await store.policies.put(tenant.slug, 'api', settings, {}, context);
    await store.entries.replaceAll(
      tenant.slug,
      [
        { pattern: pattern('https://b.example.com'), note: 'left out', labels: ['left out'] },
        { pattern: pattern('https://a.example.com'), enabled: false, expiresAt: '2031-01-01T00:00:00.5Z' },
        { pattern: pattern('https://Z.example.com'.toLowerCase()), policies: ['api'] },
        { pattern: pattern('https://a-b.example.com') },
        { pattern: pattern('null') },
      ],
      { ifMatch: 2 },
      context,
    );
    expect(await readSnapshot(db, tenant.slug)).toEqual({
      tenantId: tenant.id,
      snapshot: {
        tenant: tenant.slug,
        lineage: tenant.lineage,
        revision: 3,
        count: 5,
        policies: [
          { name: 'api', ...settings },
          {
            name: 'default',
            paths: ['/'],
            credentials: false,
            methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
            allowedHeaders: ['content-type'],
            exposedHeaders: [],
            maxAgeSeconds: 600,
            privateNetwork: false,
            alwaysSend: false,
            enforcement: 'headers',
          },
        ],
        entries: [
          { pattern: 'https://a-b.example.com' },
          { pattern: 'https://a.example.com', enabled: false, expiresAt: '2031-01-01T00:00:00.500Z' },
          { pattern: 'https://b.example.com' },
          { pattern: 'https://z.example.com', policies: ['api'] },
          { pattern: 'null' },
        ],
      },
    });
  });

  it('reads an empty list as an empty list', async () => {
    expect((await readSnapshot(db, tenant.slug))?.snapshot).toMatchObject({
      count: 0,
      entries: [],
    });
  });
});

describe('given a tenant that is not there', () => {
  it('reads nothing, before and after it was deleted', async () => {
    expect(await readSnapshot(db, 'nobody')).toBeUndefined();
    await store.tenants.remove(tenant.slug, {}, context);
    expect(await readSnapshot(db, tenant.slug)).toBeUndefined();
    expect(await readVersions(db, [tenant.slug, 'nobody'])).toEqual([]);
  });
});

describe('given a write committed in the middle of the read', () => {
  it('never mixes the two revisions', async () => {
    await store.entries.replaceAll(tenant.slug, inputs('old'), { ifMatch: 1 }, context);
    const writer = new Client({ connectionString: store.databaseUrl });
    await writer.connect();
    try {
      // The reader gets past the tenant and its policies, and waits for the entries until the write is committed.
      await writer.query('BEGIN; LOCK TABLE entries IN ACCESS EXCLUSIVE MODE');
      const reading = readSnapshot(db, tenant.slug);
      await expect.poll(() => waitingFor('entries')).toBe(1);
      await writer.query('UPDATE entries SET pattern = $2 WHERE tenant_id = $1', [
        tenant.id,
        'https://new.example.com',
      ]);
      await writer.query('UPDATE tenants SET revision = 3 WHERE id = $1', [tenant.id]);
      await writer.query('COMMIT');
      expect((await reading)?.snapshot).toMatchObject({
        revision: 2,
        entries: [{ pattern: 'https://old.example.com' }],
      });
      expect((await readSnapshot(db, tenant.slug))?.snapshot).toMatchObject({
        revision: 3,
        entries: [{ pattern: 'https://new.example.com' }],
      });
    } finally {
      await writer.end();
    }
  });

  it('never does so under a storm of writes', async () => {
    const { slug } = tenant;
    let isWriting = true;
    const writing = (async () => {
      for (let revision = 1; revision < 60; revision += 1) {
        await store.entries.replaceAll(slug, inputs(`r${revision + 1}`), { ifMatch: revision }, context);
      }
      isWriting = false;
    })();
    const seen = new Set<string>();
    while (isWriting) {
      const snapshot = (await readSnapshot(db, slug))?.snapshot;
      if (snapshot !== undefined && snapshot.revision > 1) {
        seen.add(`r${snapshot.revision}: ${snapshot.entries.map((entry) => entry.pattern).join()}`);
      }
    }
    await writing;
    expect(seen.size).toBeGreaterThan(5);
    expect([...seen].filter((text) => !/^(r\d+): https:\/\/\1\.example\.com$/.test(text))).toEqual([]);
  });
});

describe('given several tenants', () => {
  it('compares their versions in one statement', async () => {
    const other = await newTenant(store);
    await store.entries.create(other.slug, { pattern: pattern('null') }, context);
    const expected = [
      { tenantId: tenant.id, slug: tenant.slug, lineage: tenant.lineage, revision: 1 },
      { tenantId: other.id, slug: other.slug, lineage: other.lineage, revision: 2 },
    ];
    const versions = await readVersions(db, [tenant.slug, other.slug, 'nobody']);
    expect(versions).toHaveLength(2);
    expect(versions).toEqual(expect.arrayContaining(expected));
    expect(await readVersions(db, [])).toEqual([]);
  });
});

async function waitingFor(table: string): Promise<number | null> {
  const { rowCount } = await store.sql.query(
    'SELECT 1 FROM pg_locks WHERE relation = $1::regclass AND NOT granted',
    [table],
  );
  return rowCount;
}
