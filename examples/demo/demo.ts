import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAllowlist } from '@origin-allowlist/client';
import { pino } from 'pino';
import { buildApp } from '../../src/app.js';
import { type Closers, createClosers } from '../../src/closers.js';
import { openStore } from '../../src/store/store.js';
import { buildExpressApp, buildFastifyApp } from './apps.js';
import { buildPages } from './pages.js';

const TENANT = 'demo';
const CLOSE_TIMEOUT_MS = 5_000;
/** So that a click shows within a blink; a real service leaves the default. */
const POLL_INTERVAL_MS = 500;

export interface Demo {
  /** The overview to open in a browser. */
  readonly url: string;
  /** The origin that is listed at first, and the one that is not. */
  readonly shop: string;
  readonly other: string;
  close(): Promise<void>;
}

/**
 * Starts the service over a database, an Express and a Fastify app behind the SDK, and the pages that call them, on
 * `*.localhost` names.
 *
 * @param options.port the first of four ports in a row; 0 = any free ones
 */
export async function startDemo(options: {
  readonly databaseUrl: string;
  readonly adminKey: string;
  readonly port: number;
}): Promise<Demo> {
  const { databaseUrl, adminKey, port } = options;
  const log = pino({ level: 'warn' });
  const closers = createClosers(log);
  try {
    const store = await openStore({ databaseUrl, log });
    closers.add('store', CLOSE_TIMEOUT_MS, () => store.close());
    const service = await buildApp({ store, adminKey, logger: log });
    closers.add('service', CLOSE_TIMEOUT_MS, () => service.close());
    const serviceUrl = await service.listen({ host: '127.0.0.1', port: port === 0 ? 0 : port + 3 });
    const call = createCaller(serviceUrl, adminKey);

    await call('POST', '/v1/tenants', { slug: TENANT, name: 'The demo', environment: 'development' });
    const policy = {
      paths: ['/'],
      credentials: true,
      methods: ['PUT'],
      allowedHeaders: ['x-requested-by'],
      exposedHeaders: ['x-total'],
    };
    await call('PUT', `/v1/tenants/${TENANT}/policies/default`, policy);
    const { key } = await call('POST', '/v1/keys', { name: 'demo apps', preset: 'sdk' });

    const allowlist = createAllowlist({
      url: serviceUrl,
      key,
      tenant: TENANT,
      pollIntervalMs: POLL_INTERVAL_MS,
    });
    closers.add('SDK', CLOSE_TIMEOUT_MS, async () => allowlist.close());
    const expressPort = await listen(
      closers,
      'Express app',
      buildExpressApp(allowlist),
      port === 0 ? 0 : port + 1,
    );
    const fastify = await buildFastifyApp(allowlist);
    closers.add('Fastify app', CLOSE_TIMEOUT_MS, () => fastify.close());
    await fastify.listen({ host: '127.0.0.1', port: port === 0 ? 0 : port + 2 });

    const values: Record<string, string> = {
      EXPRESS: `http://express.localhost:${expressPort}`,
      FASTIFY: `http://fastify.localhost:${portOf(fastify.server)}`,
    };
    const pages = buildPages(createList(call), values);
    const pagePort = await listen(closers, 'pages', pages, port);
    const shop = `http://shop.localhost:${pagePort}`;
    const other = `http://other.localhost:${pagePort}`;
    Object.assign(values, { SHOP: shop, OTHER: other });
    await call('PUT', `/v1/tenants/${TENANT}/origins/by-pattern?pattern=${encodeURIComponent(shop)}`, {
      note: 'the shop',
    });
    await allowlist.ready();
    return { url: `http://demo.localhost:${pagePort}`, shop, other, close: closers.closeAll };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

type Call = ReturnType<typeof createCaller>;

/** Calls the service's REST API; a tenant that is there already from the last run is fine. */
function createCaller(serviceUrl: string, adminKey: string) {
  // What an answer holds is this demo's to know; a wrong guess fails at once.
  return async (method: string, path: string, body?: object): Promise<ReturnType<typeof JSON.parse>> => {
    const response = await fetch(`${serviceUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok && response.status !== 409)
      throw new Error(`${method} ${path}: ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  };
}

function createList(call: Call) {
  const origins = `/v1/tenants/${TENANT}/origins`;
  const patterns = async (): Promise<string[]> => {
    const { items } = await call('GET', origins);
    return items.map((entry: { pattern: string }) => entry.pattern);
  };
  return {
    patterns,
    toggle: async (origin: string) => {
      const listed = (await patterns()).includes(origin);
      const path = `${origins}/by-pattern?pattern=${encodeURIComponent(origin)}`;
      await (listed ? call('DELETE', path) : call('PUT', path, {}));
    },
  };
}

async function listen(closers: Closers, name: string, server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  closers.add(name, CLOSE_TIMEOUT_MS, async () => {
    server.closeAllConnections();
    server.close();
  });
  return portOf(server);
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
