import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedTenants } from '../../bench/history-seed.js';
import { openTestStore, type TestStore } from './test-store.js';

let store: TestStore;

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

describe('given tenants that were seeded for the benchmark of history', () => {
  it('are as the service would have written them', async () => {
    const seeded = await seedTenants(store.databaseUrl, [2, 40], 5);
    expect(seeded.map(({ changes }) => changes)).toEqual([2, 40]);
    for (const { slug, changes } of seeded) {
      expect(await store.trailCheck.bySlug(slug)).toMatchObject({
        broken: null,
        toRevision: changes,
        rowsCompared: true,
      });
    }
  });
});
