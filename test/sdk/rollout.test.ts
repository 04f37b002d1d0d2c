import { type Allowlist, createAllowlist } from '@origin-allowlist/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ageRegistry, silence } from '../http/reports.js';
import { openService, type TestService } from '../http/service.js';
import { proxiedUrl, startTcpProxy } from '../support/tcp-proxy.js';

const APP = 'https://app.example.com';

let service: TestService;
let url: string;
let slug: string;

beforeAll(async () => {
  service = await openService();
  await ageRegistry(service.databaseUrl, 48);
  url = await service.app.listen({ host: '127.0.0.1', port: 0 });
});
beforeEach(async () => {
  slug = await service.tenant();
  await service.call('POST', `/v1/tenants/${slug}/origins`, { body: { pattern: APP } });
});
afterAll(async () => {
  service.app.server.closeAllConnections();
  await service.close();
});

const read = async (what: 'rollout' | 'horizon') =>
  (await service.call('GET', `/v1/tenants/${slug}/${what}`)).body;
const remove = async (timeoutMs: number) =>
  (
    await service.call(
      'DELETE',
      `/v1/tenants/${slug}/origins/by-pattern?pattern=${encodeURIComponent(APP)}&wait=applied&timeoutMs=${timeoutMs}`,
    )
  ).body.rollout;
const later = (check: () => unknown) => vi.waitFor(check, { timeout: 5_000, interval: 10 });

/** A client that streams from the real service, and of which the rollout knows. */
async function createStreaming(service_: string, at = url): Promise<Allowlist> {
  const key = await service.key({ preset: 'sdk' });
  const allowlist = createAllowlist({ url: at, key, tenant: slug, service: service_ });
  onTestFinished(() => allowlist.close());
  await allowlist.ready();
  await later(async () => {
    const { applied } = await read('rollout');
    expect(applied.map((instance: { readonly service: string }) => instance.service)).toContain(service_);
  });
  await later(() => expect(allowlist.status().transport.state).toBe('streaming'));
  return allowlist;
}

const decision = (allowlist: Allowlist) => allowlist.decide({ method: 'GET', target: '/', origin: APP });

describe('given SDKs that stream from the service', () => {
  it('answers a removal that waits when all of them refuse the origin, and knows when one has closed', async () => {
    const allowlists = [await createStreaming('one'), await createStreaming('two')];
    const rollout = await remove(10_000);
    expect(allowlists.map((allowlist) => decision(allowlist))).toMatchObject([
      { allowed: false },
      { allowed: false },
    ]);
    expect(rollout).toMatchObject({ complete: true, counts: { applied: 2, lagging: 0, silent: 0 } });
    expect(rollout.waitedMs).toBeLessThan(2_000);
    expect(await read('horizon')).toMatchObject({ revision: 3, blockerCount: 0, maxAgeSeconds: 600 });
    allowlists[0]?.close();
    await later(async () => expect((await read('rollout')).counts.applied).toBe(1));
    expect((await read('rollout')).complete).toBe(true);
  });
});

describe('given an SDK that was cut off before a removal', () => {
  it('says that it has not applied it, while it still allows the origin, until it is back', async () => {
    const proxy = await startTcpProxy(url);
    onTestFinished(() => proxy.close());
    await createStreaming('near');
    const far = await createStreaming('far', proxiedUrl(url, proxy).replace(/\/$/, ''));
    proxy.pause();
    const rollout = await remove(2_000);
    expect(decision(far)).toMatchObject({ allowed: true });
    expect(rollout).toMatchObject({
      counts: { applied: 1, lagging: 1, silent: 0 },
      lagging: [{ service: 'far', revision: 2 }],
    });
    expect(await read('horizon')).toMatchObject({ horizonAt: null, blockers: [{ service: 'far' }] });

    await silence(service.databaseUrl, rollout.lagging[0].instance, 100);
    expect((await read('rollout')).silent).toMatchObject([{ service: 'far', revision: 2 }]);
    expect(await read('horizon')).toMatchObject({ horizonAt: null, blockers: [{ service: 'far' }] });

    proxy.resume();
    await later(() => expect(decision(far)).toMatchObject({ allowed: false }));
  });
});
