import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_QUOTAS } from '../../src/limits.js';
import { createChangeLog } from '../../src/store/change-log.js';
import type { Database } from '../../src/store/database.js';
import { type Expiry, KEPT_AFTER_EXPIRY_MS, startExpiry } from '../../src/store/expiry.js';
import { silentLog } from '../support/silent-log.js';
import { context, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

const EXPIRED_AT = '2030-01-01T00:00:00.000Z';
const GONE_AFTER_MS = Date.parse(EXPIRED_AT) + KEPT_AFTER_EXPIRY_MS;

let store: TestStore;
let db: Database;
let expiry: Expiry;
let slug: string;

beforeAll(async () => {
  store = await openTestStore();
  db = await store.openDatabase();
  expiry = startExpiry(db, createChangeLog(db, DEFAULT_QUOTAS, silentLog), silentLog, () => 0);
});
afterAll(async () => {
  await expiry.stop();
  await store.close();
});
beforeEach(async () => {
  slug = (await newTenant(store)).slug;
  const expiring = ['a', 'b'].map((name) => ({
    pattern: pattern(`https://${name}.example.com`),
    expiresAt: EXPIRED_AT,
  }));
  const later = { pattern: pattern('https://later.example.com'), expiresAt: '2030-01-01T00:00:00.001Z' };
  const lasting = { pattern: pattern('https://lasting.example.com') };
  await store.entries.replaceAll(slug, [...expiring, later, lasting], { ifMatch: 1 }, context);
});

async function patterns(): Promise<string[]> {
  return (await store.entries.list(slug, {}, { limit: 10 })).items.map((entry) => entry.pattern);
}

describe('given entries that expired', () => {
  it('keeps them for seven days', async () => {
    await expiry.removeExpired(GONE_AFTER_MS);
    expect(await patterns()).toHaveLength(4);
    expect((await store.tenants.get(slug)).revision).toBe(2);
  });

  it('removes them after that, with one change by system', async () => {
    await expiry.removeExpired(GONE_AFTER_MS + 1);
    expect(await patterns()).toEqual(['https://lasting.example.com', 'https://later.example.com']);
    expect(await store.changes.get(slug, 3)).toMatchObject({
      actor: 'system',
      action: 'entries.expire',
      operations: [
        { before: { pattern: 'https://a.example.com', expiresAt: EXPIRED_AT }, after: null },
        { before: { pattern: 'https://b.example.com', expiresAt: EXPIRED_AT }, after: null },
      ],
    });
  });

  it('spends one revision when several nodes do it at once', async () => {
    await Promise.all([1, 2, 3].map(() => expiry.removeExpired(GONE_AFTER_MS + 1)));
    expect(await store.tenants.get(slug)).toMatchObject({ revision: 3 });
    await expiry.removeExpired(GONE_AFTER_MS + 1);
    expect(await store.tenants.get(slug)).toMatchObject({ revision: 3 });
  });

  it('leaves the entries of a deleted tenant as they are', async () => {
    const { id } = await store.tenants.get(slug);
    await store.tenants.remove(slug, {}, context);
    await expiry.removeExpired(GONE_AFTER_MS + 1);
    const { rows } = await store.sql.query('SELECT 1 FROM entries WHERE tenant_id = $1', [id]);
    expect(rows).toHaveLength(4);
  });
});
