import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyInput } from '../../src/store/policy-rows.js';
import { context, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

const APP = pattern('https://app.example.com');
const SHOP = pattern('https://*.shop.example.com:*');
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
let slug: string;

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  slug = (await newTenant(store)).slug;
});

describe('given an empty list', () => {
  it('adds an entry with defaults, as revision 2', async () => {
    const { value, ...written } = await store.entries.create(slug, { pattern: APP }, context);
    expect(written).toEqual({ revision: 2, headHash: expect.any(String), changed: true });
    expect(value).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      pattern: 'https://app.example.com',
      kind: 'exact',
      anyPort: false,
      enabled: true,
      expiresAt: null,
      ref: null,
      note: null,
      labels: [],
      policies: [],
      acceptedRisks: [],
      revision: 2,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      createdBy: 'key:test',
      updatedAt: value.createdAt,
      updatedBy: 'key:test',
    });
    expect(await store.entries.get(slug, value.id)).toEqual(value);
  });

  it('keeps every field as it was given, instants in UTC', async () => {
    await store.policies.put(slug, 'api', API_POLICY, {}, context);
    const { value } = await store.entries.create(
      slug,
      {
        pattern: SHOP,
        enabled: false,
        expiresAt: '2030-01-31T13:00:00.5+01:00',
        ref: 'OPS-7',
        note: 'für das “Büro” \\ \u{1f600}',
        labels: ['b', 'a'],
        policies: ['api'],
        acceptedRisks: [{ code: 'WILDCARD_PORT_PUBLIC_HOST', note: 'test rigs' }],
      },
      context,
    );
    expect(await store.entries.get(slug, value.id)).toMatchObject({
      pattern: 'https://*.shop.example.com:*',
      kind: 'subdomains',
      anyPort: true,
      enabled: false,
      expiresAt: '2030-01-31T12:00:00.500Z',
      ref: 'OPS-7',
      note: 'für das “Büro” \\ \u{1f600}',
      labels: ['b', 'a'],
      policies: ['api'],
      acceptedRisks: [{ code: 'WILDCARD_PORT_PUBLIC_HOST', note: 'test rigs' }],
    });
  });

  it('refuses text that Postgres cannot hold, and writes nothing', async () => {
    await expect(store.entries.list(slug, { ref: 'a\0b' }, { limit: 1 })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    for (const note of ['a\0b', 'half \ud800 a pair']) {
      await expect(store.entries.create(slug, { pattern: APP, note }, context)).rejects.toMatchObject({
        code: 'invalid_input',
      });
    }
    expect((await store.tenants.get(slug)).revision).toBe(1);
  });

  it('does not know an entry by another tenant’s id, nor by what is no id', async () => {
    const other = await newTenant(store);
    const { value } = await store.entries.create(other.slug, { pattern: APP }, context);
    for (const id of [value.id, randomUUID(), 'x', '']) {
      await expect(store.entries.get(slug, id)).rejects.toMatchObject({ code: 'entry_not_found' });
      await expect(store.entries.update(slug, id, { note: 'x' }, {}, context)).rejects.toMatchObject({
        code: 'entry_not_found',
      });
      await expect(store.entries.remove(slug, id, {}, context)).rejects.toMatchObject({
        code: 'entry_not_found',
      });
    }
    await expect(store.entries.removeByPattern(slug, APP.text, {}, context)).rejects.toMatchObject({
      code: 'entry_not_found',
    });
  });

  it('answers tenant_not_found for a slug without a tenant, and for what is no slug', async () => {
    for (const nobody of ['nobody', 'No Slug', 'a\0b', '']) {
      for (const call of [
        () => store.tenants.get(nobody),
        () => store.entries.get(nobody, randomUUID()),
        () => store.entries.get(nobody, 'x'),
        () => store.entries.list(nobody, {}, { limit: 1 }),
        () => store.entries.removeByPattern(nobody, APP.text, {}, context),
        () => store.policies.list(nobody),
        () => store.policies.get(nobody, 'default'),
        () => store.policies.put(nobody, 'api', API_POLICY, {}, context),
        () => store.changes.list({ slug: nobody, limit: 1 }),
        () => store.changes.get(nobody, 1),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'tenant_not_found' });
      }
    }
  });
});

describe('given entries that name policies', () => {
  const unknown = {
    code: 'policy_unknown',
    errors: [
      { pointer: '/policies/0', code: 'policy_unknown' },
      { pointer: '/policies/2', code: 'policy_unknown' },
    ],
  };
  const policies = ['nope', 'default', 'neither'];

  it('points at each one that does not exist, and writes nothing', async () => {
    const { value } = await store.entries.create(slug, { pattern: SHOP }, context);
    await expect(store.entries.create(slug, { pattern: APP, policies }, context)).rejects.toMatchObject(
      unknown,
    );
    await expect(store.entries.upsert(slug, { pattern: APP, policies }, {}, context)).rejects.toMatchObject(
      unknown,
    );
    await expect(store.entries.update(slug, value.id, { policies }, {}, context)).rejects.toMatchObject(
      unknown,
    );
    expect((await store.tenants.get(slug)).revision).toBe(2);
  });

  it('does not take another tenant’s policy', async () => {
    const other = await newTenant(store);
    await store.policies.put(other.slug, 'api', API_POLICY, {}, context);
    await expect(
      store.entries.create(slug, { pattern: APP, policies: ['api'] }, context),
    ).rejects.toMatchObject({ code: 'policy_unknown' });
  });
});
