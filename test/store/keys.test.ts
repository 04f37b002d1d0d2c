import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KeyRow } from '../../src/store/key-rows.js';
import type { KeyInput } from '../../src/store/key-writes.js';
import { openStore, type Store } from '../../src/store/store.js';
import { silentLog } from '../support/silent-log.js';
import { context, newTenant, openTestStore, type TestStore } from './test-store.js';

let store: TestStore;
let other: Store;

beforeAll(async () => {
  store = await openTestStore();
  other = await openStore({ databaseUrl: store.databaseUrl, log: silentLog });
});
afterAll(async () => {
  await other.close();
  await store.close();
});

function input(fields: Partial<KeyInput> = {}): KeyInput {
  const hash = randomBytes(32).toString('hex');
  return {
    name: 'ci',
    scopes: ['sync', 'origins:write'],
    tenantIds: null,
    prefix: 'oak_abc',
    hash,
    ...fields,
  };
}

async function eventsOf(id: string) {
  const { rows } = await store.sql.query(
    `SELECT actor, request_id, action, detail FROM events WHERE detail->>'id' = $1 ORDER BY id`,
    [id],
  );
  return rows;
}

describe('given a new key', () => {
  it('is kept without its text, and an event says who made it', async () => {
    const created = await store.keys.create(input({ expiresAt: '2031-01-01T00:00:00.000Z' }), context);
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'ci',
      prefix: 'oak_abc',
      scopes: ['sync', 'origins:write'],
      tenantIds: null,
      tenants: null,
      createdAt: expect.stringMatching(/Z$/),
      createdBy: 'key:test',
      expiresAt: '2031-01-01T00:00:00.000Z',
      lastUsedAt: null,
      revokedAt: null,
      rotatedFrom: null,
      replacedBy: null,
    });
    expect(await store.keys.get(created.id)).toEqual(created);
    expect(await eventsOf(created.id)).toEqual([
      {
        actor: 'key:test',
        request_id: 'request-1',
        action: 'key.create',
        detail: {
          id: created.id,
          name: 'ci',
          prefix: 'oak_abc',
          scopes: ['sync', 'origins:write'],
          tenantIds: null,
          expiresAt: '2031-01-01T00:00:00.000Z',
        },
      },
    ]);
  });

  it('tells all tenants from none and from some, by id and by slug', async () => {
    const [a, b] = [await newTenant(store), await newTenant(store)];
    const some = await store.keys.create(input({ tenantIds: [b.id, a.id] }), context);
    expect(some).toMatchObject({ tenantIds: [b.id, a.id], tenants: [b.slug, a.slug] });
    const none = await store.keys.create(input({ tenantIds: [] }), context);
    expect(none).toMatchObject({ tenantIds: [], tenants: [] });
    await store.tenants.remove(a.slug, {}, context);
    expect(await store.keys.get(some.id)).toMatchObject({ tenants: [b.slug, a.slug] });
  });

  it('is verified by its hash, and its use is noted', async () => {
    const given = input();
    const created = await store.keys.create(given, context);
    expect(await store.keys.verify(given.hash)).toEqual(created);
    await expect.poll(async () => (await store.keys.get(created.id)).lastUsedAt).not.toBeNull();
    expect(await store.keys.verify(randomBytes(32).toString('hex'))).toBeUndefined();
  });

  it('loses a scope this version does not know, nothing else', async () => {
    const given = input();
    const { id } = await store.keys.create(given, context);
    await store.sql.query(`UPDATE api_keys SET scopes = '{sync,later:scope}' WHERE id = $1`, [id]);
    expect((await store.keys.verify(given.hash))?.scopes).toEqual(['sync']);
  });
});

describe('given a revoked key', () => {
  let given: KeyInput;
  let created: KeyRow;

  beforeEach(async () => {
    given = input();
    created = await store.keys.create(given, context);
  });

  it('is refused on the node that revoked it at once, and one event says by whom', async () => {
    await store.keys.verify(given.hash);
    const revoked = await store.keys.revoke(created.id, { actor: 'admin-key', requestId: 'r-2' });
    expect(revoked.revokedAt).not.toBeNull();
    expect(await store.keys.verify(given.hash)).toBeUndefined();
    await expect(store.keys.revoke(created.id, context)).rejects.toMatchObject({ code: 'key_not_found' });
    expect(await store.keys.get(created.id)).toMatchObject({ revokedAt: revoked.revokedAt });
    expect(await eventsOf(created.id)).toMatchObject([
      { action: 'key.create' },
      { actor: 'admin-key', request_id: 'r-2', action: 'key.revoke', detail: { id: created.id, name: 'ci' } },
    ]);
  });

  it('is refused on every other node within a second or so, without Redis', async () => {
    expect(await other.keys.verify(given.hash)).toMatchObject({ id: created.id });
    await store.keys.revoke(created.id, context);
    await expect.poll(() => other.keys.verify(given.hash), { timeout: 3_000 }).toBeUndefined();
  });

  it('is dropped by one look at the revocations, which misses none that committed late', async () => {
    await other.keys.forgetChanged();
    expect(await other.keys.verify(given.hash)).toMatchObject({ id: created.id });
    await store.sql.query(`UPDATE api_keys SET revoked_at = now() - interval '5 seconds' WHERE id = $1`, [
      created.id,
    ]);
    await other.keys.forgetChanged();
    expect(await other.keys.verify(given.hash)).toBeUndefined();
  });

  it('is told of by its hash', async () => {
    const heard: string[] = [];
    store.keys.onChanged((hash) => heard.push(hash));
    await store.keys.revoke(created.id, context);
    expect(heard).toEqual([given.hash]);
  });
});

describe('given an id that is no key’s', () => {
  it('answers key_not_found', async () => {
    for (const id of ['x', '', '00000000-0000-4000-8000-000000000000']) {
      await expect(store.keys.get(id)).rejects.toMatchObject({ code: 'key_not_found' });
      await expect(store.keys.revoke(id, context)).rejects.toMatchObject({ code: 'key_not_found' });
    }
  });
});

describe('given a list of keys', () => {
  it('pages newest first, each once, and keeps to some tenants when asked', async () => {
    const { id } = await newTenant(store);
    const names = ['1', '2', '3', '4', '5'];
    for (const name of names) await store.keys.create(input({ name, tenantIds: [id] }), context);
    await store.keys.create(input({ name: 'of all tenants' }), context);
    await store.keys.create(input({ tenantIds: [id, (await newTenant(store)).id] }), context);

    const tenantIds = [id];
    const first = await store.keys.list({ limit: 2, tenantIds });
    await store.keys.create(input({ name: '6', tenantIds }), context);
    const second = await store.keys.list({ limit: 2, tenantIds, cursor: first.nextCursor ?? '' });
    const third = await store.keys.list({ limit: 2, tenantIds, cursor: second.nextCursor ?? '' });
    expect([first, second, third].map(({ items }) => items.map(({ name }) => name))).toEqual([
      ['5', '4'],
      ['3', '2'],
      ['1'],
    ]);
    expect(third.nextCursor).toBeNull();
  });

  it.each([
    'x',
    '2026-01-31T00:00:00.000Z',
    '2026-01-31T00:00:00.000Z 00000000-0000-4000-8000-000000000000 x',
    '2026-02-30T00:00:00.000Z 00000000-0000-4000-8000-000000000000',
    '2026-13-01T00:00:00.000Z 00000000-0000-4000-8000-000000000000',
    '2026-01-31T24:00:00.000Z 00000000-0000-4000-8000-000000000000',
    '2026-01-31T............Z 00000000-0000-4000-8000-000000000000',
    '0000-01-31T00:00:00.000Z 00000000-0000-4000-8000-000000000000',
    '2026-01-31T00:00:00.000Z ------------------------------------',
  ])('refuses a cursor it did not give: %s', async (key) => {
    const cursor = Buffer.from(key).toString('base64url');
    await expect(store.keys.list({ limit: 1, cursor })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/query/cursor', code: 'cursor_invalid' }],
    });
  });
});
