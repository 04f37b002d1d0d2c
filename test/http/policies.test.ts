import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const policies = (slug: string) => `/v1/tenants/${slug}/policies`;

describe('given a policy to write', () => {
  it('is created with what is absent switched off, then replaced', async () => {
    const slug = await service.tenant();
    const created = await service.call('PUT', `${policies(slug)}/predict`, { body: { paths: ['/predict'] } });
    expect(created.status).toBe(201);
    expect(created.headers).toMatchObject({
      etag: '"2"',
      'x-revision': '2',
      location: `${policies(slug)}/predict`,
    });
    expect(created.body).toMatchObject({
      name: 'predict',
      paths: ['/predict'],
      credentials: false,
      methods: [],
      allowedHeaders: [],
      exposedHeaders: [],
      maxAgeSeconds: null,
      privateNetwork: false,
      alwaysSend: false,
      enforcement: 'headers',
    });
    const replaced = await service.call('PUT', `${policies(slug)}/predict`, {
      body: { paths: ['/predict'], credentials: true, maxAgeSeconds: 60 },
      headers: { 'if-match': '"2"' },
    });
    expect(replaced.status).toBe(200);
    expect(replaced.body).toMatchObject({ credentials: true, maxAgeSeconds: 60, revision: 3 });
    const { findings, ...policy } = replaced.body;
    expect(findings).toEqual([]);
    expect((await service.call('GET', `${policies(slug)}/predict`)).body).toEqual(policy);
    const { body } = await service.call('GET', policies(slug));
    expect(body.items.map((policy: { name: string }) => policy.name)).toEqual(['default', 'predict']);
  });

  it('spends no revision when it changes nothing', async () => {
    const slug = await service.tenant();
    await service.call('PUT', `${policies(slug)}/predict`, { body: { paths: ['/predict'] } });
    const same = await service.call('PUT', `${policies(slug)}/predict`, { body: { paths: ['/predict'] } });
    expect([same.status, same.headers['x-revision']]).toEqual([200, '2']);
  });

  it('answers 412 to a stale ETag and changes nothing', async () => {
    const slug = await service.tenant();
    const stale = await service.call('PUT', `${policies(slug)}/default`, {
      body: { paths: ['/'], credentials: true },
      headers: { 'if-match': '"9"' },
    });
    expect(stale.status).toBe(412);
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('takes every enforcement there is, and no other', async () => {
    const slug = await service.tenant();
    for (const enforcement of ['block', 'report', 'headers']) {
      const { status, body } = await service.call('PUT', `${policies(slug)}/default`, {
        body: { paths: ['/'], enforcement },
      });
      expect([status, body.enforcement]).toEqual([200, enforcement]);
    }
    const refused = await service.call('PUT', `${policies(slug)}/default`, {
      body: { paths: ['/'], enforcement: 'stop' },
    });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toMatchObject([{ pointer: '/enforcement', code: 'invalid_value' }]);
    expect(await service.revisionOf(slug)).toBe(4);
  });

  it('names every bad setting at once and writes nothing', async () => {
    const slug = await service.tenant();
    const refused = await service.call('PUT', `${policies(slug)}/default`, {
      body: {
        paths: ['no-slash'],
        methods: ['GET', 'TRACE', 'bad method'],
        allowedHeaders: ['x y'],
        exposedHeaders: ['ok', 'n:o'],
      },
    });
    expect(refused.status).toBe(422);
    const pointers = refused.body.errors.map((item: { pointer: string }) => item.pointer).sort();
    expect(pointers).toEqual([
      '/allowedHeaders/0',
      '/exposedHeaders/1',
      '/methods/1',
      '/methods/2',
      '/paths/0',
    ]);
    const types = await service.call('PUT', `${policies(slug)}/default`, {
      body: { paths: '/', maxAgeSeconds: 86_401, colour: 'red' },
    });
    expect(types.body.errors.map((item: { pointer: string }) => item.pointer).sort()).toEqual([
      '/colour',
      '/maxAgeSeconds',
      '/paths',
    ]);
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('refuses a name outside the grammar', async () => {
    const slug = await service.tenant();
    const refused = await service.call('PUT', `${policies(slug)}/Not_OK`, { body: {} });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toMatchObject([{ pointer: '/params/name', code: 'policy_name_invalid' }]);
  });
});

describe('given a policy to delete', () => {
  it('goes when no entry names it, and stays with 409 while one does', async () => {
    const slug = await service.tenant();
    await service.call('PUT', `${policies(slug)}/predict`, { body: { paths: ['/predict'] } });
    const { body: entry } = await service.call('POST', `/v1/tenants/${slug}/origins`, {
      body: { pattern: 'https://app.example.com', policies: ['predict'] },
    });
    const inUse = await service.call('DELETE', `${policies(slug)}/predict`);
    expect(inUse.status).toBe(409);
    expect(inUse.body.code).toBe('policy_in_use');
    await service.call('DELETE', `/v1/tenants/${slug}/origins/${entry.id}`);
    expect((await service.call('DELETE', `${policies(slug)}/predict`)).status).toBe(204);
    expect((await service.call('GET', `${policies(slug)}/predict`)).body.code).toBe('policy_not_found');
    expect((await service.call('DELETE', `${policies(slug)}/predict`)).body.code).toBe('policy_not_found');
  });

  it('never loses the default one', async () => {
    const slug = await service.tenant();
    const refused = await service.call('DELETE', `${policies(slug)}/default`);
    expect(refused.status).toBe(409);
    expect(refused.body.code).toBe('default_policy_required');
    expect(await service.revisionOf(slug)).toBe(1);
  });
});
