import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { cors, OptionsError } from '@origin-allowlist/client/fastify';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { listenFastify } from './listening.js';
import { createLoadedAllowlist, type List } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
/** Each policy shows itself by a request header it allows and a response header it exposes. */
const policy = (name: string) => ({
  ...DEFAULT_POLICY,
  name,
  paths: [],
  allowedHeaders: [`x-${name}`],
  exposedHeaders: [`x-${name}`],
});
const LIST: List = {
  entries: [{ pattern: ORIGIN }],
  policies: [policy('default'), policy('predict'), policy('write')],
};
const PREDICT = { config: { allowlist: { policy: 'predict' } } };
const WRITE = { config: { allowlist: { policy: 'write' } } };
const ok = async () => 'ok';

async function createApp(): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(cors, { allowlist: await createLoadedAllowlist(LIST) });
  return app;
}

/** @returns the policies that decide the request and its preflight. */
async function policiesFor(port: number, method: string, target: string) {
  const origin = ['Origin', ORIGIN] as const;
  const asks = ['Access-Control-Request-Method', method] as const;
  const actual = await sendRaw(port, { method, target, headers: [origin] });
  const preflight = await sendRaw(port, { method: 'OPTIONS', target, headers: [origin, asks] });
  return {
    actual: actual.headers['access-control-expose-headers'],
    preflight: preflight.headers['access-control-allow-headers'],
  };
}

describe('given routes with a policy in their config', () => {
  it('decides them and their preflights by it, and the rest by path', async () => {
    const app = await createApp();
    app.get('/predict', PREDICT, ok);
    app.get('/plain', ok);
    const port = await listenFastify(app);
    expect(await policiesFor(port, 'GET', '/predict')).toEqual({
      actual: 'x-predict',
      preflight: 'x-predict',
    });
    expect(await policiesFor(port, 'HEAD', '/predict')).toEqual({
      actual: 'x-predict',
      preflight: 'x-predict',
    });
    expect(await policiesFor(port, 'GET', '/plain')).toEqual({ actual: 'x-default', preflight: 'x-default' });
    expect(await policiesFor(port, 'PUT', '/predict')).toEqual({
      actual: 'x-default',
      preflight: 'x-default',
    });
  });

  it('tells the methods of one URL apart', async () => {
    const app = await createApp();
    app.get('/items/:id', PREDICT, ok);
    app.put('/items/:id', WRITE, ok);
    app.delete('/items/:id', ok);
    const port = await listenFastify(app);
    expect(await policiesFor(port, 'GET', '/items/7')).toEqual({
      actual: 'x-predict',
      preflight: 'x-predict',
    });
    expect(await policiesFor(port, 'PUT', '/items/7')).toEqual({ actual: 'x-write', preflight: 'x-write' });
    expect(await policiesFor(port, 'DELETE', '/items/7')).toEqual({
      actual: 'x-default',
      preflight: 'x-default',
    });
  });

  it("matches preflights as Fastify's own router matches the route", async () => {
    const app = await createApp();
    app.get('/items/:id(^\\d+$)', PREDICT, ok);
    app.get('/files/*', PREDICT, ok);
    app.get('/files/open', ok);
    const port = await listenFastify(app);
    expect(await policiesFor(port, 'GET', '/items/7')).toEqual({
      actual: 'x-predict',
      preflight: 'x-predict',
    });
    expect(await policiesFor(port, 'GET', '/items/x')).toEqual({
      actual: 'x-default',
      preflight: 'x-default',
    });
    expect(await policiesFor(port, 'GET', '/files/a')).toEqual({
      actual: 'x-predict',
      preflight: 'x-predict',
    });
    expect(await policiesFor(port, 'GET', '/files/open')).toEqual({
      actual: 'x-default',
      preflight: 'x-default',
    });
  });

  it('matches by the method asked about where routes of other methods fit better', async () => {
    const app = await createApp();
    app.get('/*', PREDICT, ok);
    app.put('/items/:id', ok);
    const port = await listenFastify(app);
    expect(await policiesFor(port, 'GET', '/items/7')).toEqual({
      actual: 'x-predict',
      preflight: 'x-predict',
    });
    expect(await policiesFor(port, 'PUT', '/items/7')).toEqual({
      actual: 'x-default',
      preflight: 'x-default',
    });
  });

  it('reaches the routes of plugins, their root with and without the slash', async () => {
    const app = await createApp();
    await app.register(
      async (child) => {
        child.get('/', PREDICT, ok);
        child.get('/deep', WRITE, ok);
      },
      { prefix: '/child' },
    );
    const port = await listenFastify(app);
    for (const target of ['/child', '/child/'])
      expect(await policiesFor(port, 'GET', target)).toEqual({ actual: 'x-predict', preflight: 'x-predict' });
    expect(await policiesFor(port, 'GET', '/child/deep')).toEqual({
      actual: 'x-write',
      preflight: 'x-write',
    });
  });

  it('tells hosts apart', async () => {
    const app = await createApp();
    app.get('/', { ...PREDICT, constraints: { host: 'api.example' } }, ok);
    app.get('/', { ...WRITE, constraints: { host: 'other.example' } }, ok);
    const port = await listenFastify(app);
    expect(await policiesFor(port, 'GET', '/')).toEqual({ actual: 'x-predict', preflight: 'x-predict' });
  });

  it("leaves plain OPTIONS requests as they were: 404, or the application's own route", async () => {
    const app = await createApp();
    app.get('/predict', PREDICT, ok);
    app.get('/own', PREDICT, ok);
    app.options('/own', async () => 'mine');
    app.route({ method: ['GET', 'OPTIONS'], url: '/both', ...WRITE, handler: ok });
    const port = await listenFastify(app);
    expect((await sendRaw(port, { method: 'OPTIONS', target: '/predict' })).status).toBe(404);
    expect((await sendRaw(port, { method: 'OPTIONS', target: '/own' })).body).toBe('mine');
    expect(await policiesFor(port, 'GET', '/own')).toEqual({ actual: 'x-predict', preflight: 'x-predict' });
    expect(await policiesFor(port, 'GET', '/both')).toEqual({ actual: 'x-write', preflight: 'x-write' });
  });

  it("leaves preflights to the application's own route where the tenant only reports", async () => {
    const app = Fastify();
    const policies = [{ ...policy('predict'), name: 'default', enforcement: 'report' } as const];
    await app.register(cors, { allowlist: await createLoadedAllowlist({ ...LIST, policies }) });
    let hooks = 0;
    app.addHook('onRequest', async () => {
      hooks += 1;
    });
    app.get('/own', { config: { allowlist: { policy: 'default' } } }, ok);
    app.options('/*', async () => 'mine');
    const headers = [
      ['Origin', ORIGIN],
      ['Access-Control-Request-Method', 'GET'],
    ] as const;
    const answer = await sendRaw(await listenFastify(app), { method: 'OPTIONS', target: '/own', headers });
    expect({ status: answer.status, body: answer.body, hooks }).toEqual({
      status: 200,
      body: 'mine',
      hooks: 1,
    });
    expect(answer.headers).not.toHaveProperty('vary');
  });

  it('keeps out of the documentation of routes', async () => {
    const app = Fastify();
    const documented: unknown[] = [];
    await app.register(cors, { allowlist: await createLoadedAllowlist(LIST) });
    app.addHook('onRoute', ({ method, schema }) => {
      if (schema === undefined || !('hide' in schema)) documented.push(method);
    });
    app.get('/predict', PREDICT, ok);
    expect(documented).toEqual(['GET', 'HEAD']);
  });

  it('takes a HEAD route declared instead of the one Fastify would make', async () => {
    const app = await createApp();
    app.head('/predict', WRITE, ok);
    app.get('/predict', PREDICT, ok);
    const port = await listenFastify(app);
    expect(await policiesFor(port, 'HEAD', '/predict')).toEqual({ actual: 'x-write', preflight: 'x-write' });
    expect(await policiesFor(port, 'GET', '/predict')).toEqual({
      actual: 'x-predict',
      preflight: 'x-predict',
    });
  });

  it('goes before the routes of the plugin', async () => {
    const app = Fastify();
    const allowlist = await createLoadedAllowlist(LIST);
    await app.register(cors, { allowlist, routes: { '/predict': 'predict' } });
    app.get('/predict', WRITE, ok);
    app.get('/predict/more', ok);
    const port = await listenFastify(app);
    expect(await policiesFor(port, 'GET', '/predict')).toEqual({ actual: 'x-write', preflight: 'x-write' });
    expect(await policiesFor(port, 'GET', '/predict/more')).toEqual({
      actual: 'x-predict',
      preflight: 'x-predict',
    });
  });

  it('refuses to start with a name no policy can have, or two policies for variants of one route', async () => {
    const app = await createApp();
    expect(() => app.get('/a', { config: { allowlist: { policy: 'No!' } } }, ok)).toThrow(OptionsError);
    app.get('/b', { ...PREDICT, constraints: { version: '1.0.0' } }, ok);
    expect(() => app.get('/b', { ...WRITE, constraints: { version: '2.0.0' } }, ok)).toThrow(OptionsError);
  });

  it('holds for a route declared before the plugin was loaded, and warns that its preflights do not', async () => {
    const lines: string[] = [];
    const app = Fastify({ logger: { level: 'warn', stream: { write: (line) => lines.push(line) } } });
    void app.register(cors, { allowlist: await createLoadedAllowlist(LIST) });
    app.get('/early', PREDICT, ok);
    const port = await listenFastify(app);
    expect(await policiesFor(port, 'GET', '/early')).toEqual({ actual: 'x-predict', preflight: 'x-default' });
    expect(lines.join()).toContain('await app.register(cors');
  });
});
