import foreignFastifyCors from '@fastify/cors';
import { getRequestListener } from '@hono/node-server';
import foreignKoaCors from '@koa/cors';
import type { Allowlist, Conflict } from '@origin-allowlist/client';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { cors as fastifyCors } from '@origin-allowlist/client/fastify';
import { cors as honoCors, withCors } from '@origin-allowlist/client/hono';
import { cors as koaCors } from '@origin-allowlist/client/koa';
import { cors } from '@origin-allowlist/client/node';
import foreignCors from 'cors';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { cors as foreignHonoCors } from 'hono/cors';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { listen, listenFastify } from './listening.js';
import { createLoadedAllowlist } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';
const LIST = { entries: [{ pattern: ORIGIN }] };

type Order = 'before ours' | 'after ours';

/** Each serves `ok` behind our layer and one of another make that allows everybody. @returns the port. */
const servers: Readonly<
  Record<Conflict['adapter'], (allowlist: Allowlist, order: Order) => Promise<number>>
> = {
  node: (allowlist, order) => {
    const app = express();
    if (order === 'before ours') app.use(foreignCors({ preflightContinue: true }));
    app.use(cors(allowlist));
    if (order === 'after ours') app.use(foreignCors());
    app.get('/', (_request, response) => void response.send('ok'));
    return listen(app);
  },
  fastify: async (allowlist, order) => {
    const app = Fastify();
    if (order === 'before ours') await app.register(foreignFastifyCors, { preflightContinue: true });
    await app.register(fastifyCors, { allowlist });
    if (order === 'after ours') await app.register(foreignFastifyCors);
    app.get('/', async () => 'ok');
    return listenFastify(app);
  },
  koa: (allowlist, order) => {
    const app = new Koa();
    const foreign = foreignKoaCors({ origin: () => '*' });
    // It answers preflights itself.
    if (order === 'before ours')
      app.use((context, next) => (context.method === 'OPTIONS' ? next() : foreign(context, next)));
    app.use(koaCors(allowlist));
    if (order === 'after ours') app.use(foreign);
    app.use((context) => {
      context.body = 'ok';
    });
    return listen(app.callback());
  },
  hono: (allowlist, order) => {
    const app = new Hono();
    if (order === 'before ours')
      app.use((context, next) => {
        context.header('Access-Control-Allow-Origin', '*');
        return next();
      });
    app.use(honoCors(allowlist));
    if (order === 'after ours') app.use(foreignHonoCors());
    app.get('/', (context) => context.text('ok'));
    const listener = getRequestListener(app.fetch);
    return listen((request, response) => void listener(request, response));
  },
  fetch: (allowlist) => {
    const app = new Hono();
    app.use(foreignHonoCors());
    app.get('/', (context) => context.text('ok'));
    const listener = getRequestListener(withCors(app.fetch, allowlist));
    return listen((request, response) => void listener(request, response));
  },
};

function isAdapter(name: string): name is Conflict['adapter'] {
  return name in servers;
}
const ADAPTERS = Object.keys(servers).filter(isAdapter);
const ORDERS = ['before ours', 'after ours'] as const;

async function serve(adapter: Conflict['adapter'], order: Order) {
  const allowlist = await createLoadedAllowlist(LIST);
  const told: Conflict[] = [];
  allowlist.on('conflict', (conflict) => told.push(conflict));
  return { allowlist, told, port: await servers[adapter](allowlist, order) };
}

describe.each(ADAPTERS)('given a second CORS layer of another make beside our %s', (adapter) => {
  describe.each(ORDERS)('%s', (order) => {
    it('has the last word, and tells of the other once', async () => {
      const { allowlist, told, port } = await serve(adapter, order);
      for (const _time of [1, 2]) {
        const { headers, body } = await sendRaw(port, { headers: [['Origin', EVIL]] });
        expect(body).toBe('ok');
        expect(headers).not.toHaveProperty('access-control-allow-origin');
      }
      const { headers } = await sendRaw(port, { headers: [['Origin', ORIGIN]] });
      expect(headers['access-control-allow-origin']).toBe(ORIGIN);
      const conflict = { adapter, header: 'access-control-allow-origin', value: '*' };
      expect(told).toEqual([conflict]);
      expect(allowlist.status().conflicts).toEqual([conflict]);
    });

    it('tells of it on answers that are allowed, too', async () => {
      const { told, port } = await serve(adapter, order);
      const { headers } = await sendRaw(port, { headers: [['Origin', ORIGIN]] });
      expect(headers['access-control-allow-origin']).toBe(ORIGIN);
      expect(told).toMatchObject([{ adapter, value: '*' }]);
    });

    it('lets nothing of it onto a refused preflight', async () => {
      const { port } = await serve(adapter, order);
      const asks = ['Access-Control-Request-Method', 'PUT'] as const;
      const answer = await sendRaw(port, { method: 'OPTIONS', headers: [['Origin', EVIL], asks] });
      expect(answer.status).toBe(403);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    });
  });
});

describe('given no other layer', () => {
  it('tells of none, whatever drops our headers', async () => {
    const allowlist = await createLoadedAllowlist(LIST);
    const told: Conflict[] = [];
    allowlist.on('conflict', (conflict) => told.push(conflict));
    const koa = new Koa();
    koa.silent = true;
    koa.use(koaCors(allowlist));
    koa.use((context) => context.throw(500));
    const app = express();
    app.use(cors(allowlist));
    app.use(cors(allowlist));
    app.use((_request, response) => {
      response.removeHeader('access-control-allow-origin');
      response.send('ok');
    });
    const hono = new Hono();
    hono.use(honoCors(allowlist));
    hono.use((context, next) => {
      // As middleware does that reads the body.
      context.req.raw = new Request(context.req.raw);
      return next();
    });
    hono.use(honoCors(allowlist));
    const listener = getRequestListener(withCors(hono.fetch, allowlist));
    const ports = [
      await listen(koa.callback()),
      await listen(app),
      await listen((request, response) => void listener(request, response)),
    ];
    for (const port of ports) {
      const { headers } = await sendRaw(port, { headers: [['Origin', ORIGIN]] });
      expect(headers['access-control-allow-origin']).toBe(ORIGIN);
    }
    expect(told).toEqual([]);
    expect(allowlist.status()).not.toHaveProperty('conflicts');
  });
});

describe('given a policy that only reports', () => {
  it('leaves the other layer in charge, and is in no conflict with it', async () => {
    const allowlist = await createLoadedAllowlist({
      ...LIST,
      policies: [{ ...DEFAULT_POLICY, enforcement: 'report' }],
    });
    for (const adapter of ADAPTERS) {
      const { headers } = await sendRaw(await servers[adapter](allowlist, 'after ours'), {
        headers: [['Origin', EVIL]],
      });
      expect(headers['access-control-allow-origin']).toBe('*');
    }
    expect(allowlist.status()).not.toHaveProperty('conflicts');
  });
});
