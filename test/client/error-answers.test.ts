import fastifyPackage from '@fastify/cors';
import { getRequestListener } from '@hono/node-server';
import type { Allowlist } from '@origin-allowlist/client';
import { corsDelegate } from '@origin-allowlist/client/cors-delegate';
import { cors as fastifyCors } from '@origin-allowlist/client/fastify';
import { cors as honoCors, withCors } from '@origin-allowlist/client/hono';
import { cors as koaCors } from '@origin-allowlist/client/koa';
import { cors } from '@origin-allowlist/client/node';
import expressPackage from 'cors';
import express, { type ErrorRequestHandler, type Express } from 'express';
import Fastify, { type FastifyInstance } from 'fastify';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { validator } from 'hono/validator';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { listen, listenFastify } from './listening.js';
import { createLoadedAllowlist } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';

/** The errors that every adapter's headers survive, with what is sent to have each: to the path of its number. */
const ERRORS = [
  [400, '{"broken'],
  [401, '{}'],
  [404, '{}'],
  [413, '{"long": true}'],
  [429, '{}'],
  [500, '{}'],
] as const;
const BODY_LIMIT_BYTES = 12;

/** Thrown, as libraries do it: with the status that the framework is to answer. */
function failure(status: number): Error {
  return Object.assign(new Error(String(status)), { status, statusCode: status });
}

/** Express behind something that handles CORS, with each error as it usually comes about. */
function withExpressErrors(app: Express): Express {
  app.set('env', 'test');
  app.post('/400', express.json());
  app.post('/401', (_request, response) => void response.status(401).send('who are you?'));
  app.post('/413', express.json({ limit: BODY_LIMIT_BYTES }));
  app.post('/429', (_request, _response, next) => next(failure(429)));
  app.post('/500', async () => {
    throw new Error('broken');
  });
  return app;
}

function withFastifyErrors(app: FastifyInstance): FastifyInstance {
  const schema = { body: { type: 'object', required: ['id'] } };
  app.post('/400', { schema }, async () => 'ok');
  app.post('/401', async (_request, reply) => reply.code(401).send());
  app.post('/413', { bodyLimit: BODY_LIMIT_BYTES }, async () => 'ok');
  app.post('/429', async () => {
    throw failure(429);
  });
  app.post('/500', async () => {
    throw new Error('broken');
  });
  return app;
}

function withHonoErrors(app: Hono): Hono {
  app.onError((error, context) =>
    error instanceof HTTPException ? error.getResponse() : context.text('broken', 500),
  );
  app.post(
    '/400',
    validator('json', (_value, context) => context.text('no id', 400)),
  );
  app.post('/401', () => {
    throw new HTTPException(401);
  });
  app.post('/413', bodyLimit({ maxSize: BODY_LIMIT_BYTES }));
  app.post('/429', (context) => context.text('later', 429, { 'Retry-After': '1' }));
  app.post('/500', () => {
    throw new Error('broken');
  });
  return app;
}

function listenFetch(fetch: (request: Request) => Response | Promise<Response>): Promise<number> {
  const listener = getRequestListener(fetch);
  return listen((request, response) => void listener(request, response));
}

/** Error handlers often begin anew. */
const answerFromScratch: ErrorRequestHandler = (error, _request, response, _next) => {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.status(error.status ?? 500).json({ error: 'broken' });
};

/** A status is the number that the path is. */
function statusOf(url: string | undefined): number {
  return Number(url?.slice(1));
}

/** Each answers `/400` with 400 and so on, behind the adapter. @returns the port. */
const servers: Readonly<Record<string, (allowlist: Allowlist) => Promise<number>>> = {
  async 'Express and its own error handler'(allowlist) {
    return listen(withExpressErrors(express().use(cors(allowlist))));
  },
  async 'Express and an error middleware'(allowlist) {
    const app = withExpressErrors(express().use(cors(allowlist)));
    app.use((_request, _response, next) => next(failure(404)));
    return listen(app.use(answerFromScratch));
  },
  async 'node:http by statusCode and end'(allowlist) {
    const handleCors = cors(allowlist);
    return listen((request, response) =>
      handleCors(request, response, () => {
        response.statusCode = statusOf(request.url);
        response.end('no');
      }),
    );
  },
  async 'node:http by writeHead'(allowlist) {
    const handleCors = cors(allowlist);
    return listen((request, response) =>
      handleCors(request, response, () => {
        response.writeHead(statusOf(request.url), { 'Retry-After': '1' }).end('no');
      }),
    );
  },
  async 'node:http by writeHead, once the body is read'(allowlist) {
    const handleCors = cors(allowlist);
    return listen((request, response) =>
      handleCors(request, response, () => {
        request.resume().on('end', () => {
          response.writeHead(statusOf(request.url), 'No', ['Content-Type', 'text/plain']).end('no');
        });
      }),
    );
  },
  async 'cors with our delegate'(allowlist) {
    return listen(withExpressErrors(express().use(expressPackage(corsDelegate(allowlist)))));
  },
  async '@fastify/cors with our delegate'(allowlist) {
    const app = Fastify();
    await app.register(fastifyPackage, { delegator: corsDelegate(allowlist) });
    return listenFastify(withFastifyErrors(app));
  },
  async Fastify(allowlist) {
    const app = Fastify();
    await app.register(fastifyCors, { allowlist });
    return listenFastify(withFastifyErrors(app));
  },
  async 'Fastify and an error handler'(allowlist) {
    const app = Fastify();
    await app.register(fastifyCors, { allowlist });
    app.setErrorHandler(async (_error, request, reply) => {
      for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
      return reply.code(statusOf(request.url)).send({ error: 'broken' });
    });
    return listenFastify(withFastifyErrors(app));
  },
  async Koa(allowlist) {
    const app = new Koa();
    app.silent = true;
    app.use(koaCors(allowlist));
    app.use((context) => {
      const status = statusOf(context.path);
      if (status === 500) throw new Error('broken');
      if (status !== 404) context.throw(status);
    });
    return listen(app.callback());
  },
  async Hono(allowlist) {
    return listenFetch(withHonoErrors(new Hono().use(honoCors(allowlist))).fetch);
  },
  async 'the wrapper of fetch-style handlers'(allowlist) {
    return listenFetch(withCors(withHonoErrors(new Hono()).fetch, allowlist));
  },
};

describe.each(Object.entries(servers))('given %s', (name, serve) => {
  it.each(ERRORS)(
    'keeps the headers on a %i for an allowed origin, and gives none to another',
    async (status, body) => {
      const port = await serve(await createLoadedAllowlist({ entries: [{ pattern: ORIGIN }] }));
      const ask = (origin: string) =>
        sendRaw(port, {
          method: 'POST',
          target: `/${status}`,
          headers: [
            ['Origin', origin],
            ['Content-Type', 'application/json'],
          ],
          body,
        });
      const allowed = await ask(ORIGIN);
      expect(allowed.status).toBe(status);
      expect(allowed.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Origin' });
      const refused = await ask(EVIL);
      expect(refused.status).toBe(status);
      expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
      // `cors` writes nothing at all where the delegate refuses.
      expect(refused.headers.vary).toBe(name === 'cors with our delegate' ? undefined : 'Origin');
    },
  );
});
