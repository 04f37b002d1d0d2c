import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

describe('given a new tenant', () => {
  it('starts at revision 1, in production, with a first change', async () => {
    const created = await service.call('POST', '/v1/tenants', { body: { slug: 'fresh', name: 'Fresh' } });
    expect(created.status).toBe(201);
    expect(created.headers).toMatchObject({ location: '/v1/tenants/fresh', etag: '"1"', 'x-revision': '1' });
    expect(created.body).toMatchObject({
      slug: 'fresh',
      name: 'Fresh',
      environment: 'production',
      revision: 1,
    });
    const changes = await service.call('GET', '/v1/tenants/fresh/changes');
    expect(changes.body.items).toMatchObject([{ revision: 1, action: 'tenant.create', actor: 'admin-key' }]);
  });

  it('has a default policy on / with the usual methods', async () => {
    const slug = await service.tenant();
    const { body } = await service.call('GET', `/v1/tenants/${slug}/policies/default`);
    expect(body).toMatchObject({
      name: 'default',
      paths: ['/'],
      credentials: false,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: ['content-type'],
      maxAgeSeconds: 600,
      enforcement: 'headers',
    });
  });

  it('answers 409 with its id to a second one of the slug', async () => {
    const slug = await service.tenant();
    const { body: tenant } = await service.call('GET', `/v1/tenants/${slug}`);
    const again = await service.call('POST', '/v1/tenants', { body: { slug, name: 'Again' } });
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ code: 'slug_taken', existingId: tenant.id });
  });
});

describe('given a tenant to change', () => {
  it('takes a name and environment under the ETag read before, at the next revision', async () => {
    const slug = await service.tenant();
    const changed = await service.call('PATCH', `/v1/tenants/${slug}`, {
      body: { name: 'Renamed', environment: 'staging' },
      headers: { 'if-match': '"1"' },
    });
    expect(changed.status).toBe(200);
    expect(changed.headers).toMatchObject({ etag: '"2"', 'x-revision': '2' });
    expect(changed.body).toMatchObject({ name: 'Renamed', environment: 'staging', revision: 2 });
  });

  it('answers 412 to a stale ETag and changes nothing', async () => {
    const slug = await service.tenant();
    const stale = await service.call('PATCH', `/v1/tenants/${slug}`, {
      body: { name: 'Renamed' },
      headers: { 'if-match': '"7"' },
    });
    expect(stale.status).toBe(412);
    expect(stale.body).toMatchObject({ code: 'revision_mismatch', revision: 1 });
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('spends no revision on a patch that changes nothing', async () => {
    const slug = await service.tenant();
    const same = await service.call('PATCH', `/v1/tenants/${slug}`, { body: { name: 'A tenant' } });
    expect(same.status).toBe(200);
    expect(same.body.revision).toBe(1);
  });
});

describe('given a deleted tenant', () => {
  it('is gone, and its slug is free for one of another lineage', async () => {
    const slug = await service.tenant();
    const { body: first } = await service.call('GET', `/v1/tenants/${slug}`);
    const deleted = await service.call('DELETE', `/v1/tenants/${slug}`);
    expect(deleted.status).toBe(204);
    expect(deleted.headers['x-revision']).toBe('2');
    expect((await service.call('GET', `/v1/tenants/${slug}`)).body.code).toBe('tenant_not_found');
    const again = await service.call('POST', '/v1/tenants', { body: { slug, name: 'Second' } });
    expect(again.status).toBe(201);
    expect(again.body.id).not.toBe(first.id);
    expect(again.body.lineage).not.toBe(first.lineage);
  });

  it('answers 412 to a stale ETag and stays', async () => {
    const slug = await service.tenant();
    const stale = await service.call('DELETE', `/v1/tenants/${slug}`, { headers: { 'if-match': '"9"' } });
    expect(stale.status).toBe(412);
    expect(await service.revisionOf(slug)).toBe(1);
  });
});

describe('given a bad tenant', () => {
  it('answers every problem at once and creates nothing', async () => {
    const bad = await service.call('POST', '/v1/tenants', {
      body: { slug: 'Not A Slug', environment: 'moon', colour: 'red' },
    });
    expect(bad.status).toBe(422);
    expect(bad.body.code).toBe('invalid_input');
    expect(
      bad.body.errors.map((item: { pointer: string; code: string }) => `${item.pointer} ${item.code}`).sort(),
    ).toEqual([
      '/colour unknown_field',
      '/environment invalid_value',
      '/name invalid_type',
      '/slug slug_invalid',
    ]);
  });
});

describe('given more tenants than a page holds', () => {
  it('lists each once, through the cursor and the Link header', async () => {
    const slugs = [await service.tenant(), await service.tenant(), await service.tenant()];
    const seen: string[] = [];
    let url: string | undefined = '/v1/tenants?limit=2';
    while (url !== undefined) {
      const page = await service.call('GET', url);
      expect(page.status).toBe(200);
      seen.push(...page.body.items.map((tenant: { slug: string }) => tenant.slug));
      url = /<([^>]+)>; rel="next"/.exec(String(page.headers.link ?? ''))?.[1];
      expect(url === undefined).toBe(page.body.nextCursor === null);
    }
    expect(seen.filter((slug) => slugs.includes(slug)).sort()).toEqual([...slugs].sort());
  });

  it('answers 422 to a page size or cursor it does not know', async () => {
    const bad = await service.call('GET', '/v1/tenants?limit=0&cursor=nonsense');
    expect(bad.status).toBe(422);
    expect(bad.body.errors[0]).toMatchObject({ pointer: '/query/limit' });
  });
});
