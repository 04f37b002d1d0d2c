import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { buildApp } from '../../src/app.js';
import { openStore, type Store } from '../../src/store/store.js';
import { type PrivatePostgres, startPostgres } from '../support/postgres-server.js';
import { describeWithRedis, redisUrl } from '../support/requirements.js';
import { silentLog } from '../support/silent-log.js';
import { ADMIN_KEY } from './service.js';

describeWithRedis('given a node whose Postgres hangs', () => {
  let postgres: PrivatePostgres;
  let store: Store;
  let app: FastifyInstance;

  const call = async (method: 'GET' | 'POST', url: string, payload?: object) => {
    const startedAt = performance.now();
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const answer = await app.inject({ method, url, headers, ...(payload && { payload }) });
    return { status: answer.statusCode, body: answer.json(), ms: performance.now() - startedAt };
  };
  const evaluate = () =>
    call('POST', '/v1/evaluate', { tenant: 'acme', method: 'GET', origin: 'https://app.example.com' });

  beforeAll(async () => {
    postgres = await startPostgres();
    store = await openStore({ databaseUrl: postgres.url, redisUrl: redisUrl(), log: silentLog });
    app = await buildApp({ store, adminKey: ADMIN_KEY });
    await call('POST', '/v1/tenants', { slug: 'acme', name: 'Acme' });
    await call('POST', '/v1/tenants/acme/origins', { pattern: 'https://app.example.com' });
    expect((await evaluate()).body.allowed).toBe(true);
  });
  afterAll(async () => {
    await app.close();
    await store.close();
    await postgres.stop();
  });
  beforeEach(() => postgres.stall());
  afterEach(() => postgres.resume());

  it('answers writes 503 within two seconds, and has written nothing when Postgres is back', async () => {
    const refused = await call('POST', '/v1/tenants/acme/origins', { pattern: 'https://late.example.com' });
    expect(refused.status).toBe(503);
    expect(refused.body.code).toBe('store_unavailable');
    expect(refused.ms).toBeLessThan(2_000);
    await postgres.resume();
    await expect
      .poll(async () => (await call('GET', '/v1/tenants/acme')).status, { timeout: 10_000 })
      .toBe(200);
    // A write after it: what the refused one might still have done would be there by now.
    await call('POST', '/v1/tenants/acme/origins', { pattern: 'https://next.example.com' });
    expect((await call('GET', '/v1/tenants/acme')).body.revision).toBe(3);
    const list = await call('GET', '/v1/tenants/acme/origins');
    expect(list.body.items.map((entry: { pattern: string }) => entry.pattern)).toEqual([
      'https://app.example.com',
      'https://next.example.com',
    ]);
    // Redis keeps what was read of a revision, for the tests that follow in any order.
    expect((await evaluate()).body.revision).toBe(3);
  });

  it('decides by Redis with an empty memory', async () => {
    store.snapshots.clearMemory();
    expect((await evaluate()).body.allowed).toBe(true);
    expect((await call('GET', '/v1/snapshot?tenant=acme')).status).toBe(200);
  });

  it('stays in rotation, degraded', async () => {
    const ready = await call('GET', '/readyz');
    expect(ready.status).toBe(200);
    expect(ready.body).toEqual({ status: 'degraded', postgres: 'down', redis: 'up' });
  });
});
