import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { cors, OptionsError, withCors } from '@origin-allowlist/client/hono';
import { Hono } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { streamSSE, streamText } from 'hono/streaming';
import { validator } from 'hono/validator';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  ASKS_PUT,
  allowed,
  ask,
  createApp,
  FROM_APP,
  FROM_EVIL,
  type Handler,
  LIST,
  ORIGIN,
  serve,
} from './hono-app.js';
import { createLoadedAllowlist, createUnloadedAllowlist } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

describe('given a Hono app behind the middleware', () => {
  it('lets a listed origin read the answer and no other', async () => {
    const app = await createApp();
    app.get('/', (context) => context.text('ok'));
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
    app.use(bearerAuth({ token: 'secret' }));
    const answer = await ask(app, { method: 'OPTIONS', headers: [...FROM_APP, ASKS_PUT] });
    expect(answer).toMatchObject({ status: 204, body: '' });
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, 'content-length': '0' });
    const refused = await ask(app, { method: 'OPTIONS', headers: [...FROM_EVIL, ASKS_PUT] });
    expect(refused).toMatchObject({ status: 403, body: '' });
    expect(refused.headers['content-length']).toBe('0');
    expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('keeps what middleware before it sets, and takes back what that allows', async () => {
    const app = new Hono();
    app.use((context, next) => {
      context.header('X-Request-Id', '7');
      context.header('Access-Control-Allow-Origin', '*');
      return next();
    });
    app.use(cors(await createLoadedAllowlist(LIST)));
    app.get('/', (context) => context.text('ok'));
    const preflight = await ask(app, { method: 'OPTIONS', headers: [...FROM_EVIL, ASKS_PUT] });
    const refused = await ask(app, { headers: FROM_EVIL });
    for (const { headers } of [preflight, refused]) {
      expect(headers['x-request-id']).toBe('7');
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it.each([
    [400, '/validated'],
    [401, '/private'],
    [404, '/nowhere'],
    [413, '/upload'],
    [429, '/busy'],
    [500, '/broken'],
    [503, '/excepted'],
  ])('keeps the headers on a %i of %s', async (status, target) => {
    const app = await createApp();
    app.onError((error) =>
      error instanceof HTTPException ? error.getResponse() : new Response('', { status: 500 }),
    );
    app.post(
      '/validated',
      validator('json', (_value, context) => context.text('no', 400)),
      (context) => context.text('ok'),
    );
    app.use('/private', bearerAuth({ token: 'secret' }));
    app.post('/upload', bodyLimit({ maxSize: 4 }), (context) => context.text('ok'));
    app.post('/busy', (context) => context.text('later', 429, { 'Retry-After': '1' }));
    app.post('/broken', () => {
      throw new Error('broken');
    });
    app.post('/excepted', () => {
      throw new HTTPException(503, { res: Response.json({}, { status: 503 }) });
    });
    const headers = [...FROM_APP, ['Content-Type', 'application/json']] as const;
    const answer = await ask(app, { method: 'POST', target, headers, body: '{"long": true}' });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(allowed);
  });

  it("keeps them on a 500 that Hono's own error handler makes of a missing answer", async () => {
    const app = await createApp();
    // Called with no answer, which Hono tells of on the console.
    const silenced = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => silenced.mockRestore());
    // @ts-expect-error
    app.get('/', () => undefined);
    const { status, headers } = await ask(app);
    expect(status).toBe(500);
    expect(headers).toMatchObject(allowed);
  });

  it('keeps them on a 404 of notFound, and in apps below', async () => {
    const app = await createApp();
    app.notFound((context) => context.text('mine', 404));
    app.route(
      '/child',
      new Hono().get('/', (context) => context.text('deep')),
    );
    const missing = await ask(app, { target: '/nowhere' });
    expect(missing).toMatchObject({ status: 404, body: 'mine' });
    expect(missing.headers).toMatchObject(allowed);
    expect((await ask(app, { target: '/child' })).headers).toMatchObject(allowed);
  });

  it.each<[string, Handler]>([
    ['a new answer', () => new Response('ok', { headers: { vary: 'A' } })],
    ['one of fetch(), whose headers cannot be changed', () => fetch('data:text/plain,ok')],
    ['a redirect, whose headers cannot be changed', () => Response.redirect('https://other.example/', 307)],
  ])('keeps them on %s', async (_title, handle) => {
    const app = await createApp();
    app.get('/', (context) => handle(context.req.raw));
    const { headers } = await ask(app);
    expect(headers['access-control-allow-origin']).toBe(ORIGIN);
    expect(headers.vary?.split(', ').at(-1)).toBe('Origin');
  });

  it('gives each request its own headers where a handler keeps one answer for all', async () => {
    const app = await createApp();
    const kept = new Response(null, { status: 404 });
    app.get('/', () => kept);
    await ask(app);
    expect([...kept.headers]).toEqual([]);
    expect((await ask(app, { headers: FROM_EVIL })).headers).not.toHaveProperty(
      'access-control-allow-origin',
    );
  });

  it('passes streams on as they flow, with the Vary of the handler', async () => {
    const app = await createApp();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    app.get('/', (context) => {
      context.header('Vary', 'Accept');
      return streamText(context, async (stream) => {
        await stream.write('first');
        await held;
        await stream.write('second');
      });
    });
    const response = await fetch(`http://127.0.0.1:${await serve(app.fetch)}/`, {
      headers: { origin: ORIGIN },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('first');
    release();
    expect((await reader?.read())?.value).toBe('second');
    expect(response.headers.get('vary')).toBe('Accept, Origin');
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  it('keeps them on server-sent events', async () => {
    const app = await createApp();
    app.get('/', (context) => streamSSE(context, (stream) => stream.writeSSE({ data: 'ok' })));
    const url = `http://127.0.0.1:${await serve(app.fetch)}/`;
    const response = await fetch(url, { headers: { origin: ORIGIN } });
    expect(await response.text()).toBe('data: ok\n\n');
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  it('leaves a Vary of * alone, and every other header', async () => {
    const app = await createApp();
    app.get('/', (context) => {
      context.header('Set-Cookie', 'a=1', { append: true });
      context.header('Set-Cookie', 'b=2', { append: true });
      return context.text('ok', 201, { vary: '*' });
    });
    const { status, headers } = await ask(app);
    expect(status).toBe(201);
    expect(headers).toMatchObject({ vary: '*', 'set-cookie': 'a=1, b=2' });
  });

  it('lets the first decide when it is used twice', async () => {
    const app = await createApp();
    app.use(cors(await createLoadedAllowlist({ entries: [] })));
    app.get('/', (context) => context.text('ok'));
    expect((await ask(app)).headers).toMatchObject(allowed);
  });

  it('writes nothing where the policy only reports', async () => {
    const app = await createApp({ ...LIST, policies: [{ ...DEFAULT_POLICY, enforcement: 'report' }] });
    app.options('/', (context) =>
      context.text('own', 200, { 'Access-Control-Allow-Origin': 'https://own.example' }),
    );
    const { headers, body } = await ask(app, { method: 'OPTIONS', headers: [...FROM_APP, ASKS_PUT] });
    expect(body).toBe('own');
    expect(headers['access-control-allow-origin']).toBe('https://own.example');
    expect(headers).not.toHaveProperty('vary');
  });

  it('refuses after firstLoadTimeoutMs while there is no list, and lets the request pass', async () => {
    const app = new Hono();
    app.use(cors(createUnloadedAllowlist()));
    app.get('/', (context) => context.text('ok'));
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
  const routes = { '/predict': 'predict' };
  const makers = {
    'the middleware': async () => {
      const app = await createApp(list, { routes });
      app.all('*', (context) => context.text('ok'));
      return app.fetch;
    },
    'the wrapper': async () =>
      withCors(() => new Response('ok'), await createLoadedAllowlist(list), { routes }),
  };

  describe.each(Object.entries(makers))('and %s', (_name, make) => {
    it.each([
      ['/predict', 'x-predict'],
      ['/predict/fast?x=1', 'x-predict'],
      ['/plain', 'x-default'],
      ['/PREDICT', undefined],
      ['//predict', undefined],
      // URLs come resolved: by the path the handler sees.
      ['/x/../predict', 'x-predict'],
    ])('decides %s and its preflight alike', async (target, exposed) => {
      const port = await serve(await make());
      const actual = await sendRaw(port, { target, headers: FROM_APP });
      const preflight = await sendRaw(port, { method: 'OPTIONS', target, headers: [...FROM_APP, ASKS_PUT] });
      expect(actual.headers['access-control-expose-headers']).toBe(exposed);
      expect(preflight.headers['access-control-allow-headers']).toBe(exposed);
    });
  });

  it('takes a policy for the routes it is used on, their preflights too', async () => {
    const app = new Hono();
    app.use('/predict/*', cors(await createLoadedAllowlist(list), { policy: 'predict' }));
    app.post('/predict/now', (context) => context.text('ok'));
    const target = '/predict/now';
    const actual = await ask(app, { method: 'POST', target });
    const preflight = await ask(app, { method: 'OPTIONS', target, headers: [...FROM_APP, ASKS_PUT] });
    expect(actual.headers['access-control-expose-headers']).toBe('x-predict');
    expect(preflight.headers['access-control-allow-headers']).toBe('x-predict');
  });

  it('refuses at once to be made with names no policy can have', async () => {
    const allowlist = await createLoadedAllowlist(list);
    expect(() => cors(allowlist, { policy: 'No!' })).toThrow(OptionsError);
    expect(() => withCors(() => new Response(), allowlist, { policy: 'No!' })).toThrow(OptionsError);
  });
});
