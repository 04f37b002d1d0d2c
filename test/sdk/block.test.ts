import { createServer } from 'node:http';
import { createAllowlist } from '@origin-allowlist/client';
import { cors } from '@origin-allowlist/client/node';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openService, type TestService } from '../http/service.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';

let service: TestService;
let url: string;

beforeAll(async () => {
  service = await openService();
  url = await service.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  service.app.server.closeAllConnections();
  await service.close();
});

/** An application behind the middleware that answers `ok` to anything. @returns the status a page of `origin` is answered. */
async function serve(tenant: string): Promise<(origin: string) => Promise<number>> {
  const key = await service.key({ preset: 'sdk' });
  const allowlist = createAllowlist({ url, key, tenant, pollIntervalMs: 100 });
  const handleCors = cors(allowlist);
  const server = createServer((request, response) => handleCors(request, response, () => response.end('ok')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    allowlist.close();
    server.closeAllConnections();
    server.close();
  });
  await allowlist.ready();
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return async (origin) => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: { origin } });
    await answer.text();
    return answer.status;
  };
}

describe('given a policy written with the enforcement block', () => {
  it('is enforced by the service and by an application as soon as it knows', async () => {
    const tenant = await service.tenant();
    await service.call('POST', `/v1/tenants/${tenant}/origins`, { body: { pattern: ORIGIN } });
    const statusFor = await serve(tenant);
    expect([await statusFor(ORIGIN), await statusFor(EVIL)]).toEqual([200, 200]);

    const written = await service.call('PUT', `/v1/tenants/${tenant}/policies/default`, {
      body: { paths: ['/'], enforcement: 'block' },
    });
    expect(written.status).toBe(200);
    const evaluated = await service.call('POST', '/v1/evaluate', {
      body: { tenant, method: 'POST', origin: EVIL },
    });
    expect(evaluated.body).toMatchObject({ allowed: false, status: 403, callsNext: false });
    await vi.waitFor(async () => expect(await statusFor(EVIL)).toBe(403), { timeout: 5_000, interval: 20 });
    expect(await statusFor(ORIGIN)).toBe(200);
  });
});
