import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sealChange } from '../../src/store/change-hash.js';
import { tamper } from '../store/tamper.js';
import { openService, type TestService } from './service.js';

let service: TestService;
let slug: string;
let tenantId: string;
/** Added as A by change 2, disabled by 4, enabled again by 6, with a note from 7 on. */
let a: string;
/** Added by change 3, deleted by 9. */
let b: string;

beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

beforeEach(async () => {
  slug = await service.tenant();
  tenantId = (await service.call('GET', `/v1/tenants/${slug}`)).body.id;
  const write = async (method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: object) =>
    (await service.call(method, `/v1/tenants/${slug}/${path}`, { body })).body;
  a = (await write('POST', 'origins', { pattern: A })).id;
  b = (await write('POST', 'origins', { pattern: 'https://b.example.com' })).id;
  await write('PATCH', `origins/${a}`, { enabled: false });
  await write('PUT', 'policies/default', { paths: ['/'], methods: ['GET'] });
  await write('PATCH', `origins/${a}`, { enabled: true });
  await write('PATCH', `origins/${a}`, { note: 'x' });
  await write('PUT', 'policies/api', { paths: ['/api'] });
  await write('DELETE', `origins/${b}`);
  await write('PUT', 'policies/default', { paths: ['/'], methods: ['PUT'] });
  await write('DELETE', 'policies/api');
});

const A = 'https://a.example.com';
const EVIL = '00000000-0000-4000-8000-000000000001';
const HEAD = 11;

const edit = (statement: string) => tamper(service.sql, statement, [tenantId]);
const restore = (revision: number, query = '', headers = {}) =>
  service.call('POST', `/v1/tenants/${slug}/changes/${revision}/restore${query}`, { headers });
const rows = async () =>
  (
    await Promise.all(
      ['origins', 'policies'].map((path) => service.call('GET', `/v1/tenants/${slug}/${path}`)),
    )
  ).map(({ body }) => body.items);
const of = (table: 'entry' | 'policy', until: number) =>
  `${table}_versions v WHERE v.tenant_id = $1 AND v.until_revision = ${until}`;
const set = (row: string, assignments: string) =>
  `UPDATE ${row.replace('WHERE', `SET ${assignments} WHERE`)}`;
const add = (row: string, fields: string) =>
  `INSERT INTO ${row.split(' ')[0]} SELECT (jsonb_populate_record(v, '${fields}')).* FROM ${row}`;

describe('given rows of the past that somebody has edited', () => {
  it.each([
    ['change a pattern', set(of('entry', 9), `pattern = 'https://evil.example.com'`), 8, 'b'],
    ['change its kind alone', set(of('entry', 9), `kind = 'any'`), 8, 'b'],
    ['accept a risk', set(of('entry', 9), `accepted_risks = '[{"code":"ANY_ORIGIN"}]'`), 8, 'b'],
    ['take an entry away', `DELETE FROM ${of('entry', 9)}`, 8, 'b'],
    ['take an entry away that is listed', `DELETE FROM ${of('entry', 6)}`, 5, 'a'],
    ['add an entry', add(of('entry', 9), `{"id":"${EVIL}","pattern":"https://evil.example.com"}`), 8, EVIL],
    ['add an entry once more', add(of('entry', 9), '{"until_revision":10}'), 8, 'b'],
    ['keep an entry for longer than it was', set(of('entry', 9), 'until_revision = 11, fork = 8'), 9, 'b'],
    ['file an entry where it is not found', set(of('entry', 6), 'fork = 5'), 4, 'a'],
    ['date back what an entry is now', 'UPDATE entries SET revision = 2 WHERE tenant_id = $1', 6, 'a'],
    ['change a policy', set(of('policy', 10), 'credentials = true'), 9, 'default'],
    ['take a policy away', `DELETE FROM ${of('policy', 11)}`, 10, 'api'],
    ['add a policy', add(of('policy', 11), '{"name":"evil"}'), 10, 'evil'],
  ])(
    'refuses to restore when they %s, names the row, and writes nothing',
    async (_what, statement, revision, row) => {
      const kind = /policy_versions/.test(statement) ? 'policy' : 'entry';
      const name = `${kind} ${{ a, b }[row] ?? row}`;
      await edit(statement);
      const before = await rows();
      for (const query of ['', '?dryRun=true']) {
        const { status, headers, body } = await restore(revision, query);
        expect({ status, type: headers['content-type'], code: body.code, detail: body.detail }).toEqual({
          status: 409,
          type: 'application/problem+json; charset=utf-8',
          code: 'history_mismatch',
          detail: `What is kept of revision ${revision} is not what the trail says of ${name}. Nothing was written; check the trail.`,
        });
      }
      expect([await service.revisionOf(slug), await rows()]).toEqual([HEAD, before]);
    },
  );

  it('refuses a state that was true before and after, in the time between', async () => {
    await edit(`DELETE FROM ${of('entry', 4)}`);
    await edit(`DELETE FROM ${of('entry', 6)}`);
    await edit(set(of('entry', 7), 'revision = 2, fork = 4'));
    const { items } = (await service.call('GET', `/v1/tenants/${slug}/origins?atRevision=5`)).body;
    expect(items).toMatchObject([{ id: a, enabled: true }, { id: b }]);
    expect((await restore(5)).body).toMatchObject({ code: 'history_mismatch' });
    expect(await service.revisionOf(slug)).toBe(HEAD);
  });

  it('restores the revisions that it does not touch', async () => {
    await edit(set(of('entry', 4), 'enabled = false'));
    expect((await restore(3)).status).toBe(409);
    for (const revision of [4, 5, 6, 7, 8, 9, 10]) {
      expect([revision, (await restore(revision, '?dryRun=true')).status]).toEqual([revision, 200]);
    }
  });

  it('says so when the chain is checked', async () => {
    const check = async () => (await service.call('GET', `/v1/tenants/${slug}/changes/verify`)).body;
    expect(await check()).toMatchObject({ broken: null, rowsCompared: true });
    await edit(set(of('entry', 4), 'enabled = false'));
    expect(await check()).toMatchObject({
      broken: {
        revision: 4,
        kind: 'versions_mismatch',
        detail: `entry_versions ${a} until 4 is not as change 2 left it`,
      },
      rowsCompared: false,
    });
  });

  it('says so when what changes are found by was edited', async () => {
    await edit(
      `DELETE FROM change_subjects WHERE tenant_id = $1 AND revision = 9 AND subject = 'https://b.example.com'`,
    );
    const { body } = await service.call('GET', `/v1/tenants/${slug}/changes/verify`);
    expect(body.broken).toMatchObject({ revision: 9, kind: 'subjects_mismatch' });
  });
});

describe('given changes that somebody has edited along with the rows that were kept', () => {
  const evil = (column: string) => `replace(${column}, 'b.example.com', 'evil.example.com')`;
  const change = (revision: number) => `changes WHERE tenant_id = $1 AND revision = ${revision}`;

  async function hashAnew(from: number): Promise<void> {
    let { hash: prevHash } = (await service.call('GET', `/v1/tenants/${slug}/changes/${from - 1}`)).body;
    for (let revision = from; revision <= HEAD; revision += 1) {
      const { body } = await service.call('GET', `/v1/tenants/${slug}/changes/${revision}`);
      const { hash } = await sealChange({ ...body, prevHash }, body.operations);
      await edit(set(change(revision), `prev_hash = '${prevHash}', hash = '${hash}'`));
      prevHash = hash;
    }
  }

  it.each([
    ['edit what one says', set(change(9), `ops = ${evil('ops::text')}::jsonb`), 9, 'hash_mismatch'],
    ['take one away', `DELETE FROM ${change(9)}`, 9, 'missing_revision'],
    ['take the newest away', `DELETE FROM ${change(HEAD)}`, HEAD, 'missing_revision'],
    ['let one follow on another', set(change(10), `prev_hash = repeat('0', 64)`), 10, 'prev_hash_mismatch'],
  ])('refuses to restore when they %s, and writes nothing', async (_what, statement, revision, kind) => {
    await edit(set(of('entry', 9), `pattern = ${evil('pattern')}`));
    await edit(statement);
    const before = await rows();
    for (const query of ['', '?dryRun=true']) {
      const { status, body } = await restore(8, query);
      expect([status, body.code]).toEqual([409, 'history_mismatch']);
      expect(body.detail).toContain(`The trail does not hold: revision ${revision}: ${kind}: `);
    }
    expect([await service.revisionOf(slug), await rows()]).toEqual([HEAD, before]);
  });

  it('refuses to when they have hashed what they edited anew, since the tenant names another head', async () => {
    await edit(set(of('entry', 9), `pattern = ${evil('pattern')}`));
    await edit(set(change(9), `ops = ${evil('ops::text')}::jsonb`));
    await hashAnew(9);
    expect((await restore(8)).body).toMatchObject({
      code: 'history_mismatch',
      detail: expect.stringContaining(`revision ${HEAD}: head_mismatch`),
    });
    expect(await service.revisionOf(slug)).toBe(HEAD);
  });

  it('reads none of them for a restore that comes too late', async () => {
    await edit(`DELETE FROM ${change(9)}`);
    expect((await restore(8, '', { 'if-match': `"${HEAD - 1}"` })).status).toBe(412);
    expect((await restore(8, '', { 'if-match': `"${HEAD}"` })).status).toBe(409);
  });
});
