import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestStore, type TestStore } from './test-store.js';

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

describe('given many who ask at once, without a key', () => {
  it('looks once for all, and again for the next', async () => {
    const first = store.health();
    expect(store.health()).toBe(first);
    expect(await first).toEqual({ postgres: 'up', redis: 'off' });
    const next = store.health();
    expect(next).not.toBe(first);
    expect(await next).toEqual({ postgres: 'up', redis: 'off' });
  });
});
