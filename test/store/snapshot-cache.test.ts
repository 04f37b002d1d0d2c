import { beforeEach, describe, expect, it } from 'vitest';
import {
  type CachedSnapshot,
  createSnapshotCache,
  type SnapshotCache,
} from '../../src/store/snapshot-cache.js';
import { atRevision, cachedAt, moveTo, newVersion } from './snapshot-fixture.js';

interface Load {
  readonly slug: string;
  answer(snapshot: CachedSnapshot | undefined): void;
  fail(error: Error): void;
}

let nowMs: number;
let loads: Load[];
let cache: SnapshotCache;

beforeEach(() => {
  nowMs = 0;
  loads = [];
  cache = createSnapshotCache({
    now: () => nowMs,
    load: (slug) => new Promise((resolve, reject) => loads.push({ slug, answer: resolve, fail: reject })),
    maxTenants: 3,
    maxLength: 2_000,
  });
});

const first = newVersion();
const second = atRevision(first, 2);

describe('given a tenant that is not in memory', () => {
  it('loads once for all who ask meanwhile, and not again', async () => {
    const readers = [cache.get('acme'), cache.get('acme'), cache.get('acme')];
    await landing(0, cachedAt('acme', first));
    expect(await versionsOf(readers)).toEqual([first, first, first]);
    expect((await cache.get('acme'))?.version).toEqual(first);
    expect(loads.length).toBe(1);
  });

  it('gives the failure of a load to all who wait, and tries again for the next', async () => {
    const readers = [cache.get('acme'), cache.get('acme')];
    loads[0]?.fail(new Error('away'));
    for (const reader of readers) await expect(reader).rejects.toThrow('away');
    const next = cache.get('acme');
    await landing(1, cachedAt('acme', first));
    expect((await next)?.version).toEqual(first);
  });
});

describe('given a load that a move overtakes', () => {
  it('does not hold its older answer, and loads again for those who wait', async () => {
    const reader = cache.get('acme');
    cache.invalidate(moveTo('acme', second));
    await landing(0, cachedAt('acme', first));
    expect(cache.peek('acme')).toBeUndefined();
    await landing(1, cachedAt('acme', second));
    expect((await reader)?.version).toEqual(second);
    expect(cache.peek('acme')?.version).toEqual(second);
  });

  it('holds its answer when that has the move already', async () => {
    const reader = cache.get('acme');
    cache.invalidate(moveTo('acme', second));
    await landing(0, cachedAt('acme', second));
    expect((await reader)?.version).toEqual(second);
    expect(loads.length).toBe(1);
  });

  it('trusts no answer when two lineages moved, whichever was announced last', async () => {
    const restored = newVersion();
    const reader = cache.get('acme');
    cache.invalidate(moveTo('acme', restored));
    cache.invalidate(moveTo('acme', second));
    await landing(0, cachedAt('acme', second));
    await landing(1, cachedAt('acme', restored));
    expect((await reader)?.version).toEqual(restored);
  });

  it('does not hold an answer from before a deletion', async () => {
    const reader = cache.get('acme');
    cache.invalidate({ slug: 'acme', ...second, deleted: true });
    await landing(0, cachedAt('acme', first));
    await landing(1, undefined);
    expect(await reader).toBeUndefined();
  });

  it('loads at most four times for one reader, who gets what the last load read', async () => {
    const reader = cache.get('acme');
    for (const revision of [1, 2, 3, 4]) {
      cache.invalidate(moveTo('acme', atRevision(first, revision + 1)));
      await landing(revision - 1, cachedAt('acme', atRevision(first, revision)));
    }
    expect((await reader)?.version.revision).toBe(4);
    expect(loads.length).toBe(4);
    expect(cache.peek('acme')).toBeUndefined();
  });

  it('makes a reader who comes after the move wait for a load that began after it', async () => {
    void cache.get('acme');
    cache.invalidate(moveTo('acme', second));
    const late = cache.get('acme');
    await landing(0, cachedAt('acme', first));
    await landing(1, cachedAt('acme', second));
    expect((await late)?.version).toEqual(second);
  });
});

describe('given a tenant in memory', () => {
  beforeEach(async () => {
    await hold('acme', second);
  });

  it('keeps it when a late announcement tells of an earlier revision', () => {
    cache.invalidate(moveTo('acme', first));
    cache.invalidate(moveTo('acme', second));
    expect(cache.peek('acme')?.version).toEqual(second);
  });

  it('drops it on a later revision, on another lineage and on its deletion', async () => {
    cache.invalidate(moveTo('acme', atRevision(first, 3)));
    expect(cache.peek('acme')).toBeUndefined();
    await hold('acme', second);
    cache.invalidate(moveTo('acme', newVersion()));
    expect(cache.peek('acme')).toBeUndefined();
    await hold('acme', second);
    cache.invalidate({ slug: 'acme', ...second, deleted: true });
    expect(cache.peek('acme')).toBeUndefined();
  });

  it('discards the very snapshot it is given, not one that has replaced it', async () => {
    const [older] = cache.held();
    if (older === undefined) throw new Error('nothing is held');
    cache.invalidate(moveTo('acme', atRevision(first, 3)));
    await hold('acme', atRevision(first, 3));
    cache.discard(older);
    expect(cache.peek('acme')?.version.revision).toBe(3);
  });

  it('forgets it when cleared, and does not hold what was being loaded', async () => {
    const reader = cache.get('other');
    cache.clear();
    expect(cache.held()).toEqual([]);
    await landing(loads.length - 1, cachedAt('other', first));
    expect(cache.held()).toEqual([]);
    await landing(loads.length - 1, cachedAt('other', first));
    expect((await reader)?.version).toEqual(first);
  });
});

describe('given a slug without a tenant', () => {
  beforeEach(async () => {
    const reader = cache.get('acme');
    await landing(0, undefined);
    expect(await reader).toBeUndefined();
  });

  it('remembers that for 1.5 seconds', async () => {
    expect(cache.peek('acme')).toBeNull();
    expect(await cache.get('acme')).toBeUndefined();
    expect(loads.length).toBe(1);
    nowMs = 1_500;
    expect(cache.peek('acme')).toBeUndefined();
  });

  it('forgets it when a tenant of that slug is announced', () => {
    cache.invalidate(moveTo('acme', first));
    expect(cache.peek('acme')).toBeUndefined();
  });

  it('remembers ten thousand of them at most', async () => {
    for (let index = 1; index <= 10_000; index += 1) {
      void cache.get(`s${index}`);
      loads[index]?.answer(undefined);
    }
    await settled();
    expect(cache.peek('acme')).toBeUndefined();
    expect(cache.peek('s1')).toBeNull();
    expect(cache.peek('s10000')).toBeNull();
  });
});

describe('given more tenants than memory may hold', () => {
  it('drops the one whose last use is longest ago', async () => {
    for (const slug of ['a', 'b', 'c']) await hold(slug, newVersion());
    await cache.get('a');
    await hold('d', newVersion());
    expect(cache.held().map(({ slug }) => slug)).toEqual(['c', 'a', 'd']);
  });

  it('drops by length of text as well, but never the newest', async () => {
    await hold('small', first);
    await hold('large', first, 1_990);
    expect(cache.held().map(({ slug }) => slug)).toEqual(['large']);
    await hold('larger', first, 5_000);
    expect(cache.held().map(({ slug }) => slug)).toEqual(['larger']);
    await hold('small', first);
    expect(cache.held().map(({ slug }) => slug)).toEqual(['small']);
  });
});

async function landing(index: number, snapshot: CachedSnapshot | undefined): Promise<void> {
  const load = loads[index];
  if (load === undefined) throw new Error(`load ${index} has not begun`);
  load.answer(snapshot);
  await settled();
}

async function hold(slug: string, version: CachedSnapshot['version'], length?: number): Promise<void> {
  const reader = cache.get(slug);
  const snapshot = cachedAt(slug, version);
  await landing(
    loads.length - 1,
    length === undefined ? snapshot : { ...snapshot, body: ' '.repeat(length) },
  );
  await reader;
}

/** Lets every promise that can settle do so: nothing here waits for a timer. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function versionsOf(readers: readonly Promise<CachedSnapshot | undefined>[]) {
  return (await Promise.all(readers)).map((snapshot) => snapshot?.version);
}
