import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import fastifyCors, { type FastifyCorsOptions } from '@fastify/cors';
import koaCors from '@koa/cors';
import cors from 'cors';
import Fastify from 'fastify';
import { Hono } from 'hono';
import { cors as honoCors } from 'hono/cors';
import Koa from 'koa';
import { type Answer, answerOf, type Probe } from './probe.js';

/** Options of `hono/cors`, which does not export their type. */
export type HonoOptions = Parameters<typeof honoCors>[0];

/** What the real libraries answer to a probe, in front of an app that answers 200 to everything. */
export const THEIRS = {
  async cors(options: cors.CorsOptions | undefined, probe: Probe): Promise<Answer> {
    const { request, response } = exchange(probe);
    cors(options)(request, response, () => {});
    return answerOf(response.statusCode, Object.entries(response.getHeaders()));
  },

  async '@fastify/cors'(options: FastifyCorsOptions | undefined, probe: Probe): Promise<Answer> {
    const app = Fastify();
    await app.register(fastifyCors, options ?? {});
    app.get('/*', () => '');
    const { statusCode, headers } = await app.inject({
      method: probe.method === 'OPTIONS' ? 'OPTIONS' : 'GET',
      url: probe.target ?? '/',
      headers: probe.headers,
    });
    await app.close();
    return answerOf(statusCode, Object.entries(headers));
  },

  async 'hono/cors'(options: HonoOptions, probe: Probe): Promise<Answer> {
    const app = new Hono();
    app.use('*', honoCors(options));
    app.all('*', (context) => context.text(''));
    const { status, headers } = await app.request(probe.target ?? '/', {
      method: probe.method,
      headers: probe.headers,
    });
    return answerOf(status, headers);
  },

  async '@koa/cors'(options: koaCors.Options | undefined, probe: Probe): Promise<Answer> {
    const app = new Koa();
    app.use(koaCors(options));
    app.use((context) => {
      context.status = 200;
      context.body = '';
    });
    const { request, response } = exchange(probe);
    await app.callback()(request, response);
    return answerOf(response.statusCode, Object.entries(response.getHeaders()));
  },
};

/** A request and a response without a connection. */
function exchange({ method, target = '/', headers }: Probe) {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method, url: target, headers: { ...headers } });
  return { request, response: new ServerResponse(request) };
}
