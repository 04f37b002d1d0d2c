import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

describe('given a new key', () => {
  it('shows its text once, works, and is known by its prefix after', async () => {
    const slug = await service.tenant();
    const created = await service.call('POST', '/v1/keys', {
      body: { name: 'orders', preset: 'sdk', tenants: [slug] },
    });
    expect(created.status).toBe(201);
    expect(created.headers['cache-control']).toBe('no-store');
    expect(created.body).toMatchObject({
      name: 'orders',
      scopes: ['sync', 'evaluate'],
      tenants: [slug],
      revokedAt: null,
      expiresAt: null,
    });
    expect(created.body.key).toMatch(/^oak_[0-9A-Za-z]{49}$/);
    expect(created.body.key.startsWith(created.body.prefix)).toBe(true);
    expect((await service.call('GET', `/v1/snapshot?tenant=${slug}`, { key: created.body.key })).status).toBe(
      200,
    );
    const shown = await service.call('GET', `/v1/keys/${created.body.id}`);
    expect(shown.status).toBe(200);
    expect(JSON.stringify(shown.body)).not.toContain(created.body.key);
    const listed = await service.call('GET', '/v1/keys?limit=200');
    expect(listed.body.items.map((key: { id: string }) => key.id)).toContain(created.body.id);
    expect(JSON.stringify(listed.body)).not.toContain(created.body.key);
  });

  it('is refused after it expires', async () => {
    const key = await service.key({ preset: 'admin', expiresAt: '2020-01-01T00:00:00Z' });
    const refused = await service.call('GET', '/v1/tenants', { key });
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe('Bearer');
  });

  it('is refused as soon as it is revoked; revoking again is 404', async () => {
    const created = await service.call('POST', '/v1/keys', { body: { name: 'gone', preset: 'admin' } });
    const { id, key } = created.body;
    expect((await service.call('GET', '/v1/tenants', { key })).status).toBe(200);
    expect((await service.call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
    expect((await service.call('GET', '/v1/tenants', { key })).status).toBe(401);
    expect((await service.call('DELETE', `/v1/keys/${id}`)).body.code).toBe('key_not_found');
    expect((await service.call('DELETE', '/v1/keys/nonsense')).body.code).toBe('key_not_found');
  });
});

describe('given a preset', () => {
  it.each([
    ['viewer', ['tenants:read', 'origins:read', 'evaluate', 'audit:read']],
    ['editor', ['tenants:read', 'origins:read', 'evaluate', 'audit:read', 'origins:write', 'policies:write']],
    ['ci', ['origins:write-temporary']],
    ['sdk', ['sync', 'evaluate']],
    [
      'admin',
      [
        ...['tenants:read', 'tenants:write', 'origins:read', 'origins:write', 'origins:write-temporary'],
        ...['policies:write', 'risks:accept', 'evaluate', 'sync', 'audit:read', 'keys:write'],
      ],
    ],
  ])('makes a key of %s', async (preset, scopes) => {
    const { body } = await service.call('POST', '/v1/keys', { body: { name: 'x', preset } });
    expect(body.scopes).toEqual(scopes);
  });

  it('grants no more than its maker holds, by that name or another', async () => {
    const key = await service.key({ scopes: ['keys:write', 'origins:write', 'sync', 'evaluate'] });
    const mint = async (preset: string) =>
      (await service.call('POST', '/v1/keys', { key, body: { name: 'x', preset } })).status;
    expect([await mint('admin'), await mint('editor'), await mint('viewer')]).toEqual([403, 403, 403]);
    // Who may write any entry may write temporary ones.
    expect([await mint('ci'), await mint('sdk')]).toEqual([201, 201]);
  });
});

describe('given a bad key request', () => {
  it('answers every problem at once and makes none', async () => {
    const before = await service.call('GET', '/v1/keys?limit=200');
    const bad = await service.call('POST', '/v1/keys', {
      body: { scopes: ['everything'], tenants: ['Bad Slug'], admin: true },
    });
    expect(bad.status).toBe(422);
    const pointers = bad.body.errors.map((item: { pointer: string }) => item.pointer).sort();
    expect(pointers).toEqual(['/admin', '/name', '/scopes/0', '/tenants/0']);
    const neither = await service.call('POST', '/v1/keys', { body: { name: 'x' } });
    expect(neither.body.errors).toMatchObject([{ pointer: '/scopes', code: 'scopes_or_preset' }]);
    const unknown = await service.call('POST', '/v1/keys', {
      body: { name: 'x', preset: 'sdk', tenants: ['nobody'] },
    });
    expect(unknown.body.errors).toMatchObject([{ pointer: '/tenants/0', code: 'tenant_unknown' }]);
    const after = await service.call('GET', '/v1/keys?limit=200');
    expect(after.body.items).toHaveLength(before.body.items.length);
  });
});

describe('given a key bound to one tenant', () => {
  it('cannot grant scopes or tenants it does not hold', async () => {
    const slug = await service.tenant();
    const foreign = await service.tenant();
    const key = await service.key({ scopes: ['keys:write', 'evaluate'], tenants: [slug] });
    const more = await service.call('POST', '/v1/keys', {
      key,
      body: { name: 'x', preset: 'admin', tenants: [slug] },
    });
    expect(more.body.code).toBe('scope_missing');
    const all = await service.call('POST', '/v1/keys', { key, body: { name: 'x', scopes: ['evaluate'] } });
    expect(all.body.code).toBe('scope_missing');
    const other = await service.call('POST', '/v1/keys', {
      key,
      body: { name: 'x', scopes: ['evaluate'], tenants: [foreign] },
    });
    expect(other.body.errors).toMatchObject([{ pointer: '/tenants/0', code: 'tenant_unknown' }]);
    const held = await service.call('POST', '/v1/keys', {
      key,
      body: { name: 'x', scopes: ['evaluate'], tenants: [slug] },
    });
    expect(held.status).toBe(201);
  });

  it('cannot make one that outlives it', async () => {
    const key = await service.key({ preset: 'admin', expiresAt: '2040-01-01T00:00:00Z' });
    const mint = (expiresAt: string | null) =>
      service.call('POST', '/v1/keys', { key, body: { name: 'x', preset: 'sdk', expiresAt } });
    expect((await mint(null)).body.code).toBe('scope_missing');
    expect((await mint('2040-01-01T00:00:00.001Z')).body.code).toBe('scope_missing');
    expect((await mint('2040-01-01T00:00:00Z')).status).toBe(201);
  });

  it('sees only keys within its reach', async () => {
    const slug = await service.tenant();
    const key = await service.key({ scopes: ['keys:write'], tenants: [slug] });
    const admin = await service.call('POST', '/v1/keys', { body: { name: 'everywhere', preset: 'admin' } });
    const listed = await service.call('GET', '/v1/keys', { key });
    expect(listed.body.items).toHaveLength(1);
    expect(listed.body.items[0].tenants).toEqual([slug]);
    expect((await service.call('GET', `/v1/keys/${admin.body.id}`, { key })).body.code).toBe('key_not_found');
    expect((await service.call('DELETE', `/v1/keys/${admin.body.id}`, { key })).body.code).toBe(
      'key_not_found',
    );
    expect((await service.call('GET', '/v1/tenants', { key: admin.body.key })).status).toBe(200);
  });
});
