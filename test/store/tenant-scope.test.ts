import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyInput } from '../../src/store/policy-rows.js';
import type { EntryRow, TenantRow } from '../../src/store/rows.js';
import { context, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

const APP = pattern('https://app.example.com');
const API_POLICY: PolicyInput = {
  paths: ['/api'],
  credentials: false,
  methods: [],
  allowedHeaders: [],
  exposedHeaders: [],
  privateNetwork: false,
  alwaysSend: false,
  enforcement: 'headers',
};

let store: TestStore;

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

describe('given a caller of a deleted tenant whose slug went to a new one', () => {
  let slug: string;
  let heir: TenantRow;
  let entry: EntryRow;
  let ofTheOld: { readonly tenantIds: readonly string[] };

  beforeEach(async () => {
    const old = await newTenant(store);
    slug = old.slug;
    ofTheOld = { tenantIds: [old.id] };
    await store.tenants.remove(slug, {}, context);
    heir = (await store.tenants.create({ slug, name: 'The heir' }, context)).value;
    entry = (await store.entries.create(slug, { pattern: APP }, context)).value;
  });

  it('lets it read nothing of the new one', async () => {
    for (const scope of [ofTheOld, { tenantIds: [] }]) {
      for (const read of [
        () => store.tenants.get(slug, scope),
        () => store.entries.get(slug, entry.id, scope),
        () => store.entries.get(slug, 'x', scope),
        () => store.entries.list(slug, {}, { limit: 1 }, scope),
        () => store.policies.list(slug, scope),
        () => store.policies.get(slug, 'default', scope),
        () => store.policies.get(slug, 'nothing', scope),
        () => store.changes.list({ slug, limit: 1 }, scope),
        () => store.changes.list({ slug, limit: 1, ...scope }),
        () => store.changes.get(slug, 1, scope),
      ]) {
        await expect(read()).rejects.toMatchObject({ code: 'tenant_not_found' });
      }
    }
  });

  it('lets it write nothing of the new one', async () => {
    for (const scope of [ofTheOld, { tenantIds: [] }]) {
      const its = { ...context, ...scope };
      for (const write of [
        () => store.tenants.update(slug, { name: 'Mine' }, {}, its),
        () => store.tenants.remove(slug, {}, its),
        () => store.entries.create(slug, { pattern: pattern('null') }, its),
        () => store.entries.update(slug, entry.id, { note: 'mine' }, {}, its),
        () => store.entries.remove(slug, entry.id, {}, its),
        () => store.entries.upsert(slug, { pattern: APP, note: 'mine' }, {}, its),
        () => store.entries.removeByPattern(slug, APP.text, {}, its),
        () => store.entries.batch(slug, [{ op: 'delete', pattern: APP }], { dryRun: true }, its),
        () => store.entries.replaceAll(slug, [], { ifMatch: 2 }, its),
        () => store.policies.put(slug, 'api', API_POLICY, {}, its),
        () => store.policies.remove(slug, 'default', {}, its),
      ]) {
        await expect(write()).rejects.toMatchObject({ code: 'tenant_not_found' });
      }
    }
    expect(await store.tenants.get(slug)).toMatchObject({ name: 'The heir', revision: 2 });
  });

  it('keeps nothing from a caller of the new one, or of all', async () => {
    for (const scope of [{ tenantIds: [...ofTheOld.tenantIds, heir.id] }, { tenantIds: null }, undefined]) {
      expect(await store.tenants.get(slug, scope)).toMatchObject({ id: heir.id });
      expect(await store.entries.get(slug, entry.id, scope)).toEqual(entry);
      expect((await store.entries.list(slug, {}, { limit: 9 }, scope)).items).toEqual([entry]);
      expect(await store.policies.list(slug, scope)).toMatchObject([{ name: 'default' }]);
      expect(await store.policies.get(slug, 'default', scope)).toMatchObject({ name: 'default' });
      expect(await store.changes.get(slug, 1, scope)).toMatchObject({ lineage: heir.lineage });
      expect((await store.changes.list({ slug, limit: 1 }, scope)).items).toHaveLength(1);
      const note = JSON.stringify(scope ?? 'no scope');
      const { changed } = await store.entries.upsert(
        slug,
        { pattern: APP, note },
        {},
        { ...context, ...scope },
      );
      expect(changed).toBe(true);
      entry = await store.entries.get(slug, entry.id);
    }
  });
});

describe('given a trail over all tenants', () => {
  it('keeps to the scope of the caller', async () => {
    const [a] = [await newTenant(store), await newTenant(store)];
    const { items } = await store.changes.list({ limit: 10 }, { tenantIds: [a.id] });
    expect(items.map(({ tenant }) => tenant)).toEqual([a.slug]);
  });
});
