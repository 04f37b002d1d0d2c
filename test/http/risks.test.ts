import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const origins = (slug: string) => `/v1/tenants/${slug}/origins`;
const ACCEPTED = [{ code: 'INSECURE_WITH_CREDENTIALS', note: 'until March' }];
const INSECURE = 'http://app.example.com';

async function patternsOf(slug: string): Promise<string[]> {
  const { body } = await service.call('GET', `${origins(slug)}?limit=200`);
  return body.items.map((entry: { pattern: string }) => entry.pattern);
}

function setCredentials(slug: string, credentials: boolean, name = 'default') {
  return service.call('PUT', `/v1/tenants/${slug}/policies/${name}`, {
    body: { paths: [name === 'default' ? '/' : `/${name}`], credentials },
  });
}

/** A tenant whose only policy has credentials. */
async function tenantWithCredentials(): Promise<string> {
  const slug = await service.tenant();
  await setCredentials(slug, true);
  return slug;
}

/** The same with a row that was stored before the rule that rejects it: no review, as no rule looked at it. */
async function tenantWithOldRow(): Promise<{ readonly slug: string; readonly id: string }> {
  const slug = await tenantWithCredentials();
  const pattern = { text: INSECURE, kind: 'exact', anyPort: false } as const;
  const { value } = await service.store.entries.create(
    slug,
    { pattern },
    { actor: 'test', requestId: 'test' },
  );
  return { slug, id: value.id };
}

describe('given a risk that must be accepted', () => {
  it('refuses each kind of write with all that is rejected, and writes nothing', async () => {
    const slug = await tenantWithCredentials();
    const before = await service.revisionOf(slug);
    const refused = [
      await service.call('POST', origins(slug), { body: { pattern: INSECURE } }),
      await service.call('PUT', `${origins(slug)}/by-pattern?pattern=${INSECURE}`, { body: {} }),
      await service.call('POST', `${origins(slug)}/batch`, {
        body: {
          operations: [
            { op: 'put', pattern: 'https://a.example.com' },
            { op: 'put', pattern: INSECURE },
            { op: 'put', pattern: 'https://*.co.uk' },
          ],
        },
      }),
      await service.call('PUT', origins(slug), {
        body: { entries: [{ pattern: 'null' }] },
        headers: { 'if-match': '*' },
      }),
    ];
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
      Array.from({ length: 4 }, () => [422, 'risk_unaccepted']),
    );
    const told = refused.map(({ body }) =>
      body.errors.map(({ pointer, code }: { pointer: string; code: string }) => `${pointer} ${code}`),
    );
    expect(told).toEqual([
      ['/pattern INSECURE_WITH_CREDENTIALS'],
      ['/query/pattern INSECURE_WITH_CREDENTIALS'],
      [
        '/operations/1/pattern INSECURE_WITH_CREDENTIALS',
        '/operations/2/pattern PUBLIC_SUFFIX_WITH_CREDENTIALS',
      ],
      ['/entries/0/pattern NULL_ORIGIN_WITH_CREDENTIALS'],
    ]);
    expect(refused[0]?.body.errors[0]).toMatchObject({ fix: 'https://app.example.com' });
    expect(await patternsOf(slug)).toEqual([]);
    expect(await service.revisionOf(slug)).toBe(before);
  });

  it('writes it once it is accepted, and keeps who accepted it and when', async () => {
    const slug = await tenantWithCredentials();
    const added = await service.call('POST', origins(slug), {
      body: { pattern: INSECURE, acceptedRisks: ACCEPTED },
    });
    expect(added.status).toBe(201);
    const accepted = { ...ACCEPTED[0], by: 'admin-key', at: added.body.createdAt };
    expect(added.body.acceptedRisks).toEqual([accepted]);
    expect(added.body.findings).toMatchObject([
      { code: 'INSECURE_WITH_CREDENTIALS', severity: 'warn', accepted: true },
    ]);
    const change = await service.call('GET', `/v1/tenants/${slug}/changes/${added.headers['x-revision']}`);
    expect(change.body.operations[0].after.acceptedRisks).toEqual([accepted]);

    const key = await service.key({ preset: 'admin' });
    const again = await service.call('PATCH', `${origins(slug)}/${added.body.id}`, {
      body: { note: 'x', acceptedRisks: [...ACCEPTED, { code: 'INSECURE_SCHEME', note: 'too' }] },
      key,
    });
    expect(again.body.acceptedRisks).toMatchObject([accepted, { by: again.body.updatedBy, note: 'too' }]);
    expect(again.body.updatedBy).toMatch(/^key:/);
  });

  it('asks again when the entry gets another pattern: it was accepted for one', async () => {
    const slug = await tenantWithCredentials();
    const added = await service.call('POST', origins(slug), {
      body: { pattern: INSECURE, acceptedRisks: ACCEPTED },
    });
    const patch = (body: object) => service.call('PATCH', `${origins(slug)}/${added.body.id}`, { body });
    const pattern = 'http://other.example.com';
    expect((await patch({ pattern })).body).toMatchObject({ code: 'risk_unaccepted' });
    const key = await service.key({ preset: 'admin' });
    const accepted = await service.call('PATCH', `${origins(slug)}/${added.body.id}`, {
      body: { pattern, acceptedRisks: ACCEPTED },
      key,
    });
    expect(accepted.body.acceptedRisks).toMatchObject([{ by: accepted.body.updatedBy }]);
    const safe = await patch({ pattern: 'https://other.example.com' });
    expect([safe.status, safe.body.acceptedRisks]).toEqual([200, []]);
  });

  it('never accepts `*` and `null` with credentials, nor a code that no finding has', async () => {
    const slug = await tenantWithCredentials();
    for (const code of [
      'ANY_ORIGIN_WITH_CREDENTIALS',
      'NULL_ORIGIN_WITH_CREDENTIALS',
      'NO_SUCH_RISK',
      'HAS_PATH',
    ]) {
      const { status, body } = await service.call('POST', origins(slug), {
        body: { pattern: '*', acceptedRisks: [{ code, note: 'please' }] },
      });
      expect([status, body.errors]).toMatchObject([
        422,
        [{ pointer: '/acceptedRisks/0/code', code: 'risk_not_acceptable' }],
      ]);
    }
    const { body } = await service.call('POST', origins(slug), { body: { pattern: '*' } });
    expect(body.errors).toMatchObject([{ code: 'ANY_ORIGIN_WITH_CREDENTIALS' }]);
    expect(await patternsOf(slug)).toEqual([]);
  });

  it('says so of a dry run too', async () => {
    const slug = await tenantWithCredentials();
    const { status, body } = await service.call('POST', `${origins(slug)}/batch?dryRun=true`, {
      body: { operations: [{ op: 'put', pattern: INSECURE }] },
    });
    expect([status, body.code]).toEqual([422, 'risk_unaccepted']);
  });
});

describe('given a row that was stored before the rule that rejects it', () => {
  it('lets edits pass that have nothing to do with it', async () => {
    const { slug, id } = await tenantWithOldRow();
    const noted = await service.call('PATCH', `${origins(slug)}/${id}`, { body: { note: 'known' } });
    expect([noted.status, noted.body.findings[0].code]).toEqual([200, 'INSECURE_WITH_CREDENTIALS']);
    const listed = await service.call('PUT', origins(slug), {
      body: { entries: [{ pattern: INSECURE, note: 'kept' }, { pattern: 'https://a.example.com' }] },
      headers: { 'if-match': '*' },
    });
    expect(listed.status).toBe(200);
    const disabled = await service.call('PATCH', `${origins(slug)}/${id}`, { body: { enabled: false } });
    expect(disabled.status).toBe(200);
  });

  it('looks again when the edit lets more in', async () => {
    const { slug, id } = await tenantWithOldRow();
    const patch = (body: object) => service.call('PATCH', `${origins(slug)}/${id}`, { body });
    expect((await patch({ pattern: 'http://*.co.uk' })).body.errors).toMatchObject([
      { code: 'INSECURE_WITH_CREDENTIALS' },
      { code: 'PUBLIC_SUFFIX_WITH_CREDENTIALS' },
    ]);
    expect((await patch({ pattern: 'http://other.example.com' })).body.errors).toMatchObject([
      { code: 'INSECURE_WITH_CREDENTIALS' },
    ]);
    await patch({ enabled: false });
    expect((await patch({ enabled: true })).body).toMatchObject({ code: 'risk_unaccepted' });
    expect((await patch({ enabled: true, acceptedRisks: ACCEPTED })).status).toBe(200);
    expect((await patch({ acceptedRisks: [] })).body).toMatchObject({ code: 'risk_unaccepted' });
  });

  it('looks again when it comes under a policy with credentials', async () => {
    const slug = await service.tenant();
    await setCredentials(slug, true, 'account');
    const added = await service.call('POST', origins(slug), {
      body: { pattern: INSECURE, policies: ['default'] },
    });
    expect(added.body.findings).toMatchObject([{ code: 'INSECURE_SCHEME' }]);
    const widened = await service.call('PATCH', `${origins(slug)}/${added.body.id}`, {
      body: { policies: [] },
    });
    expect([widened.status, widened.body.code]).toEqual([422, 'risk_unaccepted']);
  });
});

describe('given credentials to turn on', () => {
  it('refuses with the first 100 entries that do not bear it and how many there are', async () => {
    const slug = await service.tenant();
    const risky = Array.from({ length: 103 }, (_, index) => ({ pattern: `http://a${index}.example.com` }));
    await service.call('PUT', origins(slug), {
      body: {
        entries: [
          ...risky,
          { pattern: 'https://b.example.com' },
          { pattern: 'http://c.example.com', acceptedRisks: ACCEPTED },
          { pattern: 'http://d.example.com', expiresAt: '2020-01-01T00:00:00Z' },
        ],
      },
      headers: { 'if-match': '*' },
    });
    const before = await service.revisionOf(slug);
    const { status, body } = await setCredentials(slug, true);
    expect([status, body.code, body.entryCount]).toEqual([422, 'risk_unaccepted', 103]);
    expect(body.entries).toHaveLength(100);
    expect(body.entries[0]).toMatchObject({
      pattern: 'http://a0.example.com',
      findings: [{ code: 'INSECURE_WITH_CREDENTIALS', fix: 'https://a0.example.com' }],
    });
    expect(body.errors[0]).toMatchObject({ pointer: '/credentials', code: 'INSECURE_WITH_CREDENTIALS' });
    expect(await service.revisionOf(slug)).toBe(before);
  });

  it('tells what there is to say of the settings, too', async () => {
    const slug = await service.tenant();
    await service.call('POST', origins(slug), { body: { pattern: INSECURE } });
    const { body } = await service.call('PUT', `/v1/tenants/${slug}/policies/default`, {
      body: { paths: ['/'], credentials: true, methods: ['patch'] },
    });
    expect(body).toMatchObject({
      code: 'risk_unaccepted',
      entryCount: 1,
      findings: [{ pointer: '/methods/0', code: 'METHOD_NOT_UPPER_CASE' }],
    });
  });

  it('looks at a new policy too, and at every entry it covers, whatever other policies say', async () => {
    const slug = await tenantWithCredentials();
    await service.call('PUT', origins(slug), {
      body: { entries: [{ pattern: INSECURE, acceptedRisks: ACCEPTED }] },
      headers: { 'if-match': '*' },
    });
    expect((await setCredentials(slug, true, 'account')).status).toBe(201);
    const other = await service.tenant();
    await service.call('POST', origins(other), { body: { pattern: INSECURE } });
    expect((await setCredentials(other, true, 'account')).body).toMatchObject({ entryCount: 1 });
    const { slug: old, id } = await tenantWithOldRow();
    const before = await service.revisionOf(old);
    const refused = await setCredentials(old, true, 'account');
    expect([refused.status, refused.body.entryCount]).toEqual([422, 1]);
    expect(await service.revisionOf(old)).toBe(before);
    expect((await service.call('GET', `/v1/tenants/${old}/policies/account`)).status).toBe(404);
    await service.call('PATCH', `${origins(old)}/${id}`, { body: { acceptedRisks: ACCEPTED } });
    expect((await setCredentials(old, true, 'account')).status).toBe(201);
  });

  it('looks at no entry of a policy that has them already', async () => {
    const { slug } = await tenantWithOldRow();
    const { status } = await service.call('PUT', `/v1/tenants/${slug}/policies/default`, {
      body: { paths: ['/'], credentials: true, maxAgeSeconds: 60 },
    });
    expect(status).toBe(200);
  });

  it('refuses `*` for good', async () => {
    const slug = await service.tenant();
    await service.call('POST', origins(slug), { body: { pattern: '*' } });
    const { body } = await setCredentials(slug, true);
    expect(body.errors).toMatchObject([{ code: 'ANY_ORIGIN_WITH_CREDENTIALS' }]);
  });
});
