import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { type Allowlist, createAllowlist } from '@origin-allowlist/client';
import { cors as fastifyCors } from '@origin-allowlist/client/fastify';
import { cors } from '@origin-allowlist/client/node';
import express from 'express';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { launchChromium } from '../support/chromium.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { describeWithChromium } from '../support/requirements.js';
import { killServices, startService } from '../support/service-process.js';

const ADMIN_KEY = 'test-admin-key-of-at-least-32-characters';
const FROM_SOURCE = `exec '${process.execPath}' --import tsx --conditions @origin-allowlist/source src/main.ts`;
/** Usually a moment; a slow machine may take many. */
const SOON_MS = 10_000;
/** What a page learns of a fetch: the answer, or that the browser kept it. */
type Outcome =
  | { readonly status: number; readonly total: string | null; readonly cookie: string | null }
  | 'refused';

let database: TestDatabase;
let serviceUrl: string;
let allowlist: Allowlist;
let browser: Browser;
let pages: Server;
let expressServer: Server;
let fastify: FastifyInstance;
let shopOrigin: string;
let shop: Page;
let other: Page;
/** Requests that reached a handler, by method. */
const handled: string[] = [];

const call = async (method: string, path: string, body?: object) => {
  const response = await fetch(`${serviceUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  return response;
};

const byPattern = () => `/v1/tenants/acme/origins/by-pattern?pattern=${encodeURIComponent(shopOrigin)}`;

const portOf = (server: Server) => {
  const { port }: AddressInfo = Object(server.address());
  return port;
};

const PAGE = `<!doctype html><title>page</title><script>
  const tryFetch = (url, init) => fetch(url, { cache: 'no-store', ...init }).then(
    async (response) => ({
      status: response.status,
      total: response.headers.get('x-total'),
      cookie: (await response.json()).cookie,
    }),
    () => 'refused',
  );
</script>`;

const tryFetch = (page: Page, url: string, init: object): Promise<Outcome> =>
  page.evaluate(`tryFetch(${JSON.stringify(url)}, ${JSON.stringify(init)})`);

const urlOf = (framework: 'Express' | 'Fastify') =>
  framework === 'Express'
    ? `http://express.acme.localhost:${portOf(expressServer)}/orders`
    : `http://fastify.acme.localhost:${portOf(fastify.server)}/orders`;

// The listed page is of the apps' own site, as a company's pages are: Chromium keeps cookies from other sites' requests.
describeWithChromium('given the real service, a page and an app with one line of middleware', () => {
  beforeAll(async () => {
    database = await createTestDatabase();
    serviceUrl = await startService({
      folder: resolve(import.meta.dirname, '../..'),
      env: { DATABASE_URL: database.url, ADMIN_KEY },
      command: FROM_SOURCE,
    }).ready;
    pages = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    }).listen(0, '127.0.0.1');
    browser = await launchChromium();
    shopOrigin = `http://shop.acme.localhost:${portOf(pages)}`;

    await call('POST', '/v1/tenants', { slug: 'acme', name: 'Acme', environment: 'development' });
    await call('PUT', '/v1/tenants/acme/policies/default', {
      paths: ['/'],
      credentials: true,
      methods: ['PUT'],
      allowedHeaders: ['x-requested-by'],
      exposedHeaders: ['x-total'],
    });
    await call('PUT', byPattern(), {});
    const created = await call('POST', '/v1/keys', { name: 'apps', preset: 'sdk', tenants: ['acme'] });
    const { key }: { key: string } = Object(await created.json());
    allowlist = createAllowlist({ url: serviceUrl, key, tenant: 'acme', pollIntervalMs: 100 });
    expect(await allowlist.ready({ timeoutMs: SOON_MS })).toMatchObject({ state: 'ready' });

    const app = express();
    app.use(cors(allowlist));
    app.all('/orders', (request, response) => {
      handled.push(request.method);
      response.set('x-total', '3').json({ cookie: request.headers.cookie ?? null });
    });
    expressServer = app.listen(0, '127.0.0.1');
    fastify = Fastify();
    await fastify.register(fastifyCors, { allowlist });
    fastify.route({
      method: ['GET', 'PUT'],
      url: '/orders',
      handler: async (request, reply) => {
        handled.push(request.method);
        reply.header('x-total', '3');
        return { cookie: request.headers.cookie ?? null };
      },
    });
    await fastify.listen({ host: '127.0.0.1', port: 0 });

    const context = await browser.newContext();
    await context.addCookies(
      (['Express', 'Fastify'] as const).map((framework) => ({
        name: 'session',
        value: framework,
        url: urlOf(framework),
        sameSite: 'Lax' as const,
      })),
    );
    shop = await context.newPage();
    await shop.goto(shopOrigin);
    other = await context.newPage();
    await other.goto(`http://other.localhost:${portOf(pages)}`);
  });

  afterAll(async () => {
    await browser?.close();
    allowlist?.close();
    await fastify?.close();
    expressServer?.close();
    pages?.close();
    await killServices();
    await database?.drop();
  });

  it.each(['Express', 'Fastify'] as const)('a listed page reads the answers of %s', async (framework) => {
    const url = urlOf(framework);
    expect(await tryFetch(shop, url, {})).toEqual({ status: 200, total: '3', cookie: null });
    expect(await tryFetch(shop, url, { credentials: 'include' })).toEqual({
      status: 200,
      total: '3',
      cookie: `session=${framework}`,
    });
    const put = { method: 'PUT', headers: { 'x-requested-by': 'test' } };
    expect(await tryFetch(shop, url, put)).toEqual({ status: 200, total: '3', cookie: null });
  });

  it.each(['Express', 'Fastify'] as const)('another page reads nothing of %s', async (framework) => {
    const url = urlOf(framework);
    handled.length = 0;
    expect(await tryFetch(other, url, {})).toBe('refused');
    expect(await tryFetch(other, url, { credentials: 'include' })).toBe('refused');
    expect(handled).toEqual(['GET', 'GET']); // CORS hides answers; it does not stop simple requests
    expect(await tryFetch(other, url, { method: 'PUT', headers: { 'x-requested-by': 'test' } })).toBe(
      'refused',
    );
    expect(handled).toEqual(['GET', 'GET']); // a refused preflight does
  });

  it.each(['Express', 'Fastify'] as const)(
    'a method or header not allowed never reaches %s',
    async (framework) => {
      const url = urlOf(framework);
      handled.length = 0;
      expect(await tryFetch(shop, url, { method: 'DELETE' })).toBe('refused');
      expect(await tryFetch(shop, url, { headers: { 'x-other': '1' } })).toBe('refused');
      expect(handled).toEqual([]);
    },
  );

  it('a removed origin is refused and, added again, allowed, while everything runs', async () => {
    for (const [change, expected] of [
      [() => call('DELETE', byPattern()), 'refused'],
      [() => call('PUT', byPattern(), {}), { status: 200, total: '3', cookie: null }],
    ] as const) {
      await change();
      for (const framework of ['Express', 'Fastify'] as const) {
        await vi.waitFor(
          async () => expect(await tryFetch(shop, urlOf(framework), {})).toEqual(expected),
          SOON_MS,
        );
      }
    }
  });
});
