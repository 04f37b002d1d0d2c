import type { ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { corsDelegate } from '@origin-allowlist/client/cors-delegate';
import { cors as fastifyCors } from '@origin-allowlist/client/fastify';
import { cors as honoCors } from '@origin-allowlist/client/hono';
import { cors as koaCors } from '@origin-allowlist/client/koa';
import { cors as nodeCors } from '@origin-allowlist/client/node';
import connectCors from 'cors';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { timeout } from 'hono/timeout';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { listen, listenFastify } from './listening.js';
import { createUnloadedAllowlist } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';
import { decidedLate, hearRejections } from './rejections.js';

const FROM_APP = [['Origin', 'https://app.example.com']] as const;
const PREFLIGHT = [...FROM_APP, ['Access-Control-Request-Method', 'PUT']] as const;
const REQUESTS = [
  ['a request', { headers: FROM_APP }],
  ['a preflight', { method: 'OPTIONS', headers: PREFLIGHT }],
] as const;

/** The timeout answers well before the first load is given up. */
const FIRST_LOAD_MS = 60;
const ANSWER_MS = 5;

/** Has a timeout of the application answer. */
function answerSoon(response: ServerResponse): void {
  setTimeout(() => response.writeHead(503).end('too slow'), ANSWER_MS);
}

function createSlow() {
  return createUnloadedAllowlist({ firstLoadTimeoutMs: FIRST_LOAD_MS });
}

const tooSlow = { status: 503, body: 'too slow' };

describe.each(REQUESTS)(
  'given %s that a timeout answers while the first load is waited for',
  (_, request) => {
    it('stands back in node:http: the answer stands and the application is not run', async () => {
      const rejections = hearRejections();
      const allowlist = createSlow();
      const handleCors = nodeCors(allowlist);
      let runs = 0;
      const port = await listen((incoming, response) => {
        answerSoon(response);
        handleCors(incoming, response, () => {
          runs += 1;
        });
      });
      expect(await sendRaw(port, request)).toMatchObject(tooSlow);
      await decidedLate(allowlist);
      expect({ rejections, runs }).toEqual({ rejections: [], runs: 0 });
    });

    it.each(['raw', 'reply', 'hijack'])('stands back in Fastify: %s', async (how) => {
      const rejections = hearRejections();
      const allowlist = createSlow();
      const app = Fastify();
      let runs = 0;
      app.addHook('onRequest', (_request, reply, next) => {
        if (how === 'hijack') setTimeout(() => reply.hijack(), 1);
        if (how === 'reply') setTimeout(() => reply.code(503).send('too slow'), ANSWER_MS);
        else answerSoon(reply.raw);
        next();
      });
      await app.register(fastifyCors, { allowlist });
      app.get('/', async () => {
        runs += 1;
        return 'ok';
      });
      expect(await sendRaw(await listenFastify(app), request)).toMatchObject(tooSlow);
      await decidedLate(allowlist);
      expect({ rejections, runs }).toEqual({ rejections: [], runs: 0 });
    });

    it('stands back in Koa', async () => {
      const rejections = hearRejections();
      const allowlist = createSlow();
      const app = new Koa();
      const errors: unknown[] = [];
      let runs = 0;
      app.on('error', (error) => errors.push(error));
      app.use((context, next) => {
        answerSoon(context.res);
        return next();
      });
      app.use(koaCors(allowlist));
      app.use(() => {
        runs += 1;
      });
      expect(await sendRaw(await listen(app.callback()), request)).toMatchObject(tooSlow);
      await decidedLate(allowlist);
      expect({ rejections, errors, runs }).toEqual({ rejections: [], errors: [], runs: 0 });
    });

    it('stands back in Hono', async () => {
      const rejections = hearRejections();
      const allowlist = createSlow();
      const app = new Hono();
      let runs = 0;
      app.use(timeout(ANSWER_MS));
      app.use(honoCors(allowlist));
      app.all('/', (context) => {
        runs += 1;
        return context.text('ok');
      });
      const listener = getRequestListener(app.fetch);
      const port = await listen((incoming, response) => void listener(incoming, response));
      expect(await sendRaw(port, request)).toMatchObject({ status: 504, body: 'Gateway Timeout' });
      await decidedLate(allowlist);
      expect({ rejections, runs }).toEqual({ rejections: [], runs: 0 });
    });

    it('ends no process through the delegate for `cors`', async () => {
      const rejections = hearRejections();
      const allowlist = createSlow();
      const app = express();
      app.use((_request, response, next) => {
        answerSoon(response);
        next();
      });
      app.use(connectCors(corsDelegate(allowlist)));
      expect(await sendRaw(await listen(app), request)).toMatchObject(tooSlow);
      await decidedLate(allowlist);
      expect(rejections).toEqual([]);
    });
  },
);

describe('given a handler of node:http that throws after a first load', () => {
  it('breaks off its own answer, tells the server, and ends no process', async () => {
    const rejections = hearRejections();
    const told: unknown[] = [];
    const broken = new Error('broken');
    const handleCors = nodeCors(createSlow());
    const port = await listen((incoming, response) => {
      incoming.socket.on('error', (error) => told.push(error));
      handleCors(incoming, response, () => {
        throw broken;
      });
    });
    await expect(sendRaw(port, { headers: FROM_APP })).resolves.toMatchObject({ body: '' });
    expect({ rejections, told }).toEqual({ rejections: [], told: [broken] });
  });
});
