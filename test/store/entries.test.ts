import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PolicyInput } from '../../src/store/policy-rows.js';
import type { EntryRow } from '../../src/store/rows.js';
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

describe('given an entry', () => {
  let entry: EntryRow;

  beforeEach(async () => {
    entry = (await store.entries.create(slug, { pattern: APP, note: 'first', ref: 'R-1' }, context)).value;
  });

  it('answers pattern_taken with its id to a second one, and writes nothing', async () => {
    await expect(store.entries.create(slug, { pattern: APP }, context)).rejects.toMatchObject({
      code: 'pattern_taken',
      extra: { existingId: entry.id },
    });
    expect((await store.tenants.get(slug)).revision).toBe(2);
  });

  it('lets one of eight simultaneous creates of a pattern win', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, () => store.entries.create(slug, { pattern: SHOP }, context)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await store.tenants.get(slug)).revision).toBe(3);
  });

  it('changes only the fields a patch names; null clears', async () => {
    const { value } = await store.entries.update(
      slug,
      entry.id,
      { note: null, enabled: false },
      {},
      {
        ...context,
        actor: 'key:other',
      },
    );
    expect(value).toEqual({
      ...entry,
      note: null,
      enabled: false,
      revision: 3,
      updatedAt: value.updatedAt,
      updatedBy: 'key:other',
    });
    expect(await store.entries.get(slug, entry.id)).toEqual(value);
  });

  it('spends no revision on a patch that changes nothing', async () => {
    const written = await store.entries.update(slug, entry.id, { note: 'first' }, {}, context);
    expect(written).toEqual({ revision: 2, headHash: expect.any(String), changed: false, value: entry });
  });

  it('takes another pattern, which may not be in the list', async () => {
    const { value } = await store.entries.update(slug, entry.id, { pattern: SHOP }, {}, context);
    expect(value).toMatchObject({ id: entry.id, pattern: SHOP.text, kind: 'subdomains', anyPort: true });
    const { value: again } = await store.entries.create(slug, { pattern: APP }, context);
    await expect(store.entries.update(slug, entry.id, { pattern: APP }, {}, context)).rejects.toMatchObject({
      code: 'pattern_taken',
      extra: { existingId: again.id },
    });
    expect(await store.entries.get(slug, entry.id)).toEqual(value);
  });

  it('compares ifMatch with the revision of the entry, not of the tenant', async () => {
    await store.entries.create(slug, { pattern: SHOP }, context);
    await store.entries.update(slug, entry.id, { note: 'second' }, { ifMatch: 2 }, context);
    const late = { code: 'revision_mismatch', extra: { revision: 4 } };
    await expect(
      store.entries.update(slug, entry.id, { note: 'late' }, { ifMatch: 2 }, context),
    ).rejects.toMatchObject(late);
    await expect(
      store.entries.upsert(slug, { pattern: APP, note: 'late' }, { ifMatch: 3 }, context),
    ).rejects.toMatchObject(late);
    await expect(store.entries.remove(slug, entry.id, { ifMatch: 2 }, context)).rejects.toMatchObject(late);
    await expect(
      store.entries.removeByPattern(slug, APP.text, { ifMatch: 2 }, context),
    ).rejects.toMatchObject(late);
    expect(await store.entries.get(slug, entry.id)).toMatchObject({ note: 'second', revision: 4 });
  });

  it('is removed, by id or by pattern, and says in the trail what it was', async () => {
    const removed = await store.entries.remove(slug, entry.id, { ifMatch: 2 }, context);
    expect(removed).toEqual({ revision: 3, headHash: expect.any(String), changed: true, value: entry });
    expect((await store.changes.get(slug, 3)).operations).toEqual([
      {
        subject: 'entry',
        before: {
          id: entry.id,
          pattern: APP.text,
          enabled: true,
          expiresAt: null,
          ref: 'R-1',
          note: 'first',
          labels: [],
          policies: [],
          acceptedRisks: [],
        },
        after: null,
      },
    ]);
    await store.entries.create(slug, { pattern: APP }, context);
    expect(await store.entries.removeByPattern(slug, APP.text, {}, context)).toMatchObject({ revision: 5 });
    expect((await store.entries.list(slug, {}, { limit: 10 })).items).toEqual([]);
  });
});

describe('given an upsert', () => {
  it('creates what is not there, and changes nothing when repeated', async () => {
    const input = { pattern: APP, note: 'preview' };
    const first = await store.entries.upsert(slug, input, {}, context);
    expect(first).toMatchObject({ revision: 2, changed: true, created: true, value: { note: 'preview' } });
    const again = await store.entries.upsert(slug, input, {}, context);
    expect(again).toEqual({
      revision: 2,
      headHash: expect.any(String),
      changed: false,
      created: false,
      value: first.value,
    });
  });

  it('changes the fields it has and keeps the others; null clears', async () => {
    const { value } = await store.entries.create(slug, { pattern: APP, note: 'n', ref: 'r' }, context);
    const written = await store.entries.upsert(
      slug,
      { pattern: APP, note: null, labels: ['ci'] },
      {},
      context,
    );
    expect(written).toMatchObject({
      revision: 3,
      created: false,
      value: { id: value.id, note: null, ref: 'r', labels: ['ci'], revision: 3 },
    });
  });

  it('refuses ifMatch for an entry that is not there', async () => {
    await expect(store.entries.upsert(slug, { pattern: APP }, { ifMatch: 1 }, context)).rejects.toMatchObject(
      { code: 'revision_mismatch' },
    );
    expect((await store.tenants.get(slug)).revision).toBe(1);
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
