import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyInput } from '../../src/store/policy-rows.js';
import { context, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

const API: PolicyInput = {
  paths: ['/api'],
  credentials: true,
  methods: ['PUT', 'DELETE'],
  allowedHeaders: ['content-type', 'authorization'],
  exposedHeaders: ['x-total'],
  maxAgeSeconds: 600,
  privateNetwork: true,
  alwaysSend: false,
  enforcement: 'report',
};

let store: TestStore;
let slug: string;

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  slug = (await newTenant(store)).slug;
});

describe('given a name without a policy', () => {
  it('creates the policy with every setting, as one revision', async () => {
    const written = await store.policies.put(slug, 'api', API, {}, context);
    expect(written).toEqual({
      revision: 2,
      headHash: expect.any(String),
      changed: true,
      created: true,
      value: {
        name: 'api',
        ...API,
        revision: 2,
        createdAt: written.value.updatedAt,
        updatedAt: written.value.updatedAt,
      },
    });
    expect(await store.policies.get(slug, 'api')).toEqual(written.value);
    expect((await store.policies.list(slug)).map(({ name }) => name)).toEqual(['api', 'default']);
    expect(await store.changes.get(slug, 2)).toMatchObject({
      action: 'policy.put',
      operations: [{ subject: 'policy', before: null, after: { name: 'api', ...API } }],
    });
  });

  it('answers policy_not_found to reading and deleting it', async () => {
    for (const name of ['api', 'No Name', 'a\0b']) {
      await expect(store.policies.get(slug, name)).rejects.toMatchObject({ code: 'policy_not_found' });
      await expect(store.policies.remove(slug, name, {}, context)).rejects.toMatchObject({
        code: 'policy_not_found',
      });
    }
    await expect(store.policies.get('nobody', 'api')).rejects.toMatchObject({ code: 'tenant_not_found' });
  });

  it('refuses ifMatch', async () => {
    await expect(store.policies.put(slug, 'api', API, { ifMatch: 1 }, context)).rejects.toMatchObject({
      code: 'revision_mismatch',
    });
    expect((await store.tenants.get(slug)).revision).toBe(1);
  });
});

describe('given a policy', () => {
  beforeEach(async () => {
    await store.policies.put(slug, 'api', API, {}, context);
  });

  it('replaces all its settings; no maxAgeSeconds is none', async () => {
    const { maxAgeSeconds: _, ...settings } = API;
    const written = await store.policies.put(
      slug,
      'api',
      { ...settings, methods: [] },
      { ifMatch: 2 },
      context,
    );
    expect(written).toMatchObject({
      revision: 3,
      created: false,
      value: { methods: [], maxAgeSeconds: null, revision: 3 },
    });
    expect(await store.policies.get(slug, 'api')).toEqual(written.value);
    expect((await store.changes.get(slug, 3)).operations).toMatchObject([
      { before: { methods: ['PUT', 'DELETE'] }, after: { methods: [] } },
    ]);
  });

  it('spends no revision when nothing changes', async () => {
    expect(await store.policies.put(slug, 'api', API, {}, context)).toMatchObject({
      revision: 2,
      changed: false,
      created: false,
      value: { revision: 2 },
    });
  });

  it('compares ifMatch with the revision of the policy', async () => {
    const late = { code: 'revision_mismatch', extra: { revision: 2 } };
    await expect(store.policies.put(slug, 'api', API, { ifMatch: 1 }, context)).rejects.toMatchObject(late);
    await expect(store.policies.remove(slug, 'api', { ifMatch: 1 }, context)).rejects.toMatchObject(late);
  });

  it('is not deleted while an entry names it', async () => {
    const entry = { pattern: pattern('https://app.example.com'), policies: ['default', 'api'] };
    await store.entries.create(slug, entry, context);
    await expect(store.policies.remove(slug, 'api', {}, context)).rejects.toMatchObject({
      code: 'policy_in_use',
    });
    await store.entries.removeByPattern(slug, 'https://app.example.com', {}, context);
    expect(await store.policies.remove(slug, 'api', { ifMatch: 2 }, context)).toMatchObject({ revision: 5 });
    await expect(store.policies.get(slug, 'api')).rejects.toMatchObject({ code: 'policy_not_found' });
  });

  it('is deleted whatever another tenant’s entries name', async () => {
    const other = await newTenant(store);
    await store.policies.put(other.slug, 'api', API, {}, context);
    const entry = { pattern: pattern('https://app.example.com'), policies: ['api'] };
    await store.entries.create(other.slug, entry, context);
    expect(await store.policies.remove(slug, 'api', {}, context)).toMatchObject({ changed: true });
  });

  it('never gets between an entry that names it and its own deletion', async () => {
    const entry = { pattern: pattern('https://app.example.com'), policies: ['api'] };
    const outcomes = await Promise.allSettled([
      store.entries.create(slug, entry, context),
      store.policies.remove(slug, 'api', {}, context),
    ]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('given the default policy', () => {
  it('can be changed, not deleted', async () => {
    await store.policies.put(slug, 'default', API, {}, context);
    await expect(store.policies.remove(slug, 'default', {}, context)).rejects.toMatchObject({
      code: 'default_policy_required',
    });
    expect((await store.tenants.get(slug)).revision).toBe(2);
  });
});
