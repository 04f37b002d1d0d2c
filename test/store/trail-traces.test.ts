import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { traceIn } from '../../src/store/trace-table.js';
import { SUBJECTS } from '../../src/store/trail-subjects.js';
import { tamper } from './tamper.js';
import { context, inputs, newTenant, openTestStore, pattern, type TestStore } from './test-store.js';

let store: TestStore;
let slug: string;
let tenantId: string;
/** An entry that was added by change 2, edited by 6 and deleted by 7. */
let entryId: string;

beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

beforeEach(async () => {
  const tenant = await newTenant(store);
  slug = tenant.slug;
  tenantId = tenant.id;
  const { value } = await store.entries.create(slug, { pattern: pattern('https://a.example.com') }, context);
  entryId = value.id;
  await store.policies.put(slug, 'api', POLICY, {}, context);
  await store.tenants.update(slug, { name: 'Other' }, {}, context);
  await store.policies.put(slug, 'api', { ...POLICY, credentials: true }, {}, context);
  await store.entries.update(slug, entryId, { note: 'why', labels: ['x'] }, {}, context);
  await store.entries.remove(slug, entryId, {}, context);
  await store.policies.remove(slug, 'api', {}, context);
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
const brokenOf = async () => (await store.trailCheck.bySlug(slug)).broken;

const ENTRY = 'WHERE tenant_id = $1 AND until_revision = 6';
const POLICY_ROW = 'WHERE tenant_id = $1 AND until_revision = 5';

describe('given somebody who edits what history is read from', () => {
  it.each([
    ['a pattern', `pattern = 'https://evil.example.com'`, 'is not as change 2 left it'],
    ['what is enabled', 'enabled = false', 'is not as change 2 left it'],
    ['an expiry', `expires_at = '2099-01-01T00:00:00Z'`, 'is not as change 2 left it'],
    ['the policies of an entry', `policies = '{api}'`, 'is not as change 2 left it'],
    ['an accepted risk', `accepted_risks = '[{"code":"ANY_ORIGIN"}]'`, 'is not as change 2 left it'],
    ['a note', `note = 'x'`, 'is not as change 2 left it'],
    ['the kind of a pattern', `kind = 'subdomains'`, 'is not of the kind of its pattern'],
    ['its port', 'any_port = true', 'is not of the kind of its pattern'],
    ['since when it was so', 'revision = 3', 'says it is of revision 3, and was last changed by 2'],
    ['where it is filed', 'fork = 5', 'is filed under another span of revisions'],
    ['who made it', `created_by = 'key:x'`, 'says createdBy key:x, and by the changes it is key:test'],
    ['who changed it', `updated_by = 'key:x'`, 'says updatedBy key:x, and by the changes it is key:test'],
    ['when it was made', `created_at = '2020-01-01T00:00:00Z'`, 'says createdAt 2020-01-01T00:00:00.000Z'],
    ['when it was changed', `updated_at = '2020-01-01T00:00:00Z'`, 'says updatedAt 2020-01-01T00:00:00.000Z'],
    ['until when it was so', 'until_revision = 5', 'is gone'],
    ['whose it is', 'tenant_id = gen_random_uuid()', 'is gone'],
  ])('names the row of an entry in which they change %s', async (_what, assignment, difference) => {
    await edit(`UPDATE entry_versions SET ${assignment} ${ENTRY}`);
    expect(await brokenOf()).toMatchObject({
      revision: 6,
      kind: 'versions_mismatch',
      detail: expect.stringContaining(`entry_versions ${entryId} until 6 ${difference}`),
    });
  });

  it.each([
    [
      'change a policy',
      `UPDATE policy_versions SET credentials = true ${POLICY_ROW}`,
      5,
      'policy_versions api until 5 is not as change 3 left it',
    ],
    [
      'change when a policy was made',
      `UPDATE policy_versions SET created_at = '2020-01-01T00:00:00Z' ${POLICY_ROW}`,
      5,
      'policy_versions api until 5 says createdAt 2020-01-01T00:00:00.000Z',
    ],
    [
      'file a policy elsewhere',
      `UPDATE policy_versions SET fork = 3 ${POLICY_ROW}`,
      5,
      'policy_versions api until 5 is filed under another span of revisions',
    ],
    [
      'take a policy away',
      `DELETE FROM policy_versions ${POLICY_ROW}`,
      5,
      'policy_versions api until 5 is gone',
    ],
    [
      'change the name of the tenant',
      `UPDATE tenant_versions SET name = 'x' WHERE tenant_id = $1`,
      4,
      'tenant_versions until 4 is not as change 1 left it',
    ],
    [
      'change what the tenant is run for',
      `UPDATE tenant_versions SET environment = 'staging' WHERE tenant_id = $1`,
      4,
      'tenant_versions until 4 is not as change 1 left it',
    ],
    [
      'take the name of the tenant away',
      'DELETE FROM tenant_versions WHERE tenant_id = $1',
      4,
      'tenant_versions until 4 is gone',
    ],
    [
      'add a policy',
      `INSERT INTO policy_versions SELECT (jsonb_populate_record(v, '{"name":"evil"}')).* FROM policy_versions v
       ${POLICY_ROW}`,
      5,
      'policy_versions evil until 5 is of no change',
    ],
    [
      'add a policy before there was one',
      `INSERT INTO policy_versions SELECT (jsonb_populate_record(v, '{"revision":1,"until_revision":3,"fork":2}')).*
       FROM policy_versions v ${POLICY_ROW}`,
      3,
      'policy_versions api until 3 is of no change',
    ],
    [
      'add a name of the tenant',
      `INSERT INTO tenant_versions SELECT $1, 2, 'x', 'staging'`,
      2,
      'tenant_versions until 2 is of no change',
    ],
  ])('names the row when they %s', async (_what, statement, revision, detail) => {
    await edit(statement);
    expect(await brokenOf()).toMatchObject({
      revision,
      kind: 'versions_mismatch',
      detail: expect.stringContaining(detail),
    });
  });

  it('names an entry that is gone from it', async () => {
    await edit(`DELETE FROM entry_versions ${ENTRY}`);
    expect(await brokenOf()).toEqual({
      revision: 6,
      kind: 'versions_mismatch',
      detail: `entry_versions ${entryId} until 6 is gone`,
    });
  });

  it.each([
    ['of a revision there is', `'until_revision', 7`, 7],
    ['of one that is yet to come', `'until_revision', 99, 'fork', 64`, 99],
  ])('names an entry that was added to it, %s', async (_what, fields, revision) => {
    const evil = '00000000-0000-4000-8000-000000000001';
    await edit(`INSERT INTO entry_versions SELECT (jsonb_populate_record(v, jsonb_build_object('id', '${evil}', ${fields}))).*
      FROM entry_versions v ${ENTRY}`);
    expect(await brokenOf()).toEqual({
      revision,
      kind: 'versions_mismatch',
      detail: `entry_versions ${evil} until ${revision} is of no change`,
    });
  });

  it('names it before a later change that does not hold, and after an earlier one', async () => {
    await edit(`UPDATE entry_versions SET enabled = false ${ENTRY}`);
    await edit(`UPDATE changes SET actor = 'x' WHERE tenant_id = $1 AND revision = 7`);
    expect(await brokenOf()).toMatchObject({ revision: 6, kind: 'versions_mismatch' });
    await edit(`UPDATE changes SET actor = 'x' WHERE tenant_id = $1 AND revision = 3`);
    expect(await brokenOf()).toMatchObject({ revision: 3, kind: 'hash_mismatch' });
  });

  it('compares nothing when it does not begin at the first change, and says so', async () => {
    await edit(`DELETE FROM entry_versions ${ENTRY}`);
    const verdict = await store.trailCheck.bySlug(slug, { fromRevision: 2 });
    expect(verdict).toMatchObject({ broken: null, rowsCompared: false });
  });

  it('finds it in the past of a deleted tenant too', async () => {
    await store.tenants.remove(slug, {}, context);
    expect((await store.trailCheck.byId(tenantId)).broken).toBeNull();
    await edit(`UPDATE entry_versions SET enabled = false ${ENTRY}`);
    expect((await store.trailCheck.byId(tenantId)).broken).toMatchObject({ kind: 'versions_mismatch' });
  });
});

describe('given somebody who edits what changes are found by', () => {
  it.each([
    [
      'hide a change of an entry',
      `DELETE FROM change_subjects WHERE tenant_id = $1 AND revision = 6 AND subject = 'https://a.example.com'`,
      6,
      'change_subjects https://a.example.com of 6 is gone',
    ],
    [
      'hide a change of a policy',
      `DELETE FROM change_subjects WHERE tenant_id = $1 AND revision = 5`,
      5,
      'change_subjects policy:api of 5 is gone',
    ],
    [
      'file a change elsewhere',
      `UPDATE change_subjects SET revision = 4 WHERE tenant_id = $1 AND revision = 5`,
      5,
      'change_subjects policy:api of 5 is gone',
    ],
    [
      'have another change found',
      `INSERT INTO change_subjects VALUES ($1, 'https://b.example.com', 3)`,
      3,
      'change_subjects https://b.example.com of 3 is of no change',
    ],
    [
      'have a change found by anything',
      `INSERT INTO change_subjects VALUES ($1, '', 3)`,
      3,
      'change_subjects (many) of 3 is of no change',
    ],
  ])('names the row when they %s', async (_what, statement, revision, detail) => {
    await edit(statement);
    expect(await brokenOf()).toEqual({ revision, kind: 'subjects_mismatch', detail });
  });
});

describe('given changes of more rows than are looked up at once', () => {
  const MANY = 2_100;
  const LAST =
    'WHERE id = (SELECT id FROM entry_versions WHERE tenant_id = $1 AND until_revision = 10 ORDER BY pattern DESC LIMIT 1)';

  beforeEach(async () => {
    const names = Array.from({ length: MANY }, (_, index) => `n${index + 1_000}`);
    await store.entries.replaceAll(slug, inputs(...names), { ifMatch: 8 }, context);
    await store.entries.replaceAll(slug, [], { ifMatch: 9 }, context);
  });

  it('holds, and finds the last row of them', async () => {
    expect(await brokenOf()).toBeNull();
    await edit(`UPDATE entry_versions SET labels = '{x}' ${LAST}`);
    expect(await brokenOf()).toMatchObject({ revision: 10, kind: 'versions_mismatch' });
  });

  it('finds that one of them is not found any more', async () => {
    await edit(`DELETE FROM change_subjects WHERE tenant_id = $1 AND revision = 10`);
    expect(await brokenOf()).toEqual({
      revision: 10,
      kind: 'subjects_mismatch',
      detail: 'change_subjects (many) of 10 is gone',
    });
  });
});

describe('given a row too many, and a trail that is too long to look for its change', () => {
  it('says how many there are', async () => {
    const table = traceIn(SUBJECTS, tenantId);
    const query = async () => JSON.parse('[{"count":"3"}]');
    const db = { readConsistently: () => Promise.reject(new Error('took too long')) };
    expect(await table.compareTotal(db, { query }, 8)).toEqual({
      revision: 8,
      kind: 'subjects_mismatch',
      detail: 'change_subjects has 3 rows, and the changes left 0',
    });
  });
});
