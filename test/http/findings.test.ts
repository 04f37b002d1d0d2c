import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const origins = (slug: string) => `/v1/tenants/${slug}/origins`;

describe('given a write with warnings', () => {
  it('writes it and answers what there is to say', async () => {
    const slug = await service.tenant();
    const added = await service.call('POST', origins(slug), { body: { pattern: 'https://shop.vercel.app' } });
    expect(added.status).toBe(201);
    expect(added.body.findings).toMatchObject([{ code: 'SHARED_HOSTING', class: 'risk', severity: 'warn' }]);
  });

  it('judges it beside the list as it will be', async () => {
    const slug = await service.tenant();
    await service.call('POST', origins(slug), { body: { pattern: 'https://*.example.com:*' } });
    const added = await service.call('POST', origins(slug), { body: { pattern: 'https://a.example.com' } });
    expect(added.body.findings).toMatchObject([{ code: 'REDUNDANT' }]);
    const batch = await service.call('POST', `${origins(slug)}/batch`, {
      body: {
        operations: [
          { op: 'delete', pattern: 'https://*.example.com:*' },
          { op: 'put', pattern: 'https://b.example.com' },
          { op: 'put', pattern: 'https://c.example.org' },
          { op: 'put', pattern: 'https://*.example.org' },
        ],
      },
    });
    expect(batch.body).toMatchObject({
      findings: [
        { pointer: '/operations/2/pattern', pattern: 'https://c.example.org', code: 'REDUNDANT' },
        { pointer: '/operations/3/pattern', code: 'APEX_NOT_COVERED_HINT' },
      ],
      findingCount: 2,
    });
  });

  it('repeats them to a caller who repeats the call', async () => {
    const slug = await service.tenant();
    const put = () =>
      service.call('PUT', `${origins(slug)}/by-pattern?pattern=https://shop.vercel.app`, { body: {} });
    const [first, again] = [await put(), await put()];
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.findings).toEqual(first.body.findings);
    expect(again.body.findings).toMatchObject([{ code: 'SHARED_HOSTING' }]);
  });

  it('names those of a whole list by their place in it', async () => {
    const slug = await service.tenant();
    const { body } = await service.call('PUT', origins(slug), {
      body: { entries: [{ pattern: 'https://a.example.com' }, { pattern: 'https://10.0.0.1' }] },
      headers: { 'if-match': '*' },
    });
    expect(body.findings).toMatchObject([{ pointer: '/entries/1/pattern', code: 'PRIVATE_ADDRESS' }]);
  });
});

describe('given the settings of a policy', () => {
  it('answers all that is wrong, with the codes of the linter, and the warnings beside it', async () => {
    const slug = await service.tenant();
    const { status, body } = await service.call('PUT', `/v1/tenants/${slug}/policies/default`, {
      body: {
        paths: ['api'],
        methods: ['patch', 'TRACE', 'a b'],
        allowedHeaders: ['cookie'],
        exposedHeaders: ['x:y', '*'],
        maxAgeSeconds: 86_401,
        privateNetwork: 'yes',
        colour: 'red',
      },
    });
    expect([status, body.code]).toEqual([422, 'invalid_input']);
    expect(
      body.errors.map(({ pointer, code }: { pointer: string; code: string }) => `${pointer} ${code}`),
    ).toEqual([
      '/privateNetwork invalid_type',
      '/colour unknown_field',
      '/paths/0 PATH_NOT_ABSOLUTE',
      '/methods/1 METHOD_FORBIDDEN',
      '/methods/2 METHOD_INVALID',
      '/exposedHeaders/0 HEADER_INVALID',
      '/maxAgeSeconds MAX_AGE_RANGE',
    ]);
    expect(body.findings.slice(0, 5).map(({ severity }: { severity: string }) => severity)).toEqual([
      'reject',
      'reject',
      'reject',
      'reject',
      'reject',
    ]);
    expect(body.findings.slice(5)).toMatchObject([
      { pointer: '/methods/0', code: 'METHOD_NOT_UPPER_CASE', severity: 'warn' },
      { pointer: '/allowedHeaders/0', code: 'FORBIDDEN_REQUEST_HEADER', severity: 'warn' },
      { pointer: '/exposedHeaders/1', code: 'ANY_EXPOSED_HEADER', severity: 'warn' },
    ]);
    expect(await service.revisionOf(slug)).toBe(1);
  });

  it('answers what the linter has to say of them', async () => {
    const slug = await service.tenant();
    const { status, body } = await service.call('PUT', `/v1/tenants/${slug}/policies/default`, {
      body: { paths: ['/'], methods: ['patch'], allowedHeaders: ['*', 'cookie'], maxAgeSeconds: 7_201 },
    });
    expect(status).toBe(200);
    expect(
      body.findings.map(({ pointer, code }: { pointer: string; code: string }) => [pointer, code]),
    ).toEqual([
      ['/methods/0', 'METHOD_NOT_UPPER_CASE'],
      ['/allowedHeaders/1', 'FORBIDDEN_REQUEST_HEADER'],
      ['/maxAgeSeconds', 'MAX_AGE_TOO_LONG'],
      ['/allowedHeaders/0', 'AUTHORIZATION_NOT_COVERED_HINT'],
    ]);
  });
});
