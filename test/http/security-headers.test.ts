import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildApp } from '../../src/app.js';
import { ADMIN_KEY, openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const API_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

describe('given any answer', () => {
  it.each([
    ['data', 200, '/v1/tenants', {}],
    ['a health check', 200, '/healthz', { key: null }],
    ['the document', 200, '/openapi.json', { key: null }],
    ['a missing key', 401, '/v1/tenants', { key: null }],
    ['a missing tenant', 404, '/v1/tenants/nobody', {}],
    ['no route', 404, '/nothing', {}],
    ['a URL that does not decode', 400, '/v1/tenants/%g1', {}],
    ['a wrong query', 422, '/v1/tenants?what=1', {}],
  ])('tells browsers to do nothing with %s (%i)', async (_what, status, url, options) => {
    const answer = await service.call('GET', url, options);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'content-security-policy': API_POLICY,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(Object.keys(answer.headers)).not.toContain('server');
    expect(Object.keys(answer.headers)).not.toContain('x-powered-by');
  });

  it.each(['GET', 'OPTIONS'] as const)('grants no other origin anything: %s', async (method) => {
    const answer = await service.call(method, '/v1/tenants', {
      headers: { origin: 'https://evil.example.com', 'access-control-request-method': 'GET' },
    });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('shows the documentation with its own scripts only, and lets nobody frame it', async () => {
    const { headers } = await service.call('GET', '/docs/', { key: null });
    expect(headers['content-security-policy']).toContain("script-src 'self';");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-frame-options']).toBe('DENY');
  });
});

describe('given a request over TLS at a load balancer', () => {
  it('tells browsers to stay with TLS when the load balancer is trusted, and says nothing of it otherwise', async () => {
    const send = async (trustedProxies: readonly string[]) => {
      const app = await buildApp({ store: service.store, adminKey: ADMIN_KEY, trustedProxies });
      onTestFinished(() => app.close());
      const answer = await app.inject({ url: '/healthz', headers: { 'x-forwarded-proto': 'https' } });
      return answer.headers['strict-transport-security'];
    };
    expect(await send(['127.0.0.1'])).toBe('max-age=31536000');
    expect(await send([])).toBeUndefined();
  });
});
