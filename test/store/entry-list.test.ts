import type { Pattern } from '@origin-allowlist/client/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_QUOTAS } from '../../src/limits.js';
import { createChangeLog } from '../../src/store/change-log.js';
import { type Database, openDatabase } from '../../src/store/database.js';
import { createEntries } from '../../src/store/entries.js';
import type { EntryRow } from '../../src/store/rows.js';
import { silentLog } from '../support/silent-log.js';
import { context, inputs, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

const A = pattern('https://a.example.com');
const B = pattern('https://b.example.com');
const C = pattern('https://c.example.com');

let store: TestStore;
let slug: string;

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  slug = (await newTenant(store)).slug;
});

async function patterns(): Promise<string[]> {
  return (await store.entries.list(slug, {}, { limit: 200 })).items.map((entry) => entry.pattern);
}

async function entryOf({ text }: Pattern): Promise<EntryRow> {
  const { items } = await store.entries.list(slug, {}, { limit: 200 });
  const found = items.find((entry) => entry.pattern === text);
  if (found === undefined) throw new Error(`not in the list: ${text}`);
  return found;
}

describe('given a batch', () => {
  beforeEach(async () => {
    await store.entries.replaceAll(slug, inputs('a', 'b'), { ifMatch: 1 }, context);
  });

  it('puts and deletes with one revision and one change, and counts what it did', async () => {
    const written = await store.entries.batch(
      slug,
      [
        { op: 'put', pattern: A, note: 'changed' },
        { op: 'put', pattern: C },
        { op: 'delete', pattern: B },
        { op: 'delete', pattern: pattern('https://never.example.com') },
      ],
      {},
      context,
    );
    expect(written).toEqual({
      revision: 3,
      headHash: expect.any(String),
      changed: true,
      value: { created: 1, updated: 1, deleted: 1, unchanged: 1 },
    });
    expect(await patterns()).toEqual(['https://a.example.com', 'https://c.example.com']);
    expect(await store.changes.get(slug, 3)).toMatchObject({
      action: 'entries.batch',
      operations: [
        { before: { pattern: A.text, note: null }, after: { pattern: A.text, note: 'changed' } },
        { before: null, after: { pattern: C.text } },
        { before: { pattern: B.text }, after: null },
      ],
    });
  });

  it('spends no revision when nothing changes', async () => {
    const operations = [
      { op: 'put', pattern: A },
      { op: 'delete', pattern: C },
    ] as const;
    expect(await store.entries.batch(slug, operations, {}, context)).toEqual({
      revision: 2,
      headHash: expect.any(String),
      changed: false,
      value: { created: 0, updated: 0, deleted: 0, unchanged: 2 },
    });
  });

  it('answers what a dry run would do, and writes nothing', async () => {
    const operations = [
      { op: 'put', pattern: C },
      { op: 'delete', pattern: A },
    ] as const;
    expect(await store.entries.batch(slug, operations, { dryRun: true }, context)).toEqual({
      revision: 2,
      headHash: expect.any(String),
      changed: true,
      value: { created: 1, updated: 0, deleted: 1, unchanged: 0 },
    });
    expect(await patterns()).toEqual(['https://a.example.com', 'https://b.example.com']);
    expect((await store.tenants.get(slug)).revision).toBe(2);
    expect((await store.changes.list({ slug, limit: 10 })).items).toHaveLength(2);
  });

  it('points at a pattern that is there twice, and at whatever else is wrong', async () => {
    const operations = [
      { op: 'put', pattern: C },
      { op: 'put', pattern: A, policies: ['nope'] },
      { op: 'delete', pattern: C },
    ] as const;
    await expect(store.entries.batch(slug, operations, {}, context)).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [
        {
          pointer: '/operations/2/pattern',
          code: 'pattern_repeated',
          detail: 'The pattern is the same as that of /operations/0.',
        },
        { pointer: '/operations/1/policies/0', code: 'policy_unknown' },
      ],
    });
    expect(await patterns()).toEqual(['https://a.example.com', 'https://b.example.com']);
  });

  it('points at every policy that does not exist, and does none of it', async () => {
    const operations = [
      { op: 'put', pattern: C },
      { op: 'put', pattern: A, policies: ['default', 'nope'] },
      { op: 'delete', pattern: B },
    ] as const;
    for (const dryRun of [true, false]) {
      await expect(store.entries.batch(slug, operations, { dryRun }, context)).rejects.toMatchObject({
        code: 'policy_unknown',
        errors: [{ pointer: '/operations/1/policies/1' }],
      });
    }
    expect(await patterns()).toEqual(['https://a.example.com', 'https://b.example.com']);
    expect((await store.tenants.get(slug)).revision).toBe(2);
  });

  it('compares ifMatch with the revision of the tenant', async () => {
    const operations = [{ op: 'delete', pattern: A }] as const;
    await expect(store.entries.batch(slug, operations, { ifMatch: 1 }, context)).rejects.toMatchObject({
      code: 'revision_mismatch',
      extra: { revision: 2 },
    });
    expect(await store.entries.batch(slug, operations, { ifMatch: 2 }, context)).toMatchObject({
      revision: 3,
    });
  });
});

describe('given a whole list', () => {
  it('becomes the list, keeping the ids of patterns that stay', async () => {
    await store.entries.replaceAll(
      slug,
      [
        { pattern: A, note: 'kept' },
        { pattern: B, note: 'dropped', labels: ['x'] },
      ],
      { ifMatch: 1 },
      context,
    );
    const before = await entryOf(A);
    const b = await entryOf(B);
    const written = await store.entries.replaceAll(
      slug,
      [{ pattern: C }, { pattern: B }, { pattern: A, note: 'kept' }],
      { ifMatch: 2 },
      context,
    );
    expect(written).toEqual({
      revision: 3,
      headHash: expect.any(String),
      changed: true,
      value: { created: 1, updated: 1, deleted: 0, unchanged: 1 },
    });
    expect(await entryOf(A)).toEqual(before);
    expect(await entryOf(B)).toMatchObject({
      id: b.id,
      note: null,
      labels: [],
    });
    expect((await store.changes.get(slug, 3)).action).toBe('entries.replace');
  });

  it('may be empty', async () => {
    await store.entries.replaceAll(slug, inputs('a', 'b'), { ifMatch: 1 }, context);
    expect(await store.entries.replaceAll(slug, [], { ifMatch: 2 }, context)).toMatchObject({
      value: { deleted: 2 },
    });
    expect(await patterns()).toEqual([]);
  });

  it('spends no revision when it is the list already', async () => {
    await store.entries.replaceAll(slug, inputs('a', 'b'), { ifMatch: 1 }, context);
    expect(await store.entries.replaceAll(slug, inputs('b', 'a'), { ifMatch: 2 }, context)).toEqual({
      revision: 2,
      headHash: expect.any(String),
      changed: false,
      value: { created: 0, updated: 0, deleted: 0, unchanged: 2 },
    });
  });

  it('points at what is wrong with it, and leaves the list as it was', async () => {
    await store.entries.create(slug, { pattern: A }, context);
    await expect(
      store.entries.replaceAll(slug, inputs('x', 'y', 'x'), { ifMatch: 2 }, context),
    ).rejects.toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/entries/2/pattern' }] });
    await expect(
      store.entries.replaceAll(slug, [{ pattern: B, policies: ['nope'] }], { ifMatch: 2 }, context),
    ).rejects.toMatchObject({ code: 'policy_unknown', errors: [{ pointer: '/entries/0/policies/0' }] });
    await expect(
      store.entries.replaceAll(slug, [{ pattern: B }], { ifMatch: 1 }, context),
    ).rejects.toMatchObject({ code: 'revision_mismatch' });
    expect(await patterns()).toEqual(['https://a.example.com']);
  });
});

describe('given many rows', () => {
  let db: Database;
  let statements = 0;

  beforeAll(async () => {
    const real = await openDatabase({ databaseUrl: store.databaseUrl, log: silentLog });
    db = {
      ...real,
      write: (work) =>
        real.write((transaction) =>
          work({
            ...transaction,
            query: (text, values) => {
              statements += 1;
              return transaction.query(text, values);
            },
          }),
        ),
    };
  });
  afterAll(() => db.close());

  it('writes them with a number of statements that does not grow with theirs', async () => {
    const entries = createEntries(db, createChangeLog(db, DEFAULT_QUOTAS, silentLog), Date.now);
    const names = Array.from({ length: 3_000 }, (_, index) => `n${index}`);

    statements = 0;
    await entries.replaceAll(slug, inputs(...names), { ifMatch: 1 }, context);
    expect(statements).toBeLessThan(8);

    statements = 0;
    const operations = inputs(...names).map(({ pattern: one }, index) =>
      index % 2 === 0
        ? ({ op: 'delete', pattern: one } as const)
        : ({ op: 'put', pattern: one, note: 'n' } as const),
    );
    const { value } = await entries.batch(slug, operations, {}, context);
    expect(value).toEqual({ created: 0, updated: 1_500, deleted: 1_500, unchanged: 0 });
    expect(statements).toBeLessThan(8);
  });
});

describe('given few entries of much text, and a server slow to write them', () => {
  const big = inputs('a', 'b', 'c').map((input) => ({ ...input, note: 'x'.repeat(100_000) }));
  const puts = big.map((input) => ({ op: 'put', ...input }) as const);
  const deletes = big.map((input) => ({ op: 'delete', pattern: input.pattern }) as const);

  beforeEach(async () => {
    await store.sql.query(`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$`);
  });
  afterEach(() => store.sql.query('DROP FUNCTION dawdle CASCADE'));

  function dawdleOn(table: 'entries' | 'changes') {
    return store.sql.query(
      `CREATE TRIGGER dawdle AFTER INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION dawdle()`,
    );
  }

  it('waits for the entries', async () => {
    await dawdleOn('entries');
    const { value } = await store.entries.batch(slug, puts, {}, context);
    expect(value).toMatchObject({ created: 3 });
  });

  it('waits for their change', async () => {
    await store.entries.batch(slug, puts, {}, context);
    await dawdleOn('changes');
    const { value } = await store.entries.batch(slug, deletes, {}, context);
    expect(value).toMatchObject({ deleted: 3 });
  });

  it('does not wait as long for little text', async () => {
    await dawdleOn('entries');
    await expect(store.entries.batch(slug, [{ op: 'put', pattern: A }], {}, context)).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });
});
