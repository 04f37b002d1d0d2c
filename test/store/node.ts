import { randomUUID } from 'node:crypto';
import { decide, parsePattern } from '@origin-allowlist/client/core';
import { openStore, type Store, type StoreOptions } from '../../src/store/store.js';
import { silentLog } from '../support/silent-log.js';

/** One node of the service, as far as these tests use it. */
export interface Node {
  readonly store: Store;
  /** Creates a tenant, under a slug of its own when none is given; gives the slug. */
  createTenant(slug?: string): Promise<string>;
  removeTenant(slug: string): Promise<void>;
  /** Adds an origin; gives the revision that did. */
  allow(slug: string, origin: string): Promise<number>;
  refuse(slug: string, origin: string): Promise<number>;
  /** Whether a page of that origin may read; `undefined` = no such tenant. */
  allows(slug: string, origin: string): Promise<boolean | undefined>;
  revisionOf(slug: string): Promise<number | undefined>;
}

const context = { actor: 'test', requestId: 'test' };

/** Opens a store as one node does. Close `store`. */
export async function openNode(options: Omit<StoreOptions, 'log'>): Promise<Node> {
  const store = await openStore({ ...options, log: silentLog });
  return {
    store,
    async createTenant(slug = `t-${randomUUID()}`) {
      await store.tenants.create({ slug, name: 'A tenant' }, context);
      return slug;
    },
    async removeTenant(slug) {
      await store.tenants.remove(slug, {}, context);
    },
    async allow(slug, origin) {
      const parsed = parsePattern(origin);
      if (!parsed.ok) throw new Error(`not a pattern: ${origin}`);
      return (await store.entries.create(slug, { pattern: parsed.pattern }, context)).revision;
    },
    async refuse(slug, origin) {
      return (await store.entries.removeByPattern(slug, origin, {}, context)).revision;
    },
    async allows(slug, origin) {
      const snapshot = await store.snapshots.bySlug(slug);
      return snapshot && decide({ method: 'GET', origin }, snapshot.compiled, Date.now()).allowed;
    },
    async revisionOf(slug) {
      return (await store.snapshots.bySlug(slug))?.version.revision;
    },
  };
}

/** Milliseconds until `question` is answered with `expected`; fails after `limitMs`. */
export async function millisecondsUntil<T>(
  question: () => Promise<T>,
  expected: T,
  limitMs: number,
): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const answer = await question();
    const passedMs = performance.now() - startedMs;
    if (answer === expected) return passedMs;
    if (passedMs > limitMs) throw new Error(`still ${String(answer)} after ${Math.round(passedMs)} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
