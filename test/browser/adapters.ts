import type { RequestListener } from 'node:http';
import fastifyCors from '@fastify/cors';
import { getRequestListener } from '@hono/node-server';
import type { Allowlist } from '@origin-allowlist/client';
import { corsDelegate } from '@origin-allowlist/client/cors-delegate';
import { cors as ourFastifyCors } from '@origin-allowlist/client/fastify';
import { cors as honoCors, withCors } from '@origin-allowlist/client/hono';
import { cors as koaCors } from '@origin-allowlist/client/koa';
import { cors } from '@origin-allowlist/client/node';
import corsPackage from 'cors';
import express, { type RequestHandler } from 'express';
import Fastify, { type FastifyInstance } from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { listen } from '../client/listening.js';
import { type Application, BROKEN, createApplication, METHODS } from './application.js';
import type { Traffic } from './traffic.js';

/** Starts a server of its kind on a free port, until the test ends. @returns the port. */
export type Start = (allowlist: Allowlist, traffic: Traffic) => Promise<number>;

type Serve = (allowlist: Allowlist, application: Application) => RequestListener | Promise<RequestListener>;

/** The doors that take a whole decision. */
export const ADAPTERS = {
  'node:http': overHttp((allowlist, application) => {
    const handleCors = cors(allowlist);
    return (request, response) =>
      handleCors(request, response, () => {
        const { method = '', url = '', headers } = request;
        const isRoute = METHODS.includes(method);
        const answer = isRoute ? application(method, url, headers) : { status: 404, headers: {}, body: '' };
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
  }),
  Express: overHttp((allowlist, application) => expressApp(cors(allowlist), application)),
  Fastify: overHttp(async (allowlist, application) => {
    const app = Fastify();
    await app.register(ourFastifyCors, { allowlist });
    return fastifyListener(app, application);
  }),
  Koa: overHttp((allowlist, application) => {
    const app = new Koa();
    app.silent = true;
    app.use(koaCors(allowlist));
    app.use((context) => {
      if (!METHODS.includes(context.method)) return;
      const { status, headers, body } = application(context.method, context.originalUrl, context.headers);
      if (status === 500) throw new Error(BROKEN);
      context.status = status;
      context.set({ ...headers });
      context.body = body;
    });
    return app.callback();
  }),
  Hono: overHttp((allowlist, application) => {
    const app = new Hono();
    app.use(honoCors(allowlist));
    app.on(METHODS, '*', ({ req }) => fetchAnswer(req.raw, application));
    app.onError((error) => new Response(error.message, { status: 500 }));
    return fetchListener(app.fetch);
  }),
  'withCors (fetch)': overHttp((allowlist, application) => {
    const onError = () => new Response(BROKEN, { status: 500 });
    const handler = (request: Request) =>
      METHODS.includes(request.method)
        ? fetchAnswer(request, application)
        : new Response(null, { status: 404 });
    return fetchListener(withCors(handler, allowlist, { onError }));
  }),
} satisfies Record<string, Start>;

/** Packages of another make with our delegate, by which they can allow and not stop. */
export const DELEGATES = {
  cors: overHttp((allowlist, application) => expressApp(corsPackage(corsDelegate(allowlist)), application)),
  '@fastify/cors': overHttp(async (allowlist, application) => {
    const app = Fastify();
    await app.register(fastifyCors, { delegator: corsDelegate(allowlist) });
    return fastifyListener(app, application);
  }),
} satisfies Record<string, Start>;

function overHttp(serve: Serve): Start {
  return async (allowlist, traffic) => {
    const listener = await serve(allowlist, createApplication(traffic));
    return listen((request, response) => {
      traffic.arrived(request);
      listener(request, response);
    });
  };
}

function expressApp(layer: RequestHandler, application: Application): RequestListener {
  const app = express();
  app.set('env', 'test'); // Or it prints the errors it answers.
  app.disable('x-powered-by');
  app.use(layer);
  app.use((request, response, next) => {
    if (!METHODS.includes(request.method)) return next();
    const { status, headers, body } = application(request.method, request.originalUrl, request.headers);
    if (status === 500) throw new Error(BROKEN);
    response.status(status).set(headers).send(body);
  });
  return app;
}

async function fastifyListener(app: FastifyInstance, application: Application): Promise<RequestListener> {
  app.route({
    method: METHODS,
    url: '/*',
    handler: async ({ method, originalUrl, headers }, reply) => {
      const answer = application(method, originalUrl, headers);
      if (answer.status === 500) throw new Error(BROKEN);
      return reply.code(answer.status).headers(answer.headers).send(answer.body);
    },
  });
  await app.ready();
  return (request, response) => app.routing(request, response);
}

function fetchAnswer(request: Request, application: Application): Response {
  const target = request.url.slice(new URL(request.url).origin.length);
  const { status, headers, body } = application(request.method, target, Object.fromEntries(request.headers));
  if (status === 500) throw new Error(BROKEN);
  return new Response(body, { status, headers });
}

function fetchListener(handler: (request: Request) => Response | Promise<Response>): RequestListener {
  const listener = getRequestListener(handler);
  return (request, response) => void listener(request, response);
}
