import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

/** The hash of the change that made the revision. */
const hashOf = async (slug: string, revision: unknown) =>
  (await service.call('GET', `/v1/tenants/${slug}/changes/${revision}`)).body.hash;

describe('given writes to a tenant', () => {
  it('answers each with the hash of the change that made its revision, whether it changed anything or not', async () => {
    const slug = 'chained';
    const tenant = `/v1/tenants/${slug}`;
    const byPattern = `${tenant}/origins/by-pattern?pattern=https://a.example.com`;
    const calls = [
      ['POST', '/v1/tenants', { slug, name: 'Chained' }, 1],
      ['PATCH', tenant, { name: 'Other' }, 2],
      ['PATCH', tenant, { name: 'Other' }, 2],
      ['POST', `${tenant}/origins`, { pattern: 'https://x.example.com' }, 3],
      ['PUT', byPattern, {}, 4],
      ['PUT', byPattern, {}, 4],
      ['DELETE', byPattern, undefined, 5],
      [
        'POST',
        `${tenant}/origins/batch`,
        { operations: [{ op: 'put', pattern: 'https://y.example.com' }] },
        6,
      ],
      [
        'POST',
        `${tenant}/origins/batch?dryRun=true`,
        { operations: [{ op: 'put', pattern: 'https://z.example.com' }] },
        6,
      ],
      ['PUT', `${tenant}/policies/api`, { paths: ['/api'] }, 7],
      ['DELETE', `${tenant}/policies/api`, undefined, 8],
      ['PUT', `${tenant}/origins`, { entries: [] }, 9],
    ] as const;
    for (const [method, url, body, revision] of calls) {
      const answer = await service.call(method, url, {
        body,
        headers: method === 'PUT' && url.endsWith('/origins') ? { 'if-match': '"8"' } : {},
      });
      expect([answer.status < 300, Number(answer.headers['x-revision'])], `${method} ${url}`).toEqual([
        true,
        revision,
      ]);
      expect(answer.headers['x-chain-head'], `${method} ${url}`).toBe(await hashOf(slug, revision));
    }
  });

  it('shows it to who reads the tenant, by HEAD too, and with the last write of all', async () => {
    const slug = await service.tenant();
    const { hash } = (await service.call('GET', `/v1/tenants/${slug}/changes/1`)).body;
    const read = await service.call('GET', `/v1/tenants/${slug}`);
    expect([read.headers['x-chain-head'], read.body.headHash]).toEqual([hash, hash]);
    expect((await service.call('HEAD', `/v1/tenants/${slug}`)).headers['x-chain-head']).toBe(hash);
    const patched = await service.call('PATCH', `/v1/tenants/${slug}`, { body: { name: 'New' } });
    expect(patched.body.headHash).toBe(patched.headers['x-chain-head']);
    const deleted = await service.call('DELETE', `/v1/tenants/${slug}`);
    const [last] = (await service.call('GET', `/v1/changes?tenantId=${read.body.id}`)).body.items;
    expect(last).toMatchObject({ action: 'tenant.delete', hash: deleted.headers['x-chain-head'] });
  });

  it('says nothing of it when the write is refused, or is not one to a tenant', async () => {
    const slug = await service.tenant();
    const refused = await service.call('PATCH', `/v1/tenants/${slug}`, {
      body: { name: 'New' },
      headers: { 'if-match': '"7"' },
    });
    expect([refused.status, refused.headers['x-chain-head']]).toEqual([412, undefined]);
    const key = await service.call('POST', '/v1/keys', { body: { name: 'k', preset: 'sdk' } });
    expect([key.status, key.headers['x-chain-head']]).toEqual([201, undefined]);
  });

  it('is not the hash of another write that comes at the same time', async () => {
    const slug = await service.tenant();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        service.call('POST', `/v1/tenants/${slug}/origins`, {
          body: { pattern: `https://n${index}.example.com` },
        }),
      ),
    );
    for (const { headers } of answers)
      expect(headers['x-chain-head']).toBe(await hashOf(slug, headers['x-revision']));
  });
});
