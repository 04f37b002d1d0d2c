import { type Allowlist, createAllowlist } from '@origin-allowlist/client';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openService, type TestService } from '../http/service.js';

const APP = 'https://app.example.com';
const SHOP = 'https://shop.example.com';
const from = (origin: string) => ({ method: 'GET', target: '/', origin });

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

/** Within a second: far less than the polls that would bring it otherwise. */
const soon = (check: () => void) => vi.waitFor(check, { timeout: 1_000, interval: 5 });
const write = async (slug: string, pattern: string) => {
  const answer = await service.call('POST', `/v1/tenants/${slug}/origins`, { body: { pattern } });
  expect(answer.status).toBe(201);
};
const erase = async (slug: string, pattern: string) => {
  const query = `pattern=${encodeURIComponent(pattern)}`;
  const answer = await service.call('DELETE', `/v1/tenants/${slug}/origins/by-pattern?${query}`);
  expect(answer.status).toBeLessThan(300);
};

/** A client that streams from the real service. */
async function createStreaming(): Promise<{ readonly slug: string; readonly allowlist: Allowlist }> {
  const slug = await service.tenant();
  await write(slug, APP);
  const key = await service.key({ preset: 'sdk' });
  // Of sixteen seconds' spread, the first second: to have lost a stream is not what takes time here.
  const deps = { random: () => 0.05 };
  const allowlist = createAllowlist({ url, key, tenant: slug, pollIntervalMs: 3_600_000, deps });
  onTestFinished(() => allowlist.close());
  expect(await allowlist.ready()).toEqual({ ready: true, state: 'ready' });
  await soon(() => expect(allowlist.status().transport.state).toBe('streaming'));
  return { slug, allowlist };
}

describe('given a client that streams from the real service', () => {
  it('decides by what was written, and by what was removed, within a second and without loading again', async () => {
    const { slug, allowlist } = await createStreaming();
    await write(slug, SHOP);
    await soon(() => expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true, revision: 3 }));
    await erase(slug, APP);
    await soon(() => expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, revision: 4 }));
    expect(allowlist.status()).toMatchObject({
      transport: { state: 'streaming' },
      counters: { deltasApplied: 2, listsLoaded: 1, resyncs: 0 },
    });
  });

  it('follows a change of a policy', async () => {
    const { slug, allowlist } = await createStreaming();
    const body = { paths: ['/'], credentials: true };
    const answer = await service.call('PUT', `/v1/tenants/${slug}/policies/default`, { body });
    expect(answer.status).toBe(200);
    await soon(() =>
      expect(allowlist.decide(from(APP))).toMatchObject({
        headers: { 'access-control-allow-credentials': 'true' },
      }),
    );
    expect(allowlist.status().counters.resyncs).toBe(0);
  });

  it('waits for its own writes', async () => {
    const { slug, allowlist } = await createStreaming();
    await write(slug, SHOP);
    expect(await allowlist.waitForRevision(slug, 3)).toEqual({ ready: true, state: 'ready' });
    expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true });
  });

  it('refuses a tenant that is deleted, and takes its successor', async () => {
    const { slug, allowlist } = await createStreaming();
    await service.call('DELETE', `/v1/tenants/${slug}`);
    await soon(() =>
      expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, reason: 'tenant_unknown' }),
    );
    await service.call('POST', '/v1/tenants', { body: { slug, name: 'again' } });
    await write(slug, SHOP);
    await vi.waitFor(() => expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true }), {
      timeout: 5_000,
      interval: 20,
    });
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false });
  });

  it('has what it missed when its stream was cut', async () => {
    const { slug, allowlist } = await createStreaming();
    service.app.server.closeAllConnections();
    await soon(() => expect(allowlist.status().transport.state).not.toBe('streaming'));
    await erase(slug, APP);
    await vi.waitFor(() => expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false }), {
      timeout: 5_000,
      interval: 20,
    });
    expect(allowlist.status().transport.state).toBe('streaming');
    expect(allowlist.status().counters).toMatchObject({ reconnects: 1, resyncs: 0, deltasApplied: 1 });
  });
});
