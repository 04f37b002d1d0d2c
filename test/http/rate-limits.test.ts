import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { buildApp } from '../../src/app.js';
import { createKeyText } from '../../src/http/key-text.js';
import type { RateLimits } from '../../src/limits.js';
import { openStore, type Store } from '../../src/store/store.js';
import { startRedis } from '../support/redis-server.js';
import { describeWithRedis } from '../support/requirements.js';
import { silentLog } from '../support/silent-log.js';
import { ADMIN_KEY, openService, type TestService } from './service.js';

const READER = { scopes: ['tenants:read'] };

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

/** A node over the service's database whose counts begin at nothing. */
async function openNode(rateLimits: Partial<RateLimits>, options: { readonly redisUrl?: string } = {}) {
  const store = await openStore({ databaseUrl: service.databaseUrl, log: silentLog, ...options });
  onTestFinished(() => store.close());
  return { store, ...(await openApp(store, rateLimits)) };
}

async function openApp(
  store: Store,
  rateLimits: Partial<RateLimits>,
  trustedProxies: readonly string[] = [],
) {
  const app = await buildApp({ store, adminKey: ADMIN_KEY, rateLimits, trustedProxies });
  apps.push(app);
  const call = async (
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    options: { key?: string; from?: string; body?: object; headers?: Record<string, string> } = {},
  ) => {
    const { key, from = '192.0.2.1', body, headers } = options;
    const answer = await app.inject({
      method,
      url,
      remoteAddress: from,
      headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers },
      ...(body !== undefined && { payload: body }),
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
  };
  return { app, call };
}

const wrongKey = createKeyText;

describe('given an address that sent as many wrong keys as it may', () => {
  it('answers 429 without a query, but for ten a second, and lets keys pass that it knows', async () => {
    const node = await openNode({ failuresPerMinute: 3 });
    const known = await service.key(READER);
    expect((await node.call('GET', '/v1/tenants', { key: known })).status).toBe(200);
    for (let index = 0; index < 3; index += 1) {
      expect((await node.call('GET', '/v1/tenants', { key: wrongKey() })).status).toBe(401);
    }

    const verify = vi.spyOn(node.store.keys, 'verify');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => node.call('GET', '/v1/tenants', { key: wrongKey() })),
    );
    expect(verify.mock.calls.length).toBeLessThanOrEqual(20); // a second may have passed in between
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(30);
    expect(refused[0]?.body).toMatchObject({ code: 'rate_limited', status: 429 });
    // A key that may be good is told to come back for the next look-up; who sends none, when the failures are forgotten.
    expect(refused[0]?.headers['retry-after']).toBe('1');
    const without = await node.call('GET', '/v1/tenants');
    expect(without.status).toBe(429);
    expect(Number(without.headers['retry-after'])).toBeGreaterThan(1);
    expect(Number(without.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect((await node.call('GET', '/v1/tenants', { key: known })).status).toBe(200);
    expect((await node.call('GET', '/v1/tenants', { key: ADMIN_KEY })).status).toBe(200);
    expect((await node.call('GET', '/v1/tenants', { key: wrongKey(), from: '192.0.2.2' })).status).toBe(401);
  });

  it('lets a good key in that it has not seen yet, within a second', async () => {
    const node = await openNode({ failuresPerMinute: 1 });
    const revoked = wrongKey();
    const fresh = await service.key(READER);
    await node.call('GET', '/v1/tenants', { key: revoked });
    await vi.waitFor(async () => {
      // A fleet that goes on with a revoked key does not use up what is left for others.
      expect((await node.call('GET', '/v1/tenants', { key: revoked })).status).toBe(429);
      expect((await node.call('GET', '/v1/tenants', { key: fresh })).status).toBe(200);
    }, 5_000);
  });

  it('takes an IPv6 network of 64 bits for one address', async () => {
    const node = await openNode({ failuresPerMinute: 1 });
    const send = (from: string) => node.call('GET', '/v1/tenants', { from });
    expect((await send('2001:db8::1')).status).toBe(401);
    expect((await send('2001:db8::ffff')).status).toBe(429);
    expect((await send('2001:db8:0:1::1')).status).toBe(401);
  });
});

describe('given a load balancer', () => {
  it('believes the address it forwards only when it is trusted', async () => {
    const send = async (trustedProxies: readonly string[]) => {
      const store = await openStore({ databaseUrl: service.databaseUrl, log: silentLog });
      onTestFinished(() => store.close());
      const node = await openApp(store, { failuresPerMinute: 1 }, trustedProxies);
      const statuses: number[] = [];
      for (const client of ['203.0.113.1', '203.0.113.2']) {
        const headers = { 'x-forwarded-for': client };
        statuses.push((await node.call('GET', '/v1/tenants', { from: '10.1.2.3', headers })).status);
      }
      return statuses;
    };
    expect(await send(['10.0.0.0/8'])).toEqual([401, 401]);
    expect(await send([])).toEqual([401, 429]);
  });
});

describe('given an address that floods a node with keys it does not know', () => {
  it('answers 429 with Retry-After, and serves known keys and other addresses', async () => {
    const node = await openNode({ strangersPerSecond: 2, failuresPerMinute: 1_000 });
    const known = await service.key(READER);
    await node.call('GET', '/v1/tenants', { key: known, from: '192.0.2.9' });
    const answers = await Promise.all(Array.from({ length: 9 }, () => node.call('GET', '/v1/tenants')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(refused[0]?.headers['retry-after']).toBe('1');
    expect((await node.call('GET', '/v1/tenants', { key: known })).status).toBe(200);
    expect((await node.call('GET', '/v1/tenants', { from: '192.0.2.3' })).status).toBe(401);
  });
});

describe('given a key that has used up one of its budgets', () => {
  it('answers 429, writes nothing, and serves its other calls and other keys', async () => {
    const node = await openNode({ writesPerMinute: 2 });
    const slug = await service.tenant();
    const add = (key: string, name: string) =>
      node.call('POST', `/v1/tenants/${slug}/origins`, {
        key,
        body: { pattern: `https://${name}.example.com` },
      });
    const key = await service.key({ preset: 'admin' });
    const first = await add(key, 'a');
    expect(first.status).toBe(201);
    expect(first.headers).toMatchObject({ 'ratelimit-limit': '2', 'ratelimit-remaining': '1' });
    expect((await add(key, 'b')).status).toBe(201);
    const refused = await add(key, 'c');
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({ code: 'rate_limited', detail: 'A key has 2 writes a minute.' });
    expect(refused.headers['ratelimit-remaining']).toBe('0');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(await service.revisionOf(slug)).toBe(3);

    expect((await node.call('GET', `/v1/tenants/${slug}`, { key })).status).toBe(200);
    const evaluate = { tenant: slug, method: 'GET', origin: 'https://a.example.com' };
    expect((await node.call('POST', '/v1/evaluate', { key, body: evaluate })).status).toBe(200);
    expect((await add(await service.key({ preset: 'admin' }), 'd')).status).toBe(201);
  });

  it.each([
    ['readsPerMinute', 'GET', '/v1/tenants', undefined],
    ['evaluationsPerMinute', 'POST', '/v1/evaluate', { tenant: 'nobody', method: 'GET' }],
    ['syncsPerMinute', 'POST', '/v1/versions', { tenants: [] }],
  ] as const)('counts by %s what is one: %s %s', async (limit, method, url, body) => {
    const node = await openNode({ [limit]: 1 });
    const call = () => node.call(method, url, { key: ADMIN_KEY, ...(body && { body }) });
    expect((await call()).status).not.toBe(429);
    expect((await call()).status).toBe(429);
  });

  it('counts what it was refused too: asking for other tenants costs like any call', async () => {
    const node = await openNode({ readsPerMinute: 2 });
    const key = await service.key({ ...READER, tenants: [await service.tenant()] });
    const statuses: number[] = [];
    for (let index = 0; index < 3; index += 1) {
      statuses.push((await node.call('GET', `/v1/tenants/other-${index}`, { key })).status);
    }
    expect(statuses).toEqual([404, 404, 429]);
  });
});

describe('given a fleet that restarts behind one address, with one key a new node does not know', () => {
  it('refuses none of it, though it is more than an address may send with unknown keys', async () => {
    const node = await openNode({ strangersPerSecond: 20 });
    const slug = await service.tenant();
    const key = await service.key({ preset: 'sdk' });
    const address = await node.app.listen({ host: '127.0.0.1', port: 0 });
    const calls = Array.from({ length: 200 }, async () => {
      const answer = await fetch(`${address}/v1/snapshot?tenant=${slug}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      await answer.arrayBuffer();
      return answer.status;
    });
    const statuses = new Set(await Promise.all(calls));
    expect([...statuses]).toEqual([200]);
  });
});

describeWithRedis('given two nodes over one Redis', () => {
  it('hold one budget together, and go on when Redis hangs', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const limits = { readsPerMinute: 100 };
    const [one, other] = [
      await openNode(limits, { redisUrl: redis.url }),
      await openNode(limits, { redisUrl: redis.url }),
    ];
    const key = await service.key(READER);
    for (let index = 0; index < 60; index += 1) await one.call('GET', '/v1/tenants', { key });
    await vi.waitFor(async () => {
      const answer = await other.call('GET', '/v1/tenants', { key });
      expect(Number(answer.headers['ratelimit-remaining'])).toBeLessThan(40);
    }, 5_000);

    redis.stall();
    const beforeMs = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => one.call('GET', '/v1/tenants', { key })),
    );
    // By its own count: at most 60 were used here, some more elsewhere.
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(100);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    expect(performance.now() - beforeMs).toBeLessThan(10_000);
    redis.resume();
  });
});
