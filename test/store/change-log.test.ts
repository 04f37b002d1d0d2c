import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_QUOTAS } from '../../src/limits.js';
import { type ChangeLog, createChangeLog } from '../../src/store/change-log.js';
import { LISTED_OPERATIONS } from '../../src/store/change-rows.js';
import { type Database, openDatabase } from '../../src/store/database.js';
import type { TenantWrite } from '../../src/store/tenant-lock.js';
import type { TenantMove } from '../../src/store/tenant-version.js';
import { silentLog } from '../support/silent-log.js';
import { recordLog } from './log-recorder.js';
import { context, inputs, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

// An implementation of RFC 8785 that is not ours; its types say wrongly that it has a default export.
const require = createRequire(import.meta.url);
const canonicalize: (value: unknown) => string = require('canonicalize');

let store: TestStore;
let db: Database;
let changeLog: ChangeLog;
let slug: string;

beforeAll(async () => {
  store = await openTestStore();
  db = await store.openDatabase();
  changeLog = createChangeLog(db, DEFAULT_QUOTAS, silentLog);
});
afterAll(() => store.close());
beforeEach(async () => {
  slug = (await newTenant(store)).slug;
});

/** A mutation of a few rows, as good as any. */
async function rename({ transaction, tenant }: TenantWrite, name: string) {
  await transaction.query('UPDATE tenants SET name = $2 WHERE id = $1', [tenant.id, name]);
  return { operations: [{ subject: 'tenant', before: null, after: { name } } as const], value: name };
}

describe('given many writers on one tenant', () => {
  it('gives them gapless revisions, one each', async () => {
    const written = await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        const revisions: number[] = [];
        for (let round = 0; round < 5; round += 1) {
          const input = { pattern: pattern(`https://w${writer}-r${round}.example.com`) };
          revisions.push((await store.entries.create(slug, input, context)).revision);
        }
        return revisions;
      }),
    );
    expect(written.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 2));
    expect((await store.tenants.get(slug)).revision).toBe(41);
    const { rows } = await store.sql.query(
      `SELECT count(*)::int, max(revision), min(revision), bool_and(at >= before) AS in_order
       FROM (SELECT c.revision, c.at, lag(c.at, 1, c.at) OVER (ORDER BY c.revision) AS before
             FROM changes c JOIN tenants t ON t.id = c.tenant_id WHERE t.slug = $1) AS trail`,
      [slug],
    );
    expect(rows).toEqual([{ count: 41, max: 41, min: 1, in_order: true }]);
  });
});

describe('given a trail', () => {
  it('is a chain that anybody can recompute from what is read', async () => {
    await store.entries.create(
      slug,
      {
        pattern: pattern('https://a.example.com'),
        note: 'quote " backslash \\ line\nbreak \u2028 \u{1f600} \u20ac é',
        expiresAt: '2031-01-01T00:00:00Z',
        labels: ['z', 'a'],
        acceptedRisks: [{ code: 'B', note: 'n' }],
      },
      context,
    );
    await store.policies.put(
      slug,
      'api',
      {
        paths: ['/api'],
        credentials: false,
        methods: [],
        allowedHeaders: [],
        exposedHeaders: [],
        maxAgeSeconds: 5,
        privateNetwork: false,
        alwaysSend: false,
        enforcement: 'headers',
      },
      {},
      context,
    );
    const many = inputs(...Array.from({ length: 2_500 }, (_, index) => `n${index}`));
    await store.entries.replaceAll(slug, many, { ifMatch: 3 }, context);
    await store.tenants.update(slug, { name: 'Ö' }, {}, context);
    await store.tenants.remove(slug, {}, { actor: 'key:"x"', requestId: 'r\\' });

    const { rows } = await store.sql.query<{ hash: string; row: { prevHash: string | null } }>(
      `SELECT c.hash, json_build_object('lineage', c.lineage, 'revision', c.revision, 'actor', c.actor,
         'at', to_char(c.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'requestId', c.request_id,
         'action', c.action, 'prevHash', c.prev_hash, 'operations', c.ops) AS row
       FROM changes c JOIN tenants t ON t.id = c.tenant_id WHERE t.slug = $1 ORDER BY c.revision`,
      [slug],
    );
    expect(rows).toHaveLength(6);
    let prevHash: string | null = null;
    for (const { hash, row } of rows) {
      expect(row.prevHash).toBe(prevHash);
      expect(createHash('sha256').update(canonicalize(row)).digest('hex')).toBe(hash);
      prevHash = hash;
    }
  });

  it('shows in the answer everything the hash covers', async () => {
    await store.entries.create(slug, { pattern: pattern('https://a.example.com') }, context);
    const change = await store.changes.get(slug, 2);
    const { type: _type, tenant: _tenant, tenantId: _id, operationCount: _count, hash, ...covered } = change;
    expect(createHash('sha256').update(canonicalize(covered)).digest('hex')).toBe(hash);
  });

  it('refuses UPDATE, DELETE and TRUNCATE, even of no row and with triggers switched off', async () => {
    for (const table of ['changes', 'events']) {
      for (const statement of [
        `UPDATE ${table} SET actor = 'nobody'`,
        `UPDATE ${table} SET actor = 'nobody' WHERE false`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table} CASCADE`,
        `SET session_replication_role = replica; DELETE FROM ${table}`,
      ]) {
        await expect(store.sql.query(statement), statement).rejects.toThrow(`${table} is append-only`);
      }
    }
    await expect(store.sql.query('DELETE FROM tenants WHERE slug = $1', [slug])).rejects.toThrow(
      'foreign key',
    );
  });

  it('is paged newest first, each change once, also when more are written meanwhile', async () => {
    for (const input of inputs('a', 'b', 'c')) await store.entries.create(slug, input, context);
    const first = await store.changes.list({ slug, limit: 2 });
    await store.entries.removeByPattern(slug, 'https://a.example.com', {}, context);
    const second = await store.changes.list({ slug, limit: 2, cursor: first.nextCursor ?? '' });
    expect([first, second].map(({ items }) => items.map(({ revision }) => revision))).toEqual([
      [4, 3],
      [2, 1],
    ]);
    expect(second.nextCursor).toBeNull();
  });

  it.each([
    'x',
    '7',
    '2026-01-01T00:00:00.000Z change',
    '2026-01-01T00:00:00.000Z change -1',
    '2026-01-01T00:00:00.000Z change 9223372036854775808',
    '2026-01-01T00:00:00.000Z other 1',
    '2026-01-01T00:00:00.000Z change 1 2',
    '2026-01-01 change 1',
    '2026-02-30T00:00:00.000Z change 1',
  ])('refuses a cursor it did not give: %s', async (key) => {
    const cursor = Buffer.from(key).toString('base64url');
    await expect(store.changes.list({ slug, limit: 1, cursor })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/query/cursor', code: 'cursor_invalid' }],
    });
  });

  it('takes the highest cursor there can be', async () => {
    const cursor = Buffer.from('9999-12-31T23:59:59.999Z event 9223372036854775807').toString('base64url');
    expect((await store.changes.list({ slug, limit: 1, cursor })).items).toMatchObject([{ revision: 1 }]);
  });

  it('lists a change of many operations without them, and reads it with them', async () => {
    const names = Array.from({ length: LISTED_OPERATIONS + 1 }, (_, index) => `n${index}`);
    await store.entries.replaceAll(slug, inputs(...names), { ifMatch: 1 }, context);
    const [listed] = (await store.changes.list({ slug, limit: 1 })).items;
    expect(listed).toMatchObject({ revision: 2, operationCount: 101, operations: [] });
    expect((await store.changes.get(slug, 2)).operations).toHaveLength(101);
  });

  it('answers change_not_found for a revision that is not there', async () => {
    for (const revision of [0, 2, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
      await expect(store.changes.get(slug, revision)).rejects.toMatchObject({ code: 'change_not_found' });
    }
    await expect(store.changes.get('nobody', 1)).rejects.toMatchObject({ code: 'tenant_not_found' });
  });

  it('can be read over all tenants, or some', async () => {
    const [a, b] = [await newTenant(store), await newTenant(store)];
    const some = await store.changes.list({ tenantIds: [a.id], limit: 10 });
    expect(some.items.map(({ tenant }) => tenant)).toEqual([a.slug]);
    const all = await store.changes.list({ limit: 2 });
    expect(all.items.map(({ tenant }) => tenant)).toEqual([b.slug, a.slug]);
    expect((await store.changes.list({ tenantIds: [], limit: 10 })).items).toEqual([]);
  });
});

describe('given a write that fails half-way', () => {
  it('leaves nothing behind', async () => {
    const failing = changeLog.writeTenant(slug, context, { action: 'test' }, async (write) => {
      await rename(write, 'half-way');
      throw new Error('half-way');
    });
    await expect(failing).rejects.toThrow('half-way');
    expect(await store.tenants.get(slug)).toMatchObject({ name: 'A tenant', revision: 1 });
  });

  it('leaves nothing behind either when a statement fails and the mutation does not notice', async () => {
    const failing = changeLog.writeTenant(slug, context, { action: 'test' }, async (write) => {
      await write.transaction.query('SELECT 1 / 0').catch(() => {});
      return rename(write, 'unnoticed').catch(() => ({ operations: [], value: '' }));
    });
    await expect(failing).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await store.tenants.get(slug)).toMatchObject({ name: 'A tenant', revision: 1 });
  });

  it('gives its connection back', async () => {
    const one = await openDatabase({ databaseUrl: store.databaseUrl, log: silentLog, poolSize: 1 });
    const log = createChangeLog(one, DEFAULT_QUOTAS, silentLog);
    for (let round = 0; round < 3; round += 1) {
      await expect(
        log.writeTenant(slug, context, { action: 'test', ifMatch: 7 }, (write) => rename(write, 'x')),
      ).rejects.toMatchObject({ code: 'revision_mismatch' });
    }
    await log.writeTenant(slug, context, { action: 'test' }, (write) => rename(write, 'last'));
    await one.close();
    expect(await store.tenants.get(slug)).toMatchObject({ name: 'last', revision: 2 });
  });
});

describe('given a listener for committed writes', () => {
  it('hears of each one before its caller does, of nothing else', async () => {
    const { lineage, id: tenantId } = await store.tenants.get(slug);
    const heard: TenantMove[] = [];
    const log = createChangeLog(db, DEFAULT_QUOTAS, silentLog);
    log.onCommitted((move) => heard.push(move));
    await log.writeTenant(slug, context, { action: 'a' }, (write) => rename(write, 'x'));
    expect(heard).toEqual([{ tenantId, slug, lineage, revision: 2, deleted: false }]);

    await log.writeTenant(slug, context, { action: 'a' }, async () => ({ operations: [], value: 0 }));
    await log.writeTenant(slug, context, { action: 'a', dryRun: true }, (write) => rename(write, 'y'));
    await log
      .writeTenant(slug, context, { action: 'a', ifMatch: 1 }, (write) => rename(write, 'z'))
      .catch(() => {});
    expect(heard).toHaveLength(1);

    await log.writeTenant(slug, context, { action: 'a' }, async () => ({
      operations: [{ subject: 'tenant', before: {}, after: null }],
      value: 0,
    }));
    expect(heard[1]).toEqual({ tenantId, slug, lineage, revision: 3, deleted: true });
  });

  it('cannot fail the write', async () => {
    const { log, logged } = recordLog();
    const fragile = createChangeLog(db, DEFAULT_QUOTAS, log);
    fragile.onCommitted(() => {
      throw new Error('the listener');
    });
    const written = await fragile.writeTenant(slug, context, { action: 'a' }, (write) => rename(write, 'x'));
    expect(written).toEqual({ revision: 2, headHash: expect.any(String), changed: true, value: 'x' });
    expect(logged).toEqual(['error: a listener failed on a committed write']);
  });
});
