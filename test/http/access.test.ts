import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

describe('given no key, a wrong one or a malformed header', () => {
  it.each([
    ['none', {}],
    ['an unknown key', { authorization: 'Bearer oak_unknown' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['no key behind the scheme', { authorization: 'Bearer' }],
    ['a very long key', { authorization: `Bearer ${'x'.repeat(4_000)}` }],
  ])('answers 401 for %s and writes nothing', async (_what, headers) => {
    const slug = await service.tenant();
    const answer = await service.call('POST', `/v1/tenants/${slug}/origins`, {
      key: null,
      headers,
      body: { pattern: 'https://app.example.com' },
    });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.body).toMatchObject({ code: 'unauthorized', requestId: answer.headers['x-request-id'] });
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('does not read the body first', async () => {
    const answer = await service.call('POST', '/v1/tenants', { key: null, body: '{"broken' });
    expect(answer.status).toBe(401);
  });
});

describe('given a key without the scope', () => {
  it('answers 403 with the scope it lacks, and writes nothing', async () => {
    const slug = await service.tenant();
    const key = await service.key({ scopes: ['origins:read'], tenants: [slug] });
    const answer = await service.call('POST', `/v1/tenants/${slug}/origins`, {
      key,
      body: { pattern: 'https://app.example.com' },
    });
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'scope_missing', scope: 'origins:write' });
    expect(await service.revisionOf(slug)).toBe(1);
    expect((await service.call('GET', `/v1/tenants/${slug}/origins`, { key })).status).toBe(200);
  });

  it('cannot tell a tenant that exists from one that does not', async () => {
    const own = await service.tenant();
    const foreign = await service.tenant();
    const key = await service.key({ scopes: ['origins:read'], tenants: [own] });
    for (const slug of [foreign, 'nobody']) {
      const read = await service.call('GET', `/v1/tenants/${slug}/origins`, { key });
      const write = await service.call('PUT', `/v1/tenants/${slug}/policies/default`, { key, body: {} });
      expect([read.status, read.body.code, write.status, write.body.code], slug).toEqual([
        404,
        'tenant_not_found',
        404,
        'tenant_not_found',
      ]);
    }
  });
});

describe('given a key of one tenant', () => {
  it('sees and changes that one only', async () => {
    const own = await service.tenant();
    const foreign = await service.tenant();
    const { body: entry } = await service.call('POST', `/v1/tenants/${foreign}/origins`, {
      body: { pattern: 'https://app.example.com' },
    });
    const key = await service.key({ preset: 'admin', tenants: [own] });
    const list = await service.call('GET', '/v1/tenants', { key });
    expect(list.body.items.map((tenant: { slug: string }) => tenant.slug)).toEqual([own]);
    const calls = [
      ['GET', `/v1/tenants/${foreign}`],
      ['DELETE', `/v1/tenants/${foreign}`],
      ['GET', `/v1/tenants/${foreign}/origins/${entry.id}`],
      ['DELETE', `/v1/tenants/${foreign}/origins/${entry.id}`],
      ['GET', `/v1/tenants/${own}/origins/${entry.id}`],
      ['DELETE', `/v1/tenants/${own}/origins/${entry.id}`],
      ['GET', `/v1/tenants/${foreign}/changes`],
    ] as const;
    for (const [method, url] of calls)
      expect((await service.call(method, url, { key })).status, url).toBe(404);
    expect(
      (await service.call('POST', '/v1/tenants', { key, body: { slug: 'mine', name: 'x' } })).status,
    ).toBe(403);
    expect(await service.revisionOf(foreign)).toBe(2);
  });
});

describe('given a key of a tenant that was deleted, and a new tenant of the same slug', () => {
  it('neither reads nor writes the new one, even while this node remembers the old', async () => {
    const slug = await service.tenant();
    const key = await service.key({ preset: 'admin', tenants: [slug] });
    expect((await service.call('GET', `/v1/snapshot?tenant=${slug}`, { key })).status).toBe(200);
    await service.call('DELETE', `/v1/tenants/${slug}`);
    await service.call('POST', '/v1/tenants', { body: { slug, name: 'Another owner' } });
    for (const [method, path, body] of [
      ['GET', '/origins', undefined],
      ['POST', '/origins', { pattern: 'https://evil.example.com' }],
      ['GET', '/policies', undefined],
      ['GET', '/changes', undefined],
      ['DELETE', '', undefined],
    ] as const) {
      const answer = await service.call(method, `/v1/tenants/${slug}${path}`, { key, body });
      expect(answer.status, `${method} ${path}`).toBe(404);
    }
    expect(await service.revisionOf(slug)).toBe(1);
  });
});
