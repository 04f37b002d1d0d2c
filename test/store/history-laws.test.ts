import { readFile } from 'node:fs/promises';
import { applyDelta, compileSnapshot } from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_QUOTAS } from '../../src/limits.js';
import { createChangeLog } from '../../src/store/change-log.js';
import type { Database } from '../../src/store/database.js';
import { toDeltaOperations } from '../../src/store/delta.js';
import { type Expiry, startExpiry } from '../../src/store/expiry.js';
import { readSnapshot } from '../../src/store/snapshot-row.js';
import { silentLog } from '../support/silent-log.js';
import { type Change, replay, type State } from './history-model.js';
import { perform, type Step, steps } from './history-steps.js';
import { context, newTenant, openTestStore, type TestStore } from './test-store.js';

const MIGRATION = new URL('../../prisma/migrations/20261122211001_history/migration.sql', import.meta.url);
/** Histories told by each law. */
const RUNS = 12;
const ALL = { limit: 200 };

let store: TestStore;
let db: Database;
let expiry: Expiry;

beforeAll(async () => {
  store = await openTestStore();
  db = await store.openDatabase();
  expiry = startExpiry(db, createChangeLog(db, DEFAULT_QUOTAS, silentLog), silentLog, Date.now);
});
afterAll(async () => {
  await expiry.stop();
  await store.close();
});

describe('given any history of writes', () => {
  it('has the rows now that a replay of the changes from the first gives', async () => {
    await forAllHistories(async ({ slug, changes }) => {
      const { items } = await store.entries.list(slug, {}, ALL);
      expect({ entries: items, policies: await store.policies.list(slug) }).toEqual(
        rowsOf(replay(changes, changes.length)),
      );
    });
  });

  it('had at every revision the rows that a replay until there gives', async () => {
    await forAllHistories(async ({ slug, changes }) => {
      for (let revision = 1; revision <= changes.length; revision += 1) {
        expect(await stateAt(slug, revision)).toEqual(rowsOf(replay(changes, revision)));
      }
    });
  });

  it('keeps the versions that the migration makes of the changes', async () => {
    const migration = await readFile(MIGRATION, 'utf8');
    await forAllHistories(async ({ slug }) => {
      const { id } = await store.tenants.get(slug);
      for (const table of ['entry_versions', 'policy_versions', 'tenant_versions']) {
        const [, columns = '', select = ''] =
          new RegExp(`INSERT INTO "${table}" \\(([^)]+)\\)\\s+(SELECT [^;]+);`).exec(migration) ?? [];
        const made = await store.sql.query(
          `SELECT * FROM (${select}) AS made(${columns}) WHERE tenant_id = $1 ORDER BY made::text`,
          [id],
        );
        const kept = await store.sql.query(
          `SELECT * FROM (SELECT ${columns} FROM ${table} WHERE tenant_id = $1) kept ORDER BY kept::text`,
          [id],
        );
        expect(kept.rows).toEqual(made.rows);
      }
    });
  });

  it('has left what a check of its trail looks for, and nothing else', async () => {
    await forAllHistories(async ({ slug, changes }) => {
      expect(await store.trailCheck.bySlug(slug)).toMatchObject({
        toRevision: changes.length,
        broken: null,
        rowsCompared: true,
      });
    });
  });

  it('shows as of the revision it is at what it shows now', async () => {
    await forAllHistories(async ({ slug, changes }) => {
      const now = await readSnapshot(db, slug);
      const moment = await store.history.find(slug, { atRevision: changes.length });
      expect(JSON.parse((await store.history.snapshot(moment)).body)).toEqual(now?.snapshot);
    });
  });

  it('leads by its differences from any revision to any other, and back by the same turned round', async () => {
    await forAllHistories(async ({ slug, changes, pick }) => {
      const [a, b] = [pick(0), pick(1)];
      const there = await differences(slug, a, b);
      const back = await differences(slug, b, a);
      expect(apply(replay(changes, a), there)).toEqual(operandsOf(replay(changes, b)));
      expect(sorted(back)).toEqual(
        sorted(there.map(({ subject, before, after }) => ({ subject, before: after, after: before }))),
      );
      expect(await differences(slug, a, a)).toEqual([]);
    });
  });

  it('has after a restore the snapshot of the revision restored, but for the revision', async () => {
    await forAllHistories(async ({ slug, changes, pick }) => {
      const to = pick(0);
      const before = await differences(slug, changes.length, to);
      const { revision, changed } = await store.history.restore(slug, to, {}, context);
      const isMoved = before.some(({ subject }) => subject !== 'tenant');
      expect({ revision, changed }).toEqual({ revision: changes.length + Number(isMoved), changed: isMoved });
      expect(await snapshotAt(slug, revision)).toEqual({ ...(await snapshotAt(slug, to)), revision });
      expect(await store.history.restore(slug, to, {}, context)).toMatchObject({ revision, changed: false });
    });
  });

  it('takes a restore back by a restore', async () => {
    await forAllHistories(async ({ slug, changes, pick }) => {
      const was = await snapshotAt(slug, changes.length);
      await store.history.restore(slug, pick(0), {}, context);
      const { revision } = await store.history.restore(slug, changes.length, {}, context);
      expect(await snapshotAt(slug, revision)).toEqual({ ...was, revision });
      expect(await differences(slug, changes.length, revision)).toEqual([]);
    });
  });

  it('gives with every change a delta that leads those who follow to the next list', async () => {
    await forAllHistories(async ({ slug, changes }) => {
      const followed = compileSnapshot(await snapshotAt(slug, 1));
      for (const { revision, lineage, operations } of changes.slice(1)) {
        const snapshot = await snapshotAt(slug, revision);
        const ops = toDeltaOperations(operations) ?? [];
        const delta = { tenant: slug, lineage, from: revision - 1, to: revision, ops, count: snapshot.count };
        expect(applyDelta(followed, delta)).toBe('applied');
        const { origins, policySettings } = compileSnapshot(snapshot);
        expect(followed.origins).toEqual(origins);
        expect(byName(followed.policySettings)).toEqual(byName(policySettings));
      }
    });
  });

  it('tells of each entry what its changes did to it', async () => {
    await forAllHistories(async ({ slug, changes }) => {
      const told = new Map<string, unknown[]>();
      for (const { operations, ...head } of changes) {
        for (const { subject, before, after } of operations) {
          if (subject !== 'entry') continue;
          const id = String((after ?? before)?.id);
          told.set(id, [{ ...head, before, after }, ...(told.get(id) ?? [])]);
        }
      }
      for (const [id, expected] of told) expect(await pagesOf(slug, id)).toEqual(expected);
    });
  });
});

interface Told {
  readonly slug: string;
  /** Oldest first. */
  readonly changes: readonly Change[];
  /** One of the revisions, by chance. */
  readonly pick: (index: 0 | 1) => number;
}

async function forAllHistories(law: (told: Told) => Promise<void>): Promise<void> {
  const stage = { store, expire: () => expiry.removeExpired(Date.now()) };
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  await fc.assert(
    fc.asyncProperty(steps, share, share, async (taken: readonly Step[], ...shares) => {
      const { slug } = await newTenant(store);
      for (const step of taken) await perform(stage, slug, step);
      const changes = await changesOf(slug);
      await law({ slug, changes, pick: (index) => 1 + Math.floor((shares[index] ?? 0) * changes.length) });
    }),
    { numRuns: RUNS },
  );
}

async function changesOf(slug: string): Promise<readonly Change[]> {
  const { items } = await store.changes.list({ slug, limit: 200 });
  return items
    .map(({ revision, lineage, at, actor, requestId, action, operations }) => {
      return { revision, lineage, at, actor, requestId, action, operations };
    })
    .reverse();
}

async function stateAt(slug: string, atRevision: number) {
  const moment = await store.history.find(slug, { atRevision });
  const { items } = await store.history.entries(moment, {}, ALL);
  return { entries: items, policies: await store.history.policies(moment) };
}

async function snapshotAt(slug: string, atRevision: number) {
  const moment = await store.history.find(slug, { atRevision });
  return JSON.parse((await store.history.snapshot(moment)).body);
}

/** All pages, three items each. */
async function differences(slug: string, from: number, to: number) {
  const [a, b] = [
    await store.history.find(slug, { atRevision: from }),
    await store.history.find(slug, { atRevision: to }),
  ];
  const first = await store.history.diff(a, b, { limit: 3 });
  const items = [...first.items];
  for (let cursor = first.nextCursor; cursor !== null; ) {
    const page = await store.history.diff(a, b, { limit: 3, cursor });
    expect(page.counts).toEqual(first.counts);
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  const counted = [first.counts.entries, first.counts.policies].flatMap((counts) => Object.values(counts));
  expect(items.filter(({ subject }) => subject !== 'tenant')).toHaveLength(
    counted.reduce((sum, count) => sum + count, 0),
  );
  return items;
}

/** All pages of an entry's own history, two items each. */
async function pagesOf(slug: string, id: string) {
  const items: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.history.ofEntry(slug, id, { limit: 2, cursor });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

function byName(policies: readonly { readonly name: string }[]) {
  return policies.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function rowsOf({ entries, policies }: State) {
  const byPattern = [...entries.values()].map(({ row }) => row);
  return {
    entries: byPattern.toSorted((a, b) => (String(a.pattern) < String(b.pattern) ? -1 : 1)),
    policies: [...policies.values()]
      .map(({ row }) => row)
      .toSorted((a, b) => (String(a.name) < String(b.name) ? -1 : 1)),
  };
}

type Item = Change['operations'][number];

function keyOf({ subject, before, after }: Item): string {
  const row = after ?? before;
  return `${subject} ${row?.id ?? row?.name}`;
}

function operandsOf({ tenant, entries, policies }: State): ReadonlyMap<string, unknown> {
  const operands = new Map<string, unknown>();
  operands.set(`tenant ${tenant?.id}`, tenant);
  for (const [id, { operand }] of entries) operands.set(`entry ${id}`, operand);
  for (const [name, { operand }] of policies) operands.set(`policy ${name}`, operand);
  return operands;
}

function apply(state: State, items: readonly Item[]): ReadonlyMap<string, unknown> {
  const operands = new Map(operandsOf(state));
  for (const item of items) {
    expect(operands.get(keyOf(item)) ?? null).toEqual(item.before);
    if (item.after === null) operands.delete(keyOf(item));
    else operands.set(keyOf(item), item.after);
  }
  return operands;
}

function sorted(items: readonly Item[]): readonly Item[] {
  return items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
