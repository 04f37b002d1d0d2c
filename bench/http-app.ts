/** A server of `bench http`: `http-app.ts express|fastify bare|ours|theirs ORIGINS URL KEY TENANT`. Tells its port, and its CPU time when asked. */
import type { AddressInfo } from 'node:net';
import fastifyCors from '@fastify/cors';
import { type Allowlist, createAllowlist } from '@origin-allowlist/client';
import { cors as ourFastifyCors } from '@origin-allowlist/client/fastify';
import { cors as ourCors } from '@origin-allowlist/client/node';
import cors from 'cors';
import express from 'express';
import Fastify from 'fastify';

const ITEMS = {
  items: [
    { id: 1, name: 'one' },
    { id: 2, name: 'two' },
  ],
  nextCursor: null,
};
const READY_TIMEOUT_MS = 10_000;

const [framework = '', layer = '', origins = '', url = '', key = '', tenant = ''] = process.argv.slice(2);
const origin = origins.split(',');

const port = framework === 'express' ? await startExpress() : await startFastify();
process.on('message', () => process.send?.({ cpuMs: cpuMs() }));
// Without a parent nobody would stop it.
process.on('disconnect', () => process.exit());
process.send?.({ port });

async function startExpress(): Promise<number> {
  const app = express();
  if (layer === 'ours') app.use(ourCors(await loadAllowlist()));
  if (layer === 'theirs') app.use(cors({ origin }));
  app.get('/v1/items', (_request, response) => {
    response.json(ITEMS);
  });
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(portOf(server.address())));
  });
}

async function startFastify(): Promise<number> {
  const app = Fastify();
  if (layer === 'ours') await app.register(ourFastifyCors, { allowlist: await loadAllowlist() });
  if (layer === 'theirs') await app.register(fastifyCors, { origin });
  app.get('/v1/items', async () => ITEMS);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return portOf(app.server.address());
}

async function loadAllowlist(): Promise<Allowlist> {
  const allowlist = createAllowlist({ url, key, tenant });
  await allowlist.ready({ timeoutMs: READY_TIMEOUT_MS });
  return allowlist;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
