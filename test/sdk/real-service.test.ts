import { type Allowlist, createAllowlist } from '@origin-allowlist/client';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startFakeService } from '../client/fake-service.js';
import { openService, type TestService } from '../http/service.js';

const LISTED = { pattern: 'https://app.example.com' };
const fromApp = (host: string) => ({ method: 'GET', target: '/', origin: 'https://app.example.com', host });

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

function createClient(key: string): Allowlist {
  const allowlist = createAllowlist({ url, key, tenant: ({ host }) => host, pollIntervalMs: 100 });
  onTestFinished(() => allowlist.close());
  return allowlist;
}

async function createTenants(count: number): Promise<readonly string[]> {
  const slugs = await Promise.all(Array.from({ length: count }, () => service.tenant()));
  for (const slug of slugs) await service.call('POST', `/v1/tenants/${slug}/origins`, { body: LISTED });
  return slugs;
}

/** Waits until the client decides the tenant's request as given. */
const becomes = (allowlist: Allowlist, slug: string, expected: object) =>
  vi.waitFor(async () => expect(await allowlist.decide(fromApp(slug))).toMatchObject(expected), {
    timeout: 5_000,
    interval: 20,
  });

describe('given several tenants of the real service', () => {
  it('enforces what changes for one of them and leaves the others alone', async () => {
    const [changed = '', untouched = ''] = await createTenants(2);
    const allowlist = createClient(await service.key({ preset: 'sdk' }));
    await becomes(allowlist, changed, { allowed: true, revision: 2 });
    await becomes(allowlist, untouched, { allowed: true, revision: 2 });
    const pattern = encodeURIComponent(LISTED.pattern);
    await service.call('DELETE', `/v1/tenants/${changed}/origins/by-pattern?pattern=${pattern}`);
    await becomes(allowlist, changed, { allowed: false, revision: 3 });
    expect(allowlist.decide(fromApp(untouched))).toMatchObject({ allowed: true, revision: 2 });
    expect(allowlist.status().transport.lastProblem).toBeUndefined();
  });

  it('refuses a tenant once it is deleted', async () => {
    const [slug = ''] = await createTenants(1);
    const allowlist = createClient(await service.key({ preset: 'sdk' }));
    await becomes(allowlist, slug, { allowed: true });
    await service.call('DELETE', `/v1/tenants/${slug}`);
    await becomes(allowlist, slug, { allowed: false, reason: 'tenant_unknown' });
  });

  it('keeps deciding after its key was revoked, and says so', async () => {
    const [slug = ''] = await createTenants(1);
    const { body } = await service.call('POST', '/v1/keys', { body: { name: 'an app', preset: 'sdk' } });
    const allowlist = createClient(body.key);
    await becomes(allowlist, slug, { allowed: true });
    const told: unknown[] = [];
    allowlist.on('unauthorized', (event) => told.push(event));
    await service.call('DELETE', `/v1/keys/${body.id}`);
    await vi.waitFor(() => expect(told).toEqual([{ status: 401 }]), { timeout: 5_000, interval: 20 });
    expect(allowlist.decide(fromApp(slug))).toMatchObject({ allowed: true });
  });
});

describe('the service of the unit tests', () => {
  it('answers every call as the real one does', async () => {
    const fake = await startFakeService();
    onTestFinished(() => fake.close());
    const [slug = ''] = await createTenants(1);
    const { body: snapshot } = await service.call('GET', `/v1/snapshot?tenant=${slug}`);
    fake.show(snapshot);
    const etag = `"${snapshot.lineage}.${snapshot.revision}"`;
    const json = { 'content-type': 'application/json' };
    const calls: readonly (readonly [path: string, init: RequestInit])[] = [
      [`v1/snapshot?tenant=${slug}`, {}],
      [`v1/snapshot?tenant=${slug}`, { headers: { 'if-none-match': etag } }],
      ['v1/snapshot?tenant=nobody', {}],
      ['v1/nowhere', {}],
      ['v1/versions', { method: 'POST', headers: json, body: JSON.stringify({ tenants: [slug, 'nobody'] }) }],
      ['v1/versions', { method: 'POST', headers: json, body: JSON.stringify({ tenants: [] }) }],
      [`v1/snapshot?tenant=${slug}`, { headers: { authorization: 'Bearer wrong' } }],
    ];
    const key = await service.key({ preset: 'sdk' });
    for (const [path, init] of calls) {
      expect(await ask(fake.url, fake.key, path, init)).toEqual(await ask(url, key, path, init));
    }
  });
});

/** What the SDK looks at in an answer. */
async function ask(base: string, key: string, path: string, init: RequestInit) {
  const headers = { authorization: `Bearer ${key}`, ...Object(init.headers) };
  const response = await fetch(`${base}/${path}`, { ...init, headers });
  const text = await response.text();
  const body = text === '' ? undefined : JSON.parse(text);
  return {
    status: response.status,
    type: text === '' ? undefined : response.headers.get('content-type')?.split(';')[0],
    etag: response.headers.get('etag'),
    revision: response.headers.get('x-revision'),
    digest: response.headers.get('repr-digest'),
    hasTime: /^\d{13}$/.test(response.headers.get('x-server-time') ?? ''),
    body: response.ok ? body : body?.code,
  };
}
