import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openService, type TestService } from './service.js';

let service: TestService;
let slug: string;
beforeAll(async () => {
  service = await openService();
  slug = await service.tenant();
  await service.call('POST', `/v1/tenants/${slug}/origins`, { body: { pattern: 'https://app.example.com' } });
});
afterAll(() => service.close());

describe('given one request', () => {
  it('answers the decision with everything needed to apply it', async () => {
    const answer = await service.call('POST', '/v1/evaluate', {
      body: { tenant: slug, method: 'GET', origin: 'https://app.example.com', path: '/orders?x=1' },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers.etag).toBeUndefined();
    expect(answer.body).toMatchObject({
      kind: 'actual',
      allowed: true,
      matched: { pattern: 'https://app.example.com', kind: 'exact' },
      policy: 'default',
      enforcement: 'headers',
      callsNext: true,
      status: null,
      headers: { 'access-control-allow-origin': 'https://app.example.com' },
      vary: ['Origin'],
      tenant: slug,
      revision: 2,
    });
    expect(answer.body.explanation).toMatch(/\w+ .*\.$/);
    expect(answer.body.remove).toContain('access-control-allow-credentials');
  });

  it('answers a preflight with its status, and refuses what is not listed', async () => {
    const preflight = {
      tenant: slug,
      method: 'OPTIONS',
      origin: 'https://app.example.com',
      requestMethod: 'PUT',
      requestHeaders: ['content-type'],
    };
    const allowed = await service.call('POST', '/v1/evaluate', { body: preflight });
    expect(allowed.body).toMatchObject({ kind: 'preflight', allowed: true, status: 204, callsNext: false });
    const refused = await service.call('POST', '/v1/evaluate', {
      body: { ...preflight, origin: 'https://evil.example' },
    });
    expect(refused.body).toMatchObject({ kind: 'preflight', allowed: false, status: 403, headers: {} });
  });

  it('reads up to 10,000 lines of a header and answers 422 to more', async () => {
    const statusOf = async (count: number) => {
      const body = { tenant: slug, method: 'GET', origin: Array.from({ length: count }, () => 'a') };
      return (await service.call('POST', '/v1/evaluate', { body })).status;
    };
    expect([await statusOf(10_000), await statusOf(10_001)]).toEqual([200, 422]);
  });

  it('takes the same in the query, repeated lines included', async () => {
    const query = new URLSearchParams({ tenant: slug, origin: 'https://app.example.com', path: '/orders' });
    const one = await service.call('GET', `/v1/evaluate?${query}`);
    expect(one.body).toMatchObject({ kind: 'actual', allowed: true });
    query.append('origin', 'https://app.example.com');
    const two = await service.call('GET', `/v1/evaluate?${query}`);
    expect(two.body).toMatchObject({ kind: 'actual', allowed: false });
  });

  it('names every problem of the input', async () => {
    const bad = await service.call('POST', '/v1/evaluate', { body: { tenant: slug, origin: 7, extra: 1 } });
    expect(bad.status).toBe(422);
    const pointers = bad.body.errors.map((item: { pointer: string }) => item.pointer).sort();
    expect(pointers).toEqual(['/extra', '/method', '/origin']);
  });

  it('answers 404 for an unknown tenant and for one the key may not see', async () => {
    const foreign = await service.tenant();
    const key = await service.key({ preset: 'sdk', tenants: [foreign] });
    for (const tenant of [slug, 'nobody', 'Not A Slug']) {
      for (const minRevision of [undefined, 99]) {
        const body = { tenant, method: 'GET', minRevision };
        const answer = await service.call('POST', '/v1/evaluate', { key, body });
        expect(answer.status, tenant).toBe(404);
        expect(answer.body.code, tenant).toBe('tenant_not_found');
      }
    }
  });
});

describe('given a policy that blocks', () => {
  const OWN = 'https://www.example.com';
  let blocking: string;
  beforeAll(async () => {
    blocking = await service.tenant();
    const policy = { paths: ['/'], methods: ['PUT'], enforcement: 'block' };
    await service.call('PUT', `/v1/tenants/${blocking}/policies/default`, { body: policy });
    await service.call('POST', `/v1/tenants/${blocking}/origins`, {
      body: { pattern: 'https://app.example.com' },
    });
  });
  const evaluate = async (request: object) =>
    (await service.call('POST', '/v1/evaluate', { body: { tenant: blocking, method: 'POST', ...request } }))
      .body;

  it('stops a refused request with 403, and lets a listed one and one without Origin pass', async () => {
    expect(await evaluate({ origin: 'https://evil.example' })).toMatchObject({
      kind: 'actual',
      allowed: false,
      enforcement: 'block',
      callsNext: false,
      status: 403,
      headers: {},
      vary: ['Origin'],
    });
    const passes = { callsNext: true, status: null };
    expect(await evaluate({ origin: 'https://app.example.com' })).toMatchObject({ allowed: true, ...passes });
    expect(await evaluate({})).toMatchObject({ kind: 'non-cors', ...passes });
  });

  it('lets pages of the application pass, and allows them nothing', async () => {
    const passes = { allowed: false, callsNext: true, status: null, headers: {} };
    const stopped = { allowed: false, callsNext: false, status: 403 };
    expect(await evaluate({ origin: 'null', secFetchSite: 'same-origin' })).toMatchObject(passes);
    expect(await evaluate({ origin: OWN, ownOrigins: ['https://a.example', OWN] })).toMatchObject(passes);
    expect(await evaluate({ origin: 'null', secFetchSite: 'same-site' })).toMatchObject(stopped);
    expect(await evaluate({ origin: OWN, secFetchSite: ['same-origin', 'none'] })).toMatchObject(stopped);
    expect(await evaluate({ origin: OWN, ownOrigins: ['https://a.example'] })).toMatchObject(stopped);
  });

  it('takes the same in the query, once or repeated', async () => {
    const ask = async (...fields: readonly (readonly [string, string])[]) => {
      const query = new URLSearchParams({ tenant: blocking, method: 'POST', origin: OWN });
      for (const [name, value] of fields) query.append(name, value);
      return (await service.call('GET', `/v1/evaluate?${query}`)).body.status;
    };
    expect(await ask()).toBe(403);
    expect(await ask(['ownOrigins', OWN])).toBeNull();
    expect(await ask(['ownOrigins', 'https://a.example'], ['ownOrigins', OWN])).toBeNull();
    expect(await ask(['ownOrigins', 'https://a.example'])).toBe(403);
    expect(await ask(['secFetchSite', 'same-origin'])).toBeNull();
  });

  it('names every own origin that is none', async () => {
    const ownOrigins = ['null', OWN, 'https://*.example.com', 'https://www.example.com/', 7];
    const answer = await service.call('POST', '/v1/evaluate', {
      body: { tenant: blocking, method: 'GET', ownOrigins },
    });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([
      { pointer: '/ownOrigins/0', code: 'origin_invalid' },
      { pointer: '/ownOrigins/2', code: 'origin_invalid' },
      { pointer: '/ownOrigins/3', code: 'origin_invalid' },
      { pointer: '/ownOrigins/4' },
    ]);
    const query = new URLSearchParams({ tenant: blocking, ownOrigins: 'null' });
    const asked = await service.call('GET', `/v1/evaluate?${query}`);
    expect(asked.body.errors).toMatchObject([{ pointer: '/query/ownOrigins/0', code: 'origin_invalid' }]);
    const many = { tenant: blocking, method: 'GET', ownOrigins: Array(101).fill(OWN) };
    expect((await service.call('POST', '/v1/evaluate', { body: many })).body.errors).toMatchObject([
      { pointer: '/ownOrigins', code: 'too_big' },
    ]);
  });
});

describe('given a person who asks why', () => {
  let list: string;
  beforeAll(async () => {
    list = await service.tenant();
    await service.call('PUT', `/v1/tenants/${list}/policies/api`, {
      body: { paths: ['/api'], methods: ['PUT'], allowedHeaders: ['x-known'] },
    });
    for (const body of [
      { pattern: 'https://app.example.com' },
      { pattern: 'https://off.example.org', enabled: false },
      { pattern: 'https://old.example.net', expiresAt: '2020-01-01T00:00:00Z' },
      { pattern: 'https://api.example.dev', policies: ['api'] },
    ])
      expect((await service.call('POST', `/v1/tenants/${list}/origins`, { body })).status).toBe(201);
  });
  const explanationOf = async (request: object): Promise<string> =>
    (await service.call('POST', '/v1/evaluate', { body: { tenant: list, method: 'GET', ...request } })).body
      .explanation;

  it('names the origin, the tenant, the policy and its path, the nearest entry and the headers', async () => {
    const explanation = await explanationOf({ origin: 'http://app.example.com', path: '/api/x?y' });
    for (const fact of [
      'The origin is http://app.example.com: scheme http, host app.example.com, port 80 (the default of http).',
      'The policy is api, which the path /api/x leads to by the prefix /api.',
      'Nearest is the entry https://app.example.com: the scheme is http, not https.',
      'Headers sent: vary: Origin.',
      `The tenant ${list} was named in the request; its list is at revision 6.`,
    ])
      expect(explanation).toContain(fact);
  });

  it.each([
    [{ origin: 'https://off.example.org' }, 'Nearest is the entry https://off.example.org: it is disabled.'],
    [
      { origin: 'https://old.example.net' },
      'Nearest is the entry https://old.example.net: it expired at 2020-01-01T00:00:00.000Z.',
    ],
    [
      { origin: 'https://api.example.dev' },
      'Nearest is the entry https://api.example.dev: it is for api, not for default.',
    ],
    [
      { origin: 'https://App.example.com' },
      'wrong at position 8: browsers write hosts in lower case. A browser would send https://app.example.com.',
    ],
    [
      { method: 'OPTIONS', origin: 'https://app.example.com', requestMethod: 'PATCH', path: '/api' },
      'The method PATCH is refused; allowed: GET, HEAD, POST, PUT.',
    ],
    [
      {
        ...{ method: 'OPTIONS', origin: 'https://app.example.com', requestMethod: 'PUT', path: '/api' },
        requestHeaders: 'x-known, X-Other',
      },
      'The header x-other is refused; allowed: x-known.',
    ],
    [{ path: '/API' }, 'No policy: the path is read as /API (policy default) or as /api (policy api).'],
    [{ policy: 'x' }, 'The policy x was asked for; there are api, default.'],
  ])('answers %j by name', async (request, fact) => {
    expect(await explanationOf(request)).toContain(fact);
  });
});

describe('given a batch', () => {
  it('answers in order; a bad item does not fail the others', async () => {
    const answer = await service.call('POST', '/v1/evaluate', {
      body: {
        requests: [
          { tenant: slug, method: 'GET', origin: 'https://app.example.com' },
          { tenant: slug },
          { tenant: 'nobody', method: 'GET' },
          'nonsense',
          { tenant: slug, method: 'GET', origin: 'https://evil.example' },
        ],
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.body.results).toMatchObject([
      { allowed: true },
      { problem: { code: 'invalid_input', status: 422, errors: [{ pointer: '/method' }] } },
      { problem: { code: 'tenant_not_found', status: 404 } },
      { problem: { code: 'invalid_input' } },
      { allowed: false },
    ]);
  });

  it('takes 100 requests, not 101 and not none', async () => {
    const item = { tenant: slug, method: 'GET' };
    const full = await service.call('POST', '/v1/evaluate', { body: { requests: Array(100).fill(item) } });
    expect(full.body.results).toHaveLength(100);
    for (const requests of [Array(101).fill(item), []]) {
      const refused = await service.call('POST', '/v1/evaluate', { body: { requests } });
      expect(refused.status).toBe(422);
      expect(refused.body.errors).toMatchObject([{ pointer: '/requests' }]);
    }
  });
});

describe('given a write just acknowledged', () => {
  it('evaluates at that revision or later', async () => {
    const tenant = await service.tenant();
    const request = { tenant, method: 'GET', origin: 'https://now.example.com' };
    for (let round = 0; round < 10; round += 1) {
      const added = await service.call('POST', `/v1/tenants/${tenant}/origins`, {
        body: { pattern: 'https://now.example.com' },
      });
      expect((await service.call('POST', '/v1/evaluate', { body: request })).body.allowed).toBe(true);
      await service.call('DELETE', `/v1/tenants/${tenant}/origins/${added.body.id}`);
      expect((await service.call('POST', '/v1/evaluate', { body: request })).body.allowed).toBe(false);
    }
  });

  it('waits at most about a second for a revision that does not come, then answers 409', async () => {
    const tenant = await service.tenant();
    const started = performance.now();
    const answer = await service.call('POST', '/v1/evaluate', {
      body: { tenant, method: 'GET', minRevision: 2 },
    });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'revision_not_reached', revision: 1 });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('answers as soon as the revision is there', async () => {
    const tenant = await service.tenant();
    const waiting = service.call('POST', '/v1/evaluate', { body: { tenant, method: 'GET', minRevision: 2 } });
    await service.call('POST', `/v1/tenants/${tenant}/origins`, {
      body: { pattern: 'https://now.example.com' },
    });
    expect((await waiting).body.revision).toBe(2);
  });
});
