import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Allowlist, createAllowlist } from '@origin-allowlist/client';
import { cors as fastifyCors } from '@origin-allowlist/client/fastify';
import { cors } from '@origin-allowlist/client/node';
import express from 'express';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADMIN_KEY, openService, type TestService } from '../http/service.js';

const LISTED = 'https://app.example.com';

let service: TestService;
let url: string;
let slug: string;
let key: string;
const cleanups: (() => unknown)[] = [];

beforeAll(async () => {
  service = await openService();
  slug = await service.tenant();
  key = await service.key({ preset: 'sdk', tenants: [slug] });
  await service.call('POST', `/v1/tenants/${slug}/origins`, { body: { pattern: LISTED } });
  url = await service.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  await service.store.close();
});

/** What a browser on `origin` is told by an Express and a Fastify app. */
async function appsOf(allowlist: Allowlist) {
  const app = express();
  app.use(cors(allowlist));
  app.get('/', (_request, response) => void response.send('hello'));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = Object(server.address());
  const fastify = Fastify();
  await fastify.register(fastifyCors, { allowlist });
  fastify.get('/', async () => 'hello');
  const fastifyUrl = await fastify.listen({ host: '127.0.0.1', port: 0 });
  cleanups.push(
    () => server.close(),
    () => fastify.close(),
  );
  return async (origin: string) => {
    const answers = await Promise.all(
      [`http://127.0.0.1:${port}/`, fastifyUrl].map((target) => fetch(target, { headers: { origin } })),
    );
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['hello', 'hello']);
    return answers.map((answer) => answer.headers.get('access-control-allow-origin'));
  };
}

describe('given apps behind the SDK and the real service', () => {
  it('they follow a change, and keep deciding when the service is gone; a cold SDK refuses in time', async () => {
    const warm = createAllowlist({ url, key, tenant: slug, pollIntervalMs: 100 });
    cleanups.push(() => warm.close());
    expect(await warm.ready()).toMatchObject({ state: 'ready' });
    const ask = await appsOf(warm);
    expect(await ask(LISTED)).toEqual([LISTED, LISTED]);
    expect(await ask('https://new.example.com')).toEqual([null, null]);

    await service.call('POST', `/v1/tenants/${slug}/origins`, {
      body: { pattern: 'https://new.example.com' },
    });
    await vi.waitFor(
      async () =>
        expect(await ask('https://new.example.com')).toEqual([
          'https://new.example.com',
          'https://new.example.com',
        ]),
      5_000,
    );

    service.app.server.closeAllConnections();
    await service.app.close();
    await expect(fetch(`${url}/healthz`, { headers: { authorization: ADMIN_KEY } })).rejects.toThrow();
    expect(await ask(LISTED)).toEqual([LISTED, LISTED]);
    expect(await ask('https://other.example.com')).toEqual([null, null]);

    // Hanging, not refusing: the service's port takes connections and says nothing.
    const hanging = createServer(() => undefined).listen(Number(new URL(url).port), '127.0.0.1');
    await once(hanging, 'listening');
    cleanups.push(() => hanging.close());
    const cold = createAllowlist({ url, key, tenant: slug, firstLoadTimeoutMs: 200 });
    cleanups.push(() => cold.close());
    const startedAt = performance.now();
    const decision = await cold.decide({ method: 'GET', origin: LISTED });
    expect(decision).toMatchObject({ allowed: false, reason: 'not_loaded', callsNext: true, headers: {} });
    const waitedMs = performance.now() - startedAt;
    expect(waitedMs).toBeGreaterThan(150);
    expect(waitedMs).toBeLessThan(700);
  });
});
