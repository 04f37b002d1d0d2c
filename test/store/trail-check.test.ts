import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tamper } from './tamper.js';
import { context, inputs, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

let store: TestStore;
let slug: string;
let tenantId: string;

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

beforeEach(async () => {
  const tenant = await newTenant(store);
  slug = tenant.slug;
  tenantId = tenant.id;
  await store.entries.create(
    slug,
    { pattern: pattern('https://a.example.com'), note: 'why', labels: ['x'] },
    context,
  );
  await store.policies.put(slug, 'api', POLICY, {}, context);
  await store.tenants.update(slug, { name: 'Other' }, {}, context);
  const many = inputs(...Array.from({ length: 50 }, (_, index) => `n${index}`));
  await store.entries.replaceAll(slug, many, { ifMatch: 4 }, context);
  await store.entries.upsert(
    slug,
    { pattern: pattern('https://n7.example.com'), expiresAt: '2031-01-01T00:00:00Z' },
    {},
    context,
  );
});

const POLICY = {
  paths: ['/api'],
  credentials: false,
  methods: ['GET'],
  allowedHeaders: [],
  exposedHeaders: [],
  maxAgeSeconds: null,
  privateNetwork: false,
  alwaysSend: false,
  enforcement: 'headers',
} as const;

const edit = (statement: string) => tamper((...query) => store.sql.query(...query), statement, [tenantId]);

describe('given a trail that nobody touched', () => {
  it('holds, from the first change to the rows in use', async () => {
    const { headHash } = await store.tenants.get(slug);
    expect(await store.trailCheck.bySlug(slug)).toEqual({
      tenant: slug,
      tenantId,
      fromRevision: 1,
      toRevision: 6,
      hash: headHash,
      broken: null,
      nextRevision: null,
      rowsCompared: true,
      lineageRenewed: false,
    });
  });

  it('holds after everything that can be done to a tenant, and after its deletion', async () => {
    const [entry] = (await store.entries.list(slug, {}, { limit: 1 })).items;
    await store.entries.update(
      slug,
      entry?.id ?? '',
      { pattern: pattern('http://localhost:*') },
      {},
      context,
    );
    await store.entries.remove(slug, entry?.id ?? '', {}, context);
    await store.policies.remove(slug, 'api', {}, context);
    const risks = [{ code: 'ANY_ORIGIN', note: 'öffentlich \u2028' }];
    await store.entries.create(slug, { pattern: pattern('*'), acceptedRisks: risks }, context);
    expect(await store.trailCheck.bySlug(slug)).toMatchObject({ broken: null, rowsCompared: true });
    await store.tenants.remove(slug, {}, context);
    expect(await store.trailCheck.byId(tenantId)).toMatchObject({
      broken: null,
      toRevision: 11,
      rowsCompared: true,
    });
    await expect(store.trailCheck.bySlug(slug)).rejects.toMatchObject({ code: 'tenant_not_found' });
  });

  it('holds while it is written to', async () => {
    const writing = Array.from({ length: 30 }, (_, index) =>
      store.entries.create(slug, { pattern: pattern(`https://w${index}.example.com`) }, context),
    );
    const checks = Array.from({ length: 5 }, () => store.trailCheck.bySlug(slug));
    for (const verdict of await Promise.all(checks))
      expect(verdict).toMatchObject({ broken: null, rowsCompared: true });
    await Promise.all(writing);
  });

  it('is checked in parts when time is short, each from where the last one ended', async () => {
    expect(await store.trailCheck.bySlug(slug, { limitMs: 0 })).toMatchObject({
      toRevision: 0,
      nextRevision: 1,
    });
    const part = await store.trailCheck.bySlug(slug, { fromRevision: 4 });
    expect(part).toMatchObject({ fromRevision: 4, toRevision: 6, broken: null, rowsCompared: false });
  });

  it('says that the lineage was renewed, which no change tells of', async () => {
    await edit('UPDATE tenants SET lineage = gen_random_uuid() WHERE id = $1');
    expect(await store.trailCheck.bySlug(slug)).toMatchObject({ broken: null, lineageRenewed: true });
    await store.tenants.update(slug, { name: 'After' }, {}, context);
    expect(await store.trailCheck.bySlug(slug)).toMatchObject({ broken: null, lineageRenewed: false });
  });

  it('has the heads that were written down, and no others', async () => {
    const { hash } = await store.changes.get(slug, 3);
    for (const pin of [{ hash }, { hash, revision: 3 }]) {
      expect((await store.trailCheck.bySlug(slug, { pin })).broken).toBeNull();
    }
    expect((await store.trailCheck.bySlug(slug, { pin: { hash, revision: 4 } })).broken).toMatchObject({
      revision: 4,
      kind: 'pin_mismatch',
    });
    const other = { hash: 'f'.repeat(64) };
    expect((await store.trailCheck.bySlug(slug, { pin: other })).broken).toMatchObject({
      revision: 6,
      kind: 'pin_mismatch',
    });
  });
});

describe('given a check in parts, each with the head that was written down', () => {
  it('holds in every part when a change has it, before the part or in it', async () => {
    const { hash } = await store.changes.get(slug, 3);
    for (const pin of [{ hash }, { hash, revision: 3 }]) {
      for (const fromRevision of [1, 3, 4, 6]) {
        const verdict = await store.trailCheck.bySlug(slug, { fromRevision, pin });
        expect([fromRevision, verdict.broken]).toEqual([fromRevision, null]);
      }
    }
  });

  it('names the change that does not have it, in the parts after that one too', async () => {
    const { hash } = await store.changes.get(slug, 3);
    const pin = { hash, revision: 4 };
    for (const fromRevision of [1, 4, 5, 6]) {
      expect((await store.trailCheck.bySlug(slug, { fromRevision, pin })).broken).toMatchObject({
        revision: 4,
        kind: 'pin_mismatch',
      });
    }
  });
});

describe('given somebody who edits the database', () => {
  const change = (revision: number) => `WHERE tenant_id = $1 AND revision = ${revision}`;

  it.each([
    ['who did it', `UPDATE changes SET actor = 'somebody' ${change(3)}`, 3, 'hash_mismatch'],
    ['when it was done', `UPDATE changes SET at = at + interval '1 ms' ${change(2)}`, 2, 'hash_mismatch'],
    [
      'what was done',
      `UPDATE changes SET ops = jsonb_set(ops, '{0,after,note}', '"other"') ${change(2)}`,
      2,
      'hash_mismatch',
    ],
    [
      'what a large change did',
      `UPDATE changes SET ops = jsonb_set(ops, '{40,after,enabled}', 'false') ${change(5)}`,
      5,
      'hash_mismatch',
    ],
    ['the request', `UPDATE changes SET request_id = 'x' ${change(6)}`, 6, 'hash_mismatch'],
    ['the action', `UPDATE changes SET action = 'x' ${change(4)}`, 4, 'hash_mismatch'],
    ['the lineage', `UPDATE changes SET lineage = gen_random_uuid() ${change(4)}`, 4, 'hash_mismatch'],
    ['the hash', `UPDATE changes SET hash = repeat('a', 64) ${change(4)}`, 4, 'hash_mismatch'],
    [
      'the hash before',
      `UPDATE changes SET prev_hash = repeat('a', 64) ${change(4)}`,
      4,
      'prev_hash_mismatch',
    ],
    ['a change away', `DELETE FROM changes ${change(3)}`, 3, 'missing_revision'],
    ['the newest change away', `DELETE FROM changes ${change(6)}`, 6, 'missing_revision'],
    ['the whole trail away', 'DELETE FROM changes WHERE tenant_id = $1', 1, 'missing_revision'],
    ['the revision of the tenant', 'UPDATE tenants SET revision = 5 WHERE id = $1', 6, 'head_mismatch'],
    [
      'the head of the tenant',
      `UPDATE tenants SET head_hash = repeat('b', 64) WHERE id = $1`,
      6,
      'head_mismatch',
    ],
    ['the name of the tenant', `UPDATE tenants SET name = 'x' WHERE id = $1`, 6, 'rows_mismatch'],
    [
      'that a tenant is not deleted',
      'UPDATE tenants SET deleted_at = now() WHERE id = $1',
      6,
      'rows_mismatch',
    ],
    ['the count of wildcards', 'UPDATE tenants SET wildcard_count = -1 WHERE id = $1', 6, 'rows_mismatch'],
    ['the count of policies', 'UPDATE tenants SET policy_count = -1 WHERE id = $1', 6, 'rows_mismatch'],
    ['the count of entries', 'UPDATE tenants SET entry_count = 1 WHERE id = $1', 6, 'rows_mismatch'],
    [
      'an entry in',
      `INSERT INTO entries SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(),
       'pattern', 'https://evil.example.com'))).* FROM entries e WHERE e.tenant_id = $1 LIMIT 1`,
      6,
      'rows_mismatch',
    ],
    [
      'an entry away',
      `DELETE FROM entries WHERE tenant_id = $1 AND pattern = 'https://n7.example.com'`,
      6,
      'rows_mismatch',
    ],
    [
      'a pattern',
      `UPDATE entries SET pattern = 'https://evil.example.com' WHERE tenant_id = $1 AND pattern = 'https://n8.example.com'`,
      6,
      'rows_mismatch',
    ],
    [
      'the kind of a pattern',
      `UPDATE entries SET kind = 'subdomains' WHERE tenant_id = $1 AND pattern = 'https://n8.example.com'`,
      6,
      'rows_mismatch',
    ],
    [
      'an expiry',
      `UPDATE entries SET expires_at = NULL WHERE tenant_id = $1 AND pattern = 'https://n7.example.com'`,
      6,
      'rows_mismatch',
    ],
    [
      'who made an entry',
      `UPDATE entries SET created_by = 'x' WHERE tenant_id = $1 AND pattern = 'https://n7.example.com'`,
      6,
      'rows_mismatch',
    ],
    [
      'when a policy was changed',
      `UPDATE policies SET updated_at = now() WHERE tenant_id = $1 AND name = 'api'`,
      6,
      'rows_mismatch',
    ],
    [
      'the revision of an entry',
      `UPDATE entries SET revision = 1 WHERE tenant_id = $1 AND pattern = 'https://n7.example.com'`,
      6,
      'rows_mismatch',
    ],
    [
      'a policy',
      `UPDATE policies SET credentials = true WHERE tenant_id = $1 AND name = 'api'`,
      6,
      'rows_mismatch',
    ],
    ['a policy away', `DELETE FROM policies WHERE tenant_id = $1 AND name = 'api'`, 6, 'rows_mismatch'],
  ])('names the link when they edit %s', async (_what, statement, revision, kind) => {
    await edit(statement);
    expect(
      (await store.trailCheck.bySlug(slug).catch(() => store.trailCheck.byId(tenantId))).broken,
    ).toMatchObject({ revision, kind });
  });

  it('names the first link when several do not hold', async () => {
    await edit(`UPDATE changes SET actor = 'somebody' WHERE tenant_id = $1 AND revision IN (2, 5)`);
    const { broken, toRevision } = await store.trailCheck.bySlug(slug);
    expect([broken?.revision, toRevision]).toEqual([2, 1]);
    expect((await store.trailCheck.bySlug(slug, { fromRevision: 3 })).broken?.revision).toBe(5);
  });

  it('is told by the head that somebody wrote down when they made the whole chain anew', async () => {
    const { headHash } = await store.tenants.get(slug);
    const forged = await newTenant(store);
    const pin = { hash: headHash };
    expect((await store.trailCheck.byId(forged.id, { pin })).broken).toMatchObject({ kind: 'pin_mismatch' });
    expect((await store.trailCheck.byId(forged.id)).broken).toBeNull();
  });
});
