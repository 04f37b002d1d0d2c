import type { FastifyInstance } from 'fastify';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { buildApp } from '../../src/app.js';
import { openStore } from '../../src/store/store.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type PrivateRedis, startRedis } from '../support/redis-server.js';
import { describeWithRedisServer } from '../support/requirements.js';
import { silentLog } from '../support/silent-log.js';
import { ADMIN_KEY } from './service.js';
import { openStream, type StreamReader } from './sse-reader.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

/** One node of several over the same database. */
async function openNode(redisUrl?: string): Promise<{ readonly app: FastifyInstance; readonly url: string }> {
  const store = await openStore({ databaseUrl: database.url, redisUrl, log: silentLog });
  const app = await buildApp({ store, adminKey: ADMIN_KEY });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    app.server.closeAllConnections();
    await app.close();
    await store.close();
  });
  return { app, url };
}

async function call(url: string, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${ADMIN_KEY}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
  return response.status === 204 ? undefined : response.json();
}

async function follow(url: string, lineage: unknown): Promise<StreamReader> {
  const reader = await openStream(url, ADMIN_KEY, [{ slug: 'acme', lineage, revision: 1 }]);
  onTestFinished(() => reader.close());
  expect((await reader.next()).event).toBe('hello');
  return reader;
}

/** Writes on one node; a stream on another hears of each step, in order. */
async function expectSteps(writer: string, other: string): Promise<void> {
  const tenant = await call(writer, 'POST', '/v1/tenants', { slug: 'acme', name: 'Acme' });
  const { lineage }: { lineage?: unknown } = Object(tenant);
  const reader = await follow(other, lineage);
  const patterns = ['https://a.example.com', 'https://b.example.com', 'https://c.example.com'];
  for (const pattern of patterns) await call(writer, 'POST', '/v1/tenants/acme/origins', { pattern });
  await call(writer, 'DELETE', '/v1/tenants/acme/origins/by-pattern?pattern=https://b.example.com');
  let revision = 1;
  const held = new Set<string>();
  while (revision < 5) {
    const { event, data } = await reader.next();
    expect([event, data.lineage, data.from]).toEqual(['delta', lineage, revision]);
    for (const { op, entry, pattern } of data.ops) {
      if (op === 'put') held.add(entry.pattern);
      else held.delete(pattern);
    }
    expect(data.count).toBe(held.size);
    revision = data.to;
  }
  expect([...held]).toEqual(['https://a.example.com', 'https://c.example.com']);
  await call(writer, 'DELETE', '/v1/tenants/acme');
  expect(await reader.next()).toEqual({ event: 'gone', data: { tenant: 'acme' } });
}

describe('given two nodes that only share a database', () => {
  it('brings every step of a write on one to a stream on the other', async () => {
    const [a, b] = [await openNode(), await openNode()];
    await expectSteps(a.url, b.url);
  });

  it('ends the streams of a key that was revoked on the other', async () => {
    const [a, b] = [await openNode(), await openNode()];
    await call(a.url, 'POST', '/v1/tenants', { slug: 'acme', name: 'Acme' });
    const created = await call(a.url, 'POST', '/v1/keys', { name: 'k', preset: 'sdk' });
    const { id, key }: { id?: unknown; key?: unknown } = Object(created);
    const reader = await openStream(b.url, String(key), [{ slug: 'acme', lineage: null, revision: null }]);
    expect((await reader.next()).event).toBe('hello');
    await call(a.url, 'DELETE', `/v1/keys/${id}`);
    expect(await reader.ended()).toContain('retry: ');
  });
});

describeWithRedisServer('given two nodes and a Redis', () => {
  let redis: PrivateRedis;
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(() => redis.stop());

  it('brings every step of a write on one to a stream on the other', async () => {
    const [a, b] = [await openNode(redis.url), await openNode(redis.url)];
    await expectSteps(a.url, b.url);
  });

  it('loses none when announcements are doubled, and believes none that no node has signed', async () => {
    const [a, b] = [await openNode(redis.url), await openNode(redis.url)];
    const stranger = new Redis(redis.url);
    onTestFinished(() => stranger.disconnect());
    const listener = stranger.duplicate();
    // Redis goes before them.
    for (const client of [stranger, listener]) client.on('error', () => undefined);
    onTestFinished(() => listener.disconnect());
    await listener.subscribe('origin-allowlist:announcements');
    let count = 0;
    listener.on('message', (channel, text) => {
      // Each of the first ones again, and others that no node has signed: with the right place, and an origin that nobody listed.
      count += 1;
      if (count > 8) return;
      void stranger.publish(channel, text);
      const announcement = JSON.parse(text.slice(text.indexOf('{')));
      if (announcement.kind !== 'tenant') return;
      const { revision } = announcement.move;
      const ops = [{ op: 'put', entry: { pattern: 'https://evil.example' } }];
      const delta = { from: revision, to: revision + 1, count: 1, ops };
      const move = { ...announcement.move, revision: revision + 1 };
      void stranger.publish(channel, JSON.stringify({ kind: 'tenant', move, delta, ack: false }));
    });
    await expectSteps(a.url, b.url);
  });

  it('goes on when Redis goes away in between', async () => {
    const [a, b] = [await openNode(redis.url), await openNode(redis.url)];
    await redis.kill();
    await expectSteps(a.url, b.url);
  });
});
