import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

describe('given a snapshot', () => {
  it('holds what is needed to decide and nothing else, under a digest and a version', async () => {
    const slug = await service.tenant();
    await service.call('POST', `/v1/tenants/${slug}/origins`, {
      body: {
        pattern: 'https://app.example.com',
        note: 'secret reason',
        labels: ['secret label'],
        ref: 'secret ref',
      },
    });
    await service.call('POST', `/v1/tenants/${slug}/origins`, {
      body: {
        pattern: 'https://*.example.com',
        enabled: false,
        expiresAt: '2040-01-01T00:00:00.000Z',
        policies: ['default'],
      },
    });
    const { body: tenant } = await service.call('GET', `/v1/tenants/${slug}`);
    const answer = await service.app.inject({
      url: `/v1/snapshot?tenant=${slug}`,
      headers: { authorization: `Bearer ${await service.key({ preset: 'sdk', tenants: [slug] })}` },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      etag: `"${tenant.lineage}.3"`,
      'x-revision': '3',
      'cache-control': 'private, no-cache',
      'repr-digest': `sha-256=:${createHash('sha256').update(answer.rawPayload).digest('base64')}:`,
    });
    expect(Math.abs(Number(answer.headers['x-server-time']) - Date.now())).toBeLessThan(60_000);
    expect(answer.json()).toMatchObject({
      tenant: slug,
      lineage: tenant.lineage,
      revision: 3,
      count: 2,
      policies: [{ name: 'default', paths: ['/'] }],
      entries: [
        {
          pattern: 'https://*.example.com',
          enabled: false,
          expiresAt: '2040-01-01T00:00:00.000Z',
          policies: ['default'],
        },
        { pattern: 'https://app.example.com' },
      ],
    });
    expect(answer.body).not.toContain('secret');
  });

  it('answers 304 to the version the caller holds, and the body to another', async () => {
    const slug = await service.tenant();
    const first = await service.call('GET', `/v1/snapshot?tenant=${slug}`);
    const headers = { 'if-none-match': String(first.headers.etag) };
    expect((await service.call('GET', `/v1/snapshot?tenant=${slug}`, { headers })).status).toBe(304);
    await service.call('POST', `/v1/tenants/${slug}/origins`, {
      body: { pattern: 'https://app.example.com' },
    });
    expect((await service.call('GET', `/v1/snapshot?tenant=${slug}`, { headers })).body.revision).toBe(2);
  });

  it('answers a coded 404 for an unknown, a deleted and a foreign tenant', async () => {
    const deleted = await service.tenant();
    await service.call('GET', `/v1/snapshot?tenant=${deleted}`);
    await service.call('DELETE', `/v1/tenants/${deleted}`);
    const foreign = await service.tenant();
    const key = await service.key({ preset: 'sdk', tenants: [await service.tenant()] });
    for (const [tenant, withKey] of [
      ['nobody', undefined],
      [deleted, undefined],
      [foreign, key],
      ['nobody', key],
    ] as const) {
      const answer = await service.call('GET', `/v1/snapshot?tenant=${tenant}`, { key: withKey });
      expect([answer.status, answer.body.code], tenant).toEqual([404, 'tenant_not_found']);
    }
  });
});

describe('given tenants to compare', () => {
  it('answers the version of each; null for what does not exist or is not the key’s', async () => {
    const mine = await service.tenant();
    const foreign = await service.tenant();
    const { body: tenant } = await service.call('GET', `/v1/tenants/${mine}`);
    const key = await service.key({ preset: 'sdk', tenants: [mine] });
    const answer = await service.call('POST', '/v1/versions', {
      key,
      body: { tenants: [mine, foreign, 'nobody'] },
    });
    expect(answer.status).toBe(200);
    expect(answer.body.versions).toEqual({
      [mine]: { lineage: tenant.lineage, revision: 1 },
      [foreign]: null,
      nobody: null,
    });
  });

  it('takes at most 1,000', async () => {
    const refused = await service.call('POST', '/v1/versions', { body: { tenants: Array(1001).fill('a') } });
    expect(refused.status).toBe(422);
  });
});
