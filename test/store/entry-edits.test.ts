import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRow } from '../../src/store/rows.js';
import { context, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

const APP = pattern('https://app.example.com');
const SHOP = pattern('https://*.shop.example.com:*');

let store: TestStore;
let slug: string;

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  slug = (await newTenant(store)).slug;
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
