import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntryFilters } from '../../src/store/entry-filter.js';
import { context, inputs, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

const NOW = Date.parse('2030-06-01T00:00:00.000Z');

let store: TestStore;
let slug: string;

beforeAll(async () => {
  store = await openTestStore({ now: () => NOW });
  ({ slug } = await newTenant(store));
  const entries = [
    { pattern: pattern('https://active.example.com'), labels: ['web', 'eu'], ref: 'OPS-1' },
    { pattern: pattern('https://later.example.com'), expiresAt: '2030-06-01T00:00:00.001Z', labels: ['web'] },
    { pattern: pattern('https://expired.example.com'), expiresAt: '2030-06-01T00:00:00.000Z', ref: 'OPS-10' },
    { pattern: pattern('https://off.example.com'), enabled: false, note: 'Off for the 100% Sale_2030' },
    {
      pattern: pattern('https://off-expired.example.com'),
      enabled: false,
      expiresAt: '2020-01-01T00:00:00Z',
      note: String.raw`C:\sale`,
    },
    { pattern: pattern('https://*.sub.example.com') },
    { pattern: pattern('https://pr-*.example.com') },
    { pattern: pattern('null') },
  ];
  await store.entries.replaceAll(slug, entries, { ifMatch: 1 }, context);
  // Another tenant's entry is in no list below.
  const other = await newTenant(store);
  await store.entries.create(other.slug, { pattern: pattern('https://active.example.com') }, context);
});
afterAll(() => store.close());

async function listed(filters: EntryFilters): Promise<string[]> {
  const { items } = await store.entries.list(slug, filters, { limit: 50 });
  return items.map((entry) => entry.pattern.replace('https://', '').replace('.example.com', ''));
}

describe('given entries of every sort', () => {
  it('lists all of them by pattern', async () => {
    expect(await listed({})).toEqual([
      '*.sub',
      'active',
      'expired',
      'later',
      'off-expired',
      'off',
      'pr-*',
      'null',
    ]);
  });

  it('judges the status now: the instant of expiry is expired, and disabled is disabled', async () => {
    expect(await listed({ status: 'active' })).toEqual(['*.sub', 'active', 'later', 'pr-*', 'null']);
    expect(await listed({ status: 'expired' })).toEqual(['expired']);
    expect(await listed({ status: 'disabled' })).toEqual(['off-expired', 'off']);
  });

  it('filters by kind, ref and label exactly', async () => {
    expect(await listed({ kind: 'subdomains' })).toEqual(['*.sub']);
    expect(await listed({ kind: 'affix' })).toEqual(['pr-*']);
    expect(await listed({ kind: 'null' })).toEqual(['null']);
    expect(await listed({ kind: 'any' })).toEqual([]);
    expect(await listed({ ref: 'OPS-1' })).toEqual(['active']);
    expect(await listed({ label: 'web' })).toEqual(['active', 'later']);
    expect(await listed({ label: 'we' })).toEqual([]);
  });

  it('filters by expiry', async () => {
    expect(await listed({ expiresBefore: '2030-06-01T00:00:00.001Z' })).toEqual(['expired', 'off-expired']);
  });

  it('finds text in pattern, ref and note without regard to case', async () => {
    expect(await listed({ q: 'LATER.EX' })).toEqual(['later']);
    expect(await listed({ q: 'ops-1' })).toEqual(['active', 'expired']);
    expect(await listed({ q: 'sale' })).toEqual(['off-expired', 'off']);
  });

  it('takes %, _ and \\ as themselves', async () => {
    expect(await listed({ q: '100%' })).toEqual(['off']);
    expect(await listed({ q: 'sale_' })).toEqual(['off']);
    expect(await listed({ q: '_' })).toEqual(['off']);
    expect(await listed({ q: '%' })).toEqual(['off']);
    expect(await listed({ q: '\\' })).toEqual(['off-expired']);
    expect(await listed({ q: `'; DROP TABLE entries; --` })).toEqual([]);
  });

  it('narrows by all filters together', async () => {
    expect(await listed({ status: 'active', label: 'web', q: 'example', ref: 'OPS-1' })).toEqual(['active']);
    expect(await listed({ status: 'expired', label: 'web' })).toEqual([]);
  });
});

describe('given a list longer than a page', () => {
  it('gives each entry once, also when others come and go between the pages', async () => {
    const tenant = await newTenant(store);
    await store.entries.replaceAll(tenant.slug, inputs('b', 'd', 'f', 'h'), { ifMatch: 1 }, context);
    const page = async (cursor?: string) => store.entries.list(tenant.slug, {}, { limit: 2, cursor });
    const first = await page();
    expect(first.revision).toBe(2);
    for (const input of inputs('a', 'c', 'g')) await store.entries.create(tenant.slug, input, context);
    await store.entries.removeByPattern(tenant.slug, 'https://d.example.com', {}, context);
    const second = await page(first.nextCursor ?? '');
    expect(second.revision).toBe(6);
    const third = await page(second.nextCursor ?? '');
    expect([first, second, third].map(({ items }) => items.map((entry) => entry.pattern[8]))).toEqual([
      ['b', 'd'],
      ['f', 'g'],
      ['h'],
    ]);
    expect(third.nextCursor).toBeNull();
  });

  it('refuses a cursor of another list', async () => {
    const cursor = Buffer.from('\u0000').toString('base64url');
    await expect(store.entries.list(slug, {}, { limit: 1, cursor })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
});
