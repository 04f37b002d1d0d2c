import { Readable } from 'node:stream';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { cors, OptionsError, type RouteOptions } from '@origin-allowlist/client/koa';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { listen } from './listening.js';
import { createLoadedAllowlist, createUnloadedAllowlist, type List } from './loaded-allowlist.js';
import { type RawRequest, sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const FROM_APP = [['Origin', ORIGIN]] as const;
const FROM_EVIL = [['Origin', 'https://evil.example']] as const;
const ASKS_PUT = ['Access-Control-Request-Method', 'PUT'] as const;
const LIST: List = { entries: [{ pattern: ORIGIN }] };
const allowed = { 'access-control-allow-origin': ORIGIN, vary: 'Origin' };

async function createApp(list = LIST, options: RouteOptions = {}): Promise<Koa> {
  const app = new Koa();
  app.silent = true;
  app.use(cors(await createLoadedAllowlist(list), options));
  return app;
}

async function ask(app: Koa, request: RawRequest = {}) {
  return sendRaw(await listen(app.callback()), { headers: FROM_APP, ...request });
}

describe('given a Koa app behind the middleware', () => {
  it('lets a listed origin read the answer and no other', async () => {
    const app = await createApp();
    app.use((context) => {
      context.body = 'ok';
    });
    const { headers, body } = await ask(app);
    expect(body).toBe('ok');
    expect(headers).toMatchObject(allowed);
    const refused = await ask(app, { headers: FROM_EVIL });
    expect(refused).toMatchObject({ status: 200, body: 'ok' });
    expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
    expect(refused.headers.vary).toBe('Origin');
  });

  it('answers preflights before authentication runs, with no body', async () => {
    const app = await createApp();
    app.use((context) => context.throw(401));
    const answer = await ask(app, { method: 'OPTIONS', headers: [...FROM_APP, ASKS_PUT] });
    expect(answer).toMatchObject({ status: 204, body: '' });
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, 'content-length': '0' });
    const refused = await ask(app, { method: 'OPTIONS', headers: [...FROM_EVIL, ASKS_PUT] });
    expect(refused).toMatchObject({ status: 403, body: '' });
    expect(refused.headers['content-length']).toBe('0');
    expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('shows middleware around it the answer to a preflight, and sends what that adds', async () => {
    const app = new Koa();
    const seen: unknown[] = [];
    app.use(async (context, next) => {
      await next();
      seen.push(context.status);
      context.set('X-Response-Time', '1');
    });
    app.use(cors(await createLoadedAllowlist(LIST)));
    const { headers } = await ask(app, { method: 'OPTIONS', headers: [...FROM_APP, ASKS_PUT] });
    expect(seen).toEqual([204]);
    expect(headers['x-response-time']).toBe('1');
  });

  it.each([
    [400, '/validated'],
    [401, '/private'],
    [404, '/nowhere'],
    [413, '/upload'],
    [429, '/busy'],
    [500, '/broken'],
    [500, '/rejected'],
    [500, '/not-an-error'],
  ])('keeps the headers on a %i of %s, for which Koa drops all there are', async (status, target) => {
    const app = await createApp();
    app.use(async (context) => {
      if (context.path === '/validated') context.throw(400, 'no id', { headers: { Vary: 'Accept' } });
      if (context.path === '/private') context.throw(401);
      if (context.path === '/upload') context.throw(413);
      if (context.path === '/busy') context.throw(429);
      if (context.path === '/broken') throw new Error('broken');
      if (context.path === '/rejected') await Promise.reject(new Error('rejected'));
      if (context.path === '/not-an-error') throw 'broken';
    });
    const answer = await ask(app, { method: 'POST', target, body: 'body' });
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN);
    expect(answer.headers.vary).toBe(target === '/validated' ? 'Accept, Origin' : 'Origin');
  });

  it('takes no header back that an error brings along for another origin', async () => {
    const app = await createApp();
    app.use((context) => context.throw(500, { headers: { 'Access-Control-Allow-Origin': '*' } }));
    const { headers } = await ask(app, { headers: FROM_EVIL });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it.each<[string, () => unknown]>([
    ['a stream', () => Readable.from(['o', 'k'])],
    ['a web stream', () => new Blob(['ok']).stream()],
    ['a web response', () => new Response('ok')],
    ['a buffer', () => Buffer.from('ok')],
  ])('keeps them on %s, with the Vary of the handler', async (_title, make) => {
    const app = await createApp();
    app.use((context) => {
      context.set('Vary', 'Accept');
      context.body = make();
    });
    const { headers, body } = await ask(app);
    expect(body).toBe('ok');
    expect(headers).toMatchObject({ ...allowed, vary: 'Accept, Origin' });
  });

  it('keeps them where the handler goes past Koa', async () => {
    const app = await createApp();
    app.use((context) => {
      context.respond = false;
      context.res.writeHead(200, { vary: 'Accept' }).end('ok');
    });
    const { headers } = await ask(app);
    expect(headers).toMatchObject({ ...allowed, vary: 'Accept, Origin' });
  });

  it('leaves a Vary of * alone', async () => {
    const app = await createApp();
    app.use((context) => {
      context.set('Vary', '*');
      context.body = 'ok';
    });
    expect((await ask(app)).headers.vary).toBe('*');
  });

  it('lets the first decide when it is used twice', async () => {
    const app = await createApp();
    app.use(cors(await createLoadedAllowlist({ entries: [] })));
    app.use((context) => {
      context.body = 'ok';
    });
    expect((await ask(app)).headers).toMatchObject(allowed);
  });

  it('writes nothing where the policy only reports', async () => {
    const app = await createApp({
      ...LIST,
      policies: [{ ...DEFAULT_POLICY, enforcement: 'report' }],
    });
    app.use((context) => {
      context.set('Access-Control-Allow-Origin', 'https://own.example');
      context.body = 'own';
    });
    const { headers, body } = await ask(app, { method: 'OPTIONS', headers: [...FROM_APP, ASKS_PUT] });
    expect(body).toBe('own');
    expect(headers['access-control-allow-origin']).toBe('https://own.example');
    expect(headers).not.toHaveProperty('vary');
  });

  it('refuses after firstLoadTimeoutMs while there is no list, and lets the request pass', async () => {
    const app = new Koa();
    app.use(cors(createUnloadedAllowlist()));
    app.use((context) => {
      context.body = 'ok';
    });
    const { headers, body } = await ask(app);
    expect(body).toBe('ok');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('given routes with policies of their own', () => {
  const policy = (name: string) => ({
    ...DEFAULT_POLICY,
    name,
    paths: [],
    allowedHeaders: [`x-${name}`],
    exposedHeaders: [`x-${name}`],
  });
  const list = { ...LIST, policies: [policy('default'), policy('predict')] };

  it.each([
    ['/predict', 'x-predict'],
    ['/predict/fast?x=1', 'x-predict'],
    ['/plain', 'x-default'],
    ['/PREDICT', undefined],
    ['/x/../predict', undefined],
  ])('decides %s and its preflight alike', async (target, exposed) => {
    const app = await createApp(list, { routes: { '/predict': 'predict' } });
    const port = await listen(app.callback());
    const actual = await sendRaw(port, { target, headers: FROM_APP });
    const preflight = await sendRaw(port, { method: 'OPTIONS', target, headers: [...FROM_APP, ASKS_PUT] });
    expect(actual.headers['access-control-expose-headers']).toBe(exposed);
    expect(preflight.headers['access-control-allow-headers']).toBe(exposed);
  });

  it('goes by the whole path where a mount has cut it', async () => {
    const app = new Koa();
    app.use((context, next) => {
      context.path = '/';
      return next();
    });
    app.use(cors(await createLoadedAllowlist(list), { routes: { '/predict': 'predict' } }));
    const { headers } = await ask(app, { target: '/predict' });
    expect(headers['access-control-expose-headers']).toBe('x-predict');
  });

  it('refuses at once to be made with names no policy can have', async () => {
    const allowlist = await createLoadedAllowlist(list);
    expect(() => cors(allowlist, { policy: 'No!' })).toThrow(OptionsError);
  });
});
