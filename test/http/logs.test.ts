import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/app.js';
import { createKeyText } from '../../src/http/key-text.js';
import { openServiceLog } from '../../src/service-log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { ADMIN_KEY, openService, type TestService } from './service.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

/** A node that logs everything, one line a text. */
async function openLoggingNode(spoil: (store: Store) => Store = (store) => store) {
  const lines: string[] = [];
  const { log } = openServiceLog({
    level: 'trace',
    secrets: [ADMIN_KEY],
    destination: { write: (line) => lines.push(line) },
  });
  const store = await openStore({ databaseUrl: service.databaseUrl, log });
  const app = await buildApp({ store: spoil(store), adminKey: ADMIN_KEY, logger: log });
  const close = async () => {
    await app.close();
    await store.close();
  };
  return { app, lines, close };
}

describe('given a session with keys in every odd place, and a log of everything', () => {
  it('logs each request, and no key', async () => {
    const node = await openLoggingNode();
    const slug = await service.tenant();
    const made = await node.app.inject({
      method: 'POST',
      url: '/v1/keys',
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
      payload: { name: 'a key', scopes: ['tenants:read', 'origins:read', 'origins:write', 'evaluate'] },
    });
    const own: string = made.json().key;
    expect(own).toMatch(/^oak_/);
    const unknown = createKeyText();
    const keys = [own, unknown, ADMIN_KEY];
    for (const key of keys) {
      const good = { authorization: `Bearer ${own}` };
      const requests = [
        { url: '/v1/tenants', headers: { authorization: `Bearer ${key}` } },
        { url: '/v1/tenants', headers: { authorization: `Basic ${key}` } },
        { url: '/v1/tenants', headers: { authorization: key } },
        { url: `/v1/tenants?key=${key}`, headers: good },
        { url: `/v1/tenants?access_token=Bearer%20${key}`, headers: good },
        { url: `/v1/tenants/${key}`, headers: good },
        { url: `/${key}/%g1`, headers: good },
        { url: `http://user:${key}@service.example/v1/tenants`, headers: good },
        {
          url: '/healthz',
          headers: { cookie: `key=${key}`, 'x-api-key': key, origin: `https://${key}.example` },
        },
        { url: '/healthz', headers: { host: key, 'user-agent': key, referer: `https://a.example/?${key}` } },
        {
          method: 'POST',
          url: '/v1/evaluate',
          headers: good,
          payload: { tenant: slug, method: 'GET', origin: key },
        },
        { method: 'POST', url: `/v1/tenants/${slug}/origins`, headers: good, payload: { pattern: key } },
        {
          method: 'POST',
          url: `/v1/tenants/${slug}/origins`,
          headers: { ...good, 'content-type': 'application/json' },
          payload: `{"pattern": ${key}`,
        },
        { method: 'POST', url: `/v1/tenants/${slug}/origins`, headers: good, payload: { [key]: key } },
      ] as const;
      for (const request of requests) await node.app.inject(request);
    }
    await node.close();

    const text = node.lines.join('');
    expect(node.lines.filter((line) => line.includes('incoming request')).length).toBeGreaterThan(40);
    for (const key of keys) expect(text).not.toContain(key.slice(0, 20));
  });

  it('logs no key with an error nobody foresaw', async () => {
    const key = createKeyText();
    const node = await openLoggingNode((store) => ({
      ...store,
      keys: { ...store.keys, verify: () => Promise.reject(new Error(`select ${key}`, { cause: { key } })) },
    }));
    const answer = await node.app.inject({ url: '/v1/tenants', headers: { authorization: `Bearer ${key}` } });
    await node.close();
    expect(answer.statusCode).toBe(500);
    const text = node.lines.join('');
    expect(text).toContain('request failed');
    expect(text).not.toContain(key.slice(0, 20));
  });
});

describe('given a malicious path', () => {
  it('logs one line for it, without what a terminal acts upon', async () => {
    const node = await openLoggingNode();
    const before = node.lines.length;
    await node.app.inject({ url: '/\u001b[2J\u202e%0d%0a{"level":60}\u009b31m' });
    const written = node.lines.slice(before);
    await node.close();
    expect(written.length).toBeGreaterThan(0);
    for (const line of written) {
      expect(line).toMatch(/^[\x20-\x7e]+\n$/);
      expect(JSON.parse(line).level).not.toBe(60);
    }
  });
});
