import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantRow } from '../../src/store/rows.js';
import { context, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

let store: TestStore;
let slug: string;

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());
beforeEach(() => {
  slug = `t-${randomUUID()}`;
});

describe('given a free slug', () => {
  it('creates a tenant at revision 1', async () => {
    const { value, ...written } = await store.tenants.create({ slug, name: 'Acme' }, context);
    expect(written).toEqual({ revision: 1, headHash: expect.any(String), changed: true });
    expect(value).toMatchObject({ slug, name: 'Acme', environment: 'production', revision: 1 });
    expect(await store.tenants.get(slug)).toEqual(value);
  });

  it('gives it the default policy', async () => {
    await store.tenants.create({ slug, name: 'Acme' }, context);
    expect(await store.policies.list(slug)).toMatchObject([
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
        revision: 1,
      },
    ]);
  });

  it('begins its trail with what was created and by whom', async () => {
    const { value } = await store.tenants.create({ slug, name: 'Acme', environment: 'staging' }, context);
    expect(await store.changes.get(slug, 1)).toMatchObject({
      tenant: slug,
      lineage: value.lineage,
      revision: 1,
      at: value.createdAt,
      actor: 'key:test',
      requestId: 'request-1',
      action: 'tenant.create',
      operations: [
        {
          subject: 'tenant',
          before: null,
          after: { id: value.id, slug, name: 'Acme', environment: 'staging' },
        },
        { subject: 'policy', before: null, after: { name: 'default', paths: ['/'], maxAgeSeconds: 600 } },
      ],
      prevHash: null,
    });
  });
});

describe('given a slug that is taken', () => {
  it('answers slug_taken with the id of the tenant that has it', async () => {
    const { value } = await store.tenants.create({ slug, name: 'First' }, context);
    await expect(store.tenants.create({ slug, name: 'Second' }, context)).rejects.toMatchObject({
      code: 'slug_taken',
      extra: { existingId: value.id },
    });
  });

  it('lets one of eight simultaneous creates win and leaves nothing of the others', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => store.tenants.create({ slug, name: `${index}` }, context)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(
      outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : [])),
    ).toEqual(Array.from({ length: 7 }, () => 'slug_taken'));
    const { rows } = await store.sql.query('SELECT id FROM tenants WHERE slug = $1', [slug]);
    expect(rows).toHaveLength(1);
  });
});

describe('given a tenant', () => {
  beforeEach(async () => {
    await store.tenants.create({ slug, name: 'Acme' }, context);
  });

  it('changes what the patch names, as one revision', async () => {
    const written = await store.tenants.update(slug, { environment: 'staging' }, {}, context);
    expect(written).toMatchObject({
      revision: 2,
      changed: true,
      value: { name: 'Acme', environment: 'staging', revision: 2 },
    });
    expect(await store.tenants.get(slug)).toEqual(written.value);
    expect((await store.changes.get(slug, 2)).operations).toMatchObject([
      { before: { environment: 'production' }, after: { environment: 'staging' } },
    ]);
  });

  it('spends no revision on a patch that changes nothing', async () => {
    const written = await store.tenants.update(slug, { name: 'Acme' }, {}, context);
    expect(written).toMatchObject({ revision: 1, changed: false, value: { revision: 1 } });
  });

  it('refuses a stale ifMatch, tells the revision and writes nothing', async () => {
    await store.tenants.update(slug, { name: 'Other' }, { ifMatch: 1 }, context);
    await expect(store.tenants.update(slug, { name: 'Late' }, { ifMatch: 1 }, context)).rejects.toMatchObject(
      {
        code: 'revision_mismatch',
        extra: { revision: 2 },
      },
    );
    await expect(store.tenants.remove(slug, { ifMatch: 1 }, context)).rejects.toMatchObject({
      code: 'revision_mismatch',
    });
    expect(await store.tenants.get(slug)).toMatchObject({ name: 'Other', revision: 2 });
  });
});

describe('given a deleted tenant', () => {
  let first: TenantRow;

  beforeEach(async () => {
    first = (await store.tenants.create({ slug, name: 'First' }, context)).value;
    await store.entries.create(slug, { pattern: pattern('https://app.example.com') }, context);
    await store.tenants.remove(slug, { ifMatch: 2 }, context);
  });

  it('is found by nothing', async () => {
    await expect(store.tenants.get(slug)).rejects.toMatchObject({ code: 'tenant_not_found' });
    await expect(store.entries.list(slug, {}, { limit: 1 })).rejects.toMatchObject({
      code: 'tenant_not_found',
    });
    await expect(store.policies.list(slug)).rejects.toMatchObject({ code: 'tenant_not_found' });
    await expect(store.changes.list({ slug, limit: 1 })).rejects.toMatchObject({ code: 'tenant_not_found' });
    await expect(store.tenants.remove(slug, {}, context)).rejects.toMatchObject({ code: 'tenant_not_found' });
    expect((await store.tenants.list({ limit: 200, ids: [first.id] })).items).toEqual([]);
    expect(await store.snapshots.bySlug(slug)).toBeUndefined();
  });

  it('keeps its trail, with a last change that says it is gone', async () => {
    const trail = await store.changes.list({ tenantIds: [first.id], limit: 10 });
    expect(trail.items.map(({ revision, action }) => [revision, action])).toEqual([
      [3, 'tenant.delete'],
      [2, 'entry.create'],
      [1, 'tenant.create'],
    ]);
    expect(trail.items[0]?.operations).toEqual([
      {
        subject: 'tenant',
        before: { id: first.id, slug, name: 'First', environment: 'production' },
        after: null,
      },
    ]);
  });

  it('leaves its slug to a new tenant, which has another id and lineage and no entries', async () => {
    const { value: second } = await store.tenants.create({ slug, name: 'Second' }, context);
    expect(second.id).not.toBe(first.id);
    expect(second.lineage).not.toBe(first.lineage);
    expect(await store.entries.list(slug, {}, { limit: 10 })).toEqual({
      revision: 1,
      usage: { entries: 0, wildcards: 0, policies: 1 },
      items: [],
      nextCursor: null,
    });
    expect((await store.changes.list({ slug, limit: 10 })).items).toHaveLength(1);
  });
});

describe('given a list of tenants', () => {
  it('pages by slug, each once, also when tenants appear meanwhile', async () => {
    const ids: string[] = [];
    const add = async (name: string) => {
      const { value } = await store.tenants.create({ slug: `${slug}-${name}`, name }, context);
      ids.push(value.id);
    };
    for (const name of ['b', 'd', 'f', 'h']) await add(name);
    const first = await store.tenants.list({ limit: 2, ids });
    await add('a');
    await add('g');
    const second = await store.tenants.list({ limit: 2, ids, cursor: first.nextCursor ?? '' });
    const third = await store.tenants.list({ limit: 2, ids, cursor: second.nextCursor ?? '' });
    expect([first, second, third].map(({ items }) => items.map(({ name }) => name))).toEqual([
      ['b', 'd'],
      ['f', 'g'],
      ['h'],
    ]);
    expect(third.nextCursor).toBeNull();
  });

  it('lists only the tenants asked for, none for an empty set', async () => {
    const [a] = [await newTenant(store), await newTenant(store)];
    expect((await store.tenants.list({ limit: 10, ids: [a.id] })).items).toEqual([a]);
    expect((await store.tenants.list({ limit: 10, ids: [] })).items).toEqual([]);
  });

  it('refuses a cursor it did not give', async () => {
    for (const cursor of ['', 'x', 'w6k', Buffer.from('no slug!').toString('base64url')]) {
      await expect(store.tenants.list({ limit: 1, cursor })).rejects.toMatchObject({
        code: 'invalid_input',
        errors: [{ pointer: '/query/cursor', code: 'cursor_invalid' }],
      });
    }
  });
});
