import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/store/database.js';
import { createRollouts } from '../../src/store/rollouts.js';
import { newTenant, openTestStore, type TestStore } from './test-store.js';

const EVERYBODY = { tenantIds: null };

let store: TestStore;
let db: Database;

beforeAll(async () => {
  store = await openTestStore();
  db = await store.openDatabase();
});
afterAll(() => store.close());

describe('given many writers that wait at once', () => {
  it('takes two connections for them at most, for the names in the answers too', async () => {
    const { slug } = await newTenant(store);
    let running = 0;
    let most = 0;
    const counted = async <T>(read: Promise<T>): Promise<T> => {
      running += 1;
      most = Math.max(most, running);
      return read.finally(() => {
        running -= 1;
      });
    };
    const rollouts = createRollouts(
      {
        ...db,
        query: (text, values) => counted(db.query(text, values)),
        readConsistently: (work) => counted(db.readConsistently(work)),
      },
      { listen: () => () => {} },
    );
    const { signal } = new AbortController();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => rollouts.awaitApplied(slug, 1, { timeoutMs: 0, signal }, EVERYBODY)),
    );
    expect(answers.map(({ revision }) => revision)).toEqual(Array.from({ length: 100 }, () => 1));
    expect(most).toBe(2);
  });
});
