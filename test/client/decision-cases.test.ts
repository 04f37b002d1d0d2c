import { getRequestListener } from '@hono/node-server';
import { cors as fastifyCors } from '@origin-allowlist/client/fastify';
import { cors as honoCors, withCors } from '@origin-allowlist/client/hono';
import { cors as koaCors } from '@origin-allowlist/client/koa';
import { cors } from '@origin-allowlist/client/node';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import {
  ALL_CASES,
  createCaseAllowlist,
  createCaseApplication,
  HTTP_CASES,
  runCases,
} from './case-server.js';
import { listen, listenFastify, MAX_HEADER_BYTES } from './listening.js';

console.log(
  `decision cases over HTTP: ${HTTP_CASES.length}; ${ALL_CASES.length - HTTP_CASES.length} hold bytes HTTP cannot carry`,
);

describe('every decision case that HTTP can carry', () => {
  it('comes out the same through Express', async () => {
    const application = createCaseApplication();
    const app = express();
    app.use((request, response, next) => {
      response.set(application.priorHeaders(request.headers.host));
      next();
    });
    app.use(cors(await createCaseAllowlist()));
    app.use((request, response) => void response.send(application.run(request.headers.host)));
    app.set('env', 'test');
    expect(HTTP_CASES.length).toBeGreaterThan(200);
    expect(await runCases(await listen(app), application)).toEqual([]);
  });

  it('comes out the same through Fastify', async () => {
    const application = createCaseApplication();
    const app = Fastify({ http: { maxHeaderSize: MAX_HEADER_BYTES } });
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(application.priorHeaders(request.headers.host));
    });
    await app.register(fastifyCors, { allowlist: await createCaseAllowlist() });
    app.all('/', async (request) => application.run(request.headers.host));
    expect(await runCases(await listenFastify(app), application)).toEqual([]);
  });

  it('comes out the same through Koa', async () => {
    const application = createCaseApplication();
    const app = new Koa();
    app.silent = true;
    app.use((context, next) => {
      context.set(application.priorHeaders(context.headers.host));
      return next();
    });
    app.use(koaCors(await createCaseAllowlist()));
    app.use((context) => {
      context.body = application.run(context.headers.host);
    });
    expect(await runCases(await listen(app.callback()), application)).toEqual([]);
  });

  it('comes out the same through Hono', async () => {
    const application = createCaseApplication();
    const app = new Hono();
    app.onError((_error, context) => context.text('broken', 500));
    app.use((context, next) => {
      for (const [name, value] of Object.entries(application.priorHeaders(context.req.header('host'))))
        context.header(name, value);
      return next();
    });
    app.use(honoCors(await createCaseAllowlist()));
    app.all('/', (context) => context.text(application.run(context.req.header('host'))));
    const listener = getRequestListener(app.fetch);
    const port = await listen((request, response) => void listener(request, response));
    expect(await runCases(port, application)).toEqual([]);
  });

  it('comes out the same through the wrapper of fetch-style handlers', async () => {
    const application = createCaseApplication();
    const handle = ({ headers }: Request): Response => {
      const host = headers.get('host') ?? undefined;
      // No code comes before the wrapper: what it might set, the handler does.
      return new Response(application.run(host), { headers: application.priorHeaders(host) });
    };
    const onError = (): Response => new Response('broken', { status: 500 });
    const listener = getRequestListener(withCors(handle, await createCaseAllowlist(), { onError }));
    const port = await listen((request, response) => void listener(request, response));
    expect(await runCases(port, application)).toEqual([]);
  });
});
