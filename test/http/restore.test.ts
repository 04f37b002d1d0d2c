import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
let slug: string;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());
beforeEach(async () => {
  slug = await service.tenant();
});

const A = 'https://a.example.com';
const B = 'https://b.example.com';
const INSECURE = 'http://app.example.com';
const origins = () => `/v1/tenants/${slug}/origins`;
const add = async (pattern: string, fields = {}) =>
  (await service.call('POST', origins(), { body: { pattern, ...fields } })).body;
const restore = (revision: number | string, query = '', options = {}) =>
  service.call('POST', `/v1/tenants/${slug}/changes/${revision}/restore${query}`, options);
const setCredentials = (credentials: boolean) =>
  service.call('PUT', `/v1/tenants/${slug}/policies/default`, { body: { paths: ['/'], credentials } });

async function listed(): Promise<{ readonly id: string; readonly pattern: string }[]> {
  const { body } = await service.call('GET', `${origins()}?limit=200`);
  return body.items.map(({ id, pattern }: { id: string; pattern: string }) => ({ id, pattern }));
}

describe('given a list that was changed by mistake', () => {
  it('is put back as one new revision, under the ids it had', async () => {
    const a = await add(A, { note: 'keep' });
    const b = await add(B);
    await service.call('DELETE', `${origins()}/${a.id}`);
    await service.call('PATCH', `${origins()}/${b.id}`, { body: { enabled: false } });
    const c = await add('https://c.example.com');

    const { status, headers, body } = await restore(3);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        revision: 7,
        restored: 3,
        changed: true,
        entries: { created: 1, updated: 1, deleted: 1, unchanged: 0 },
        policies: { created: 0, updated: 0, deleted: 0, unchanged: 1 },
        findings: [],
        findingCount: 0,
      },
    });
    expect(headers).toMatchObject({ 'x-revision': '7', etag: '"7"' });
    expect(await listed()).toEqual([
      { id: a.id, pattern: A },
      { id: b.id, pattern: B },
    ]);
    const { body: change } = await service.call('GET', `/v1/tenants/${slug}/changes/7`);
    expect(change).toMatchObject({ action: 'tenant.restore', actor: 'admin-key', operationCount: 3 });
    expect((await service.call('GET', `${origins()}/${c.id}`)).status).toBe(404);
    const { body: own } = await service.call('GET', `${origins()}/${a.id}/changes`);
    expect(own.items).toMatchObject([
      { revision: 7, action: 'tenant.restore', before: null, after: { id: a.id, note: 'keep' } },
      { revision: 4, action: 'entry.delete', before: { id: a.id }, after: null },
      { revision: 2, action: 'entry.create', actor: 'admin-key', before: null, after: { id: a.id } },
    ]);
  });

  it('brings the policies back too, and leaves name and environment', async () => {
    await service.call('PUT', `/v1/tenants/${slug}/policies/api`, { body: { paths: ['/api'] } });
    await add(A, { policies: ['api'] });
    await service.call('PUT', origins(), { headers: { 'if-match': '*' }, body: { entries: [] } });
    await service.call('DELETE', `/v1/tenants/${slug}/policies/api`);
    await service.call('PATCH', `/v1/tenants/${slug}`, { body: { name: 'New', environment: 'staging' } });
    const { body } = await restore(3);
    expect(body.policies).toEqual({ created: 1, updated: 0, deleted: 0, unchanged: 1 });
    expect((await service.call('GET', `/v1/tenants/${slug}/policies/api`)).body).toMatchObject({
      paths: ['/api'],
      revision: 7,
    });
    expect((await service.call('GET', `/v1/tenants/${slug}`)).body).toMatchObject({
      name: 'New',
      environment: 'staging',
    });
  });

  it('decides by the restored list from the answer on', async () => {
    await add(A);
    await service.call('PUT', origins(), { headers: { 'if-match': '*' }, body: { entries: [] } });
    const evaluate = async () =>
      (await service.call('GET', `/v1/evaluate?tenant=${slug}&origin=${A}`)).body.allowed;
    expect(await evaluate()).toBe(false);
    await restore(2);
    expect(await evaluate()).toBe(true);
  });

  it('puts back patterns that two entries changed for one another’s', async () => {
    const [a, b] = [await add(A), await add(B)];
    const rename = (id: string, pattern: string) =>
      service.call('PATCH', `${origins()}/${id}`, { body: { pattern } });
    await rename(a.id, 'https://c.example.com');
    await rename(b.id, A);
    await rename(a.id, B);
    expect((await restore(3)).body.entries).toMatchObject({ updated: 2 });
    expect(await listed()).toEqual([
      { id: a.id, pattern: A },
      { id: b.id, pattern: B },
    ]);
  });

  it('brings an entry back that has expired since, and it matches nothing', async () => {
    const expiresAt = new Date(Date.now() + 300).toISOString();
    const a = await add(A, { expiresAt });
    await service.call('DELETE', `${origins()}/${a.id}`);
    await expect.poll(() => Date.now() > Date.parse(expiresAt), { timeout: 5_000 }).toBe(true);
    await restore(2);
    expect((await service.call('GET', `${origins()}/${a.id}`)).body).toMatchObject({ id: a.id, expiresAt });
    const { body } = await service.call('GET', `/v1/evaluate?tenant=${slug}&origin=${A}`);
    expect(body).toMatchObject({ allowed: false, revision: 4 });
  });
});

describe('given a tenant that is as it was', () => {
  it('spends no revision', async () => {
    const a = await add(A);
    await service.call('PATCH', `${origins()}/${a.id}`, { body: { note: 'x' } });
    await service.call('PATCH', `${origins()}/${a.id}`, { body: { note: null } });
    const { body } = await restore(2);
    expect(body).toMatchObject({ revision: 4, changed: false, entries: { unchanged: 1 } });
    expect(await service.revisionOf(slug)).toBe(4);
  });
});

describe('given a dry run', () => {
  it('tells what it would do, and writes nothing', async () => {
    await add(A);
    const { body } = await restore(1, '?dryRun=true');
    expect(body).toMatchObject({ revision: 2, changed: true, entries: { deleted: 1 } });
    expect(await service.revisionOf(slug)).toBe(2);
    expect(await listed()).toMatchObject([{ pattern: A }]);
    const at = (revision: number) => service.call('GET', `${origins()}?atRevision=${revision}`);
    expect((await at(1)).body.items).toEqual([]);
    expect((await at(2)).body.items).toMatchObject([{ pattern: A }]);
  });

  it('cannot be waited for', async () => {
    expect((await restore(1, '?dryRun=true&wait=applied')).status).toBe(422);
  });
});

describe('given a restore that must not happen', () => {
  it('answers 412 for another revision than the one sent, and writes nothing', async () => {
    await add(A);
    const { status, body } = await restore(1, '', { headers: { 'if-match': '"1"' } });
    expect({ status, code: body.code }).toEqual({ status: 412, code: 'revision_mismatch' });
    expect(await service.revisionOf(slug)).toBe(2);
    expect((await restore(1, '', { headers: { 'if-match': '"2"' } })).status).toBe(200);
  });

  it.each(['9', '0', '-1', 'x'])('answers 404 for revision %s, and writes nothing', async (revision) => {
    const { status, body } = await restore(revision);
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'revision_not_found' });
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('answers 422 for what it does not know, and writes nothing', async () => {
    await add(A);
    expect((await restore(1, '', { body: { force: true } })).status).toBe(422);
    expect((await restore(1, '?force=true')).status).toBe(422);
    expect(await service.revisionOf(slug)).toBe(2);
  });

  it.each([
    ['origins:write', 'policies:write'],
    ['policies:write', 'origins:write'],
  ])('answers 403 for a key with %s alone, and writes nothing', async (scope, missing) => {
    await add(A);
    const key = await service.key({ scopes: [scope, 'audit:read', 'origins:read'], tenants: [slug] });
    const { status, body } = await restore(1, '', { key });
    expect({ status, scope: body.scope }).toEqual({ status: 403, scope: missing });
    expect(await service.revisionOf(slug)).toBe(2);
  });

  it('answers 404 to the key of another tenant, and writes nothing', async () => {
    await add(A);
    const key = await service.key({ preset: 'admin', tenants: [await service.tenant()] });
    for (const answer of [
      await restore(1, '', { key }),
      await service.call('GET', `/v1/tenants/${slug}/changes/1/diff/2`, { key }),
      await service.call('GET', `${origins()}/${(await listed())[0]?.id}/changes`, { key }),
    ]) {
      expect(answer.body).toMatchObject({ status: 404, code: 'tenant_not_found' });
    }
    expect(await service.revisionOf(slug)).toBe(2);
  });
});

describe('given an entry that would be refused today', () => {
  it('is refused with its pattern, and comes back when its risk is accepted in the body', async () => {
    const pattern = { text: INSECURE, kind: 'exact', anyPort: false } as const;
    // As it was stored before there was a rule: no review, as no rule looked at it.
    await setCredentials(true);
    await service.store.entries.create(slug, { pattern }, { actor: 'test', requestId: 'test' });
    await service.call('PUT', origins(), { headers: { 'if-match': '*' }, body: { entries: [] } });

    const refused = await restore(3);
    expect({ status: refused.status, code: refused.body.code }).toEqual({
      status: 422,
      code: 'risk_unaccepted',
    });
    expect(refused.body.findings).toMatchObject([{ pattern: INSECURE, pointer: '/params/revision' }]);
    expect(await service.revisionOf(slug)).toBe(4);

    const risk = { code: refused.body.findings[0].code, note: 'until March' };
    const body = { acceptedRisks: [{ pattern: INSECURE, ...risk }] };
    expect((await restore(3, '', { body })).body).toMatchObject({ revision: 5, entries: { created: 1 } });
    const { body: list } = await service.call('GET', origins());
    expect(list.items[0].acceptedRisks).toMatchObject([{ ...risk, by: 'admin-key' }]);
    expect((await restore(3, '', { body })).body).toMatchObject({ revision: 5, changed: false });
  });

  it('keeps who accepted its risk then', async () => {
    await setCredentials(true);
    const acceptedRisks = [{ code: 'INSECURE_WITH_CREDENTIALS', note: 'until March' }];
    const added = await add(INSECURE, { acceptedRisks });
    await service.call('DELETE', `${origins()}/${added.id}`);
    expect((await restore(3)).body).toMatchObject({ changed: true, findingCount: 1 });
    const { body } = await service.call('GET', `${origins()}/${added.id}`);
    expect(body.acceptedRisks).toEqual(added.acceptedRisks);
  });

  it('does not come back by one who may accept no risks, in whatever words it was accepted then', async () => {
    await setCredentials(true);
    const acceptedRisks = [{ code: 'INSECURE_WITH_CREDENTIALS', note: 'until March' }];
    const { id } = await add(INSECURE, { acceptedRisks });
    await service.call('PATCH', `${origins()}/${id}`, { body: { note: 'x' } });
    const key = await service.key({ preset: 'editor', tenants: [slug] });
    expect((await restore(3, '', { key })).status).toBe(200);
    await service.call('DELETE', `${origins()}/${id}`);
    const { status, body } = await restore(3, '', { key });
    expect({ status, scope: body.scope }).toEqual({ status: 403, scope: 'risks:accept' });
    expect(body.errors).toMatchObject([{ pointer: '/params/revision/acceptedRisks/0', code: 'risk_new' }]);
    expect(await service.revisionOf(slug)).toBe(6);
  });

  it('is refused where it stays and its policy would get credentials', async () => {
    await setCredentials(true);
    await setCredentials(false);
    const { id } = await add(INSECURE);
    await service.call('PATCH', `${origins()}/${id}`, { body: { note: 'x' } });
    // Revision 2 has credentials and no such entry: it goes, and nothing is wrong.
    expect((await restore(2, '?dryRun=true')).status).toBe(200);
    await service.store.policies.put(
      slug,
      'default',
      { ...PLAIN, credentials: true },
      {},
      { actor: 'test', requestId: 'test' },
    );
    await setCredentials(false);
    const refused = await restore(6);
    expect({ status: refused.status, code: refused.body.code }).toEqual({
      status: 422,
      code: 'risk_unaccepted',
    });
    expect(await service.revisionOf(slug)).toBe(7);
  });

  it('answers 422 for a risk of an entry that does not come back', async () => {
    await add(A);
    const body = { acceptedRisks: [{ pattern: B, code: 'INSECURE_WITH_CREDENTIALS', note: 'x' }] };
    const answer = await restore(2, '', { body });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([
      { pointer: '/acceptedRisks/0/pattern', code: 'pattern_unknown' },
    ]);
  });
});

const PLAIN = {
  paths: ['/'],
  methods: [],
  allowedHeaders: [],
  exposedHeaders: [],
  privateNetwork: false,
  alwaysSend: false,
  enforcement: 'headers',
} as const;
