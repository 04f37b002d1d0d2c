import { Readable } from 'node:stream';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { cors } from '@origin-allowlist/client/fastify';
import { cors as nodeCors } from '@origin-allowlist/client/node';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { describe, expect, it } from 'vitest';
import { listenFastify } from './listening.js';
import { createLoadedAllowlist, createUnloadedAllowlist, type List } from './loaded-allowlist.js';
import { type RawRequest, sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const FROM_APP = [['Origin', ORIGIN]] as const;
const preflight = (method: string) => [...FROM_APP, ['Access-Control-Request-Method', method]] as const;
const policy = (name: string, methods: readonly string[]) => ({
  ...DEFAULT_POLICY,
  name,
  paths: [],
  methods,
  exposedHeaders: [`x-${name}`],
});
const LIST: List = {
  entries: [{ pattern: ORIGIN }],
  policies: [policy('default', ['PUT']), policy('predict', ['DELETE']), policy('write', ['PATCH'])],
};

async function createApp(options: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(options);
  await app.register(cors, { allowlist: await createLoadedAllowlist(LIST) });
  return app;
}

/** Sends one request to the app over a real connection. */
async function ask(app: FastifyInstance, request: RawRequest = {}) {
  return sendRaw(await listenFastify(app), { headers: FROM_APP, ...request });
}

const allowed = { 'access-control-allow-origin': ORIGIN, vary: 'Origin' };

describe('given a Fastify app with the plugin', () => {
  it('lets a listed origin read the answer, also of plugins registered later', async () => {
    const app = await createApp();
    await app.register(async (child) => {
      child.get('/deep', async () => 'deep');
    });
    const { headers, body } = await ask(app, { target: '/deep' });
    expect(body).toBe('deep');
    expect(headers).toMatchObject(allowed);
  });

  it('answers preflights of any URL before authentication runs', async () => {
    const app = await createApp();
    app.addHook('onRequest', async (_request, reply) => reply.code(401).send());
    const { status, headers } = await ask(app, { method: 'OPTIONS', headers: preflight('PUT') });
    expect(status).toBe(204);
    expect(headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, 'content-length': '0' });
    const refused = await ask(await createApp(), { method: 'OPTIONS', headers: preflight('DELETE') });
    expect(refused.status).toBe(403);
    expect(refused.headers['content-length']).toBe('0');
  });

  it.each([
    [400, '/validated'],
    [401, '/private'],
    [404, '/nowhere'],
    [413, '/upload'],
    [429, '/busy'],
    [500, '/broken'],
    [500, '/broken-stream'],
    [500, '/broken-on-send'],
  ])('keeps the headers on a %i', async (status, target) => {
    const app = await createApp();
    const schema = { querystring: { type: 'object', required: ['id'] } };
    app.post('/validated', { schema }, async () => 'ok');
    app.post('/private', async (_request, reply) => reply.code(401).send());
    app.post('/upload', { bodyLimit: 4 }, async () => 'ok');
    app.post('/busy', async (_request, reply) => reply.code(429).header('retry-after', '1').send());
    app.post('/broken', async () => {
      throw new Error('broken');
    });
    app.post('/broken-stream', (_request, reply) => {
      void reply.send(
        new Readable({ read: (): void => void 0, construct: (done) => done(new Error('broken')) }),
      );
    });
    const onSend = async () => {
      throw new Error('broken');
    };
    app.post('/broken-on-send', { onSend }, async () => 'ok');
    const headers = [...FROM_APP, ['Content-Type', 'application/json']] as const;
    const answer = await ask(app, { method: 'POST', target, headers, body: '{"long": true}' });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(allowed);
  });

  it('keeps them on a 404 of a handler in a plugin', async () => {
    const app = await createApp();
    await app.register(
      async (child) => {
        child.setNotFoundHandler(async (_request, reply) => reply.code(404).send('mine'));
      },
      { prefix: '/child' },
    );
    const { status, headers, body } = await ask(app, { target: '/child/nowhere' });
    expect({ status, body }).toEqual({ status: 404, body: 'mine' });
    expect(headers).toMatchObject(allowed);
  });

  it("merges with a handler's own Vary, which Fastify would put in its place", async () => {
    const app = await createApp();
    app.get('/', async (_request, reply) => reply.header('vary', 'Accept').send('ok'));
    expect((await ask(app)).headers).toMatchObject({ ...allowed, vary: 'Accept, Origin' });
  });

  it('keeps them on streams, web streams, web responses and hijacked replies', async () => {
    const app = await createApp();
    app.get('/stream', async (_request, reply) => reply.header('vary', 'A').send(Readable.from(['ok'])));
    app.get('/web-stream', async (_request, reply) =>
      reply.header('vary', 'A').send(new Blob(['ok']).stream()),
    );
    app.get('/response', async () => new Response('ok', { headers: { vary: 'A' } }));
    app.get('/hijacked', (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { vary: 'A' }).end('ok');
    });
    const port = await listenFastify(app);
    for (const target of ['/stream', '/web-stream', '/response', '/hijacked']) {
      const { headers, body } = await sendRaw(port, { target, headers: FROM_APP });
      expect({ target, body }).toEqual({ target, body: 'ok' });
      expect(headers).toMatchObject({ ...allowed, vary: 'A, Origin' });
    }
  });

  it('shows the headers to handlers', async () => {
    const app = await createApp();
    app.get('/', async (_request, reply) => reply.getHeader('access-control-allow-origin'));
    expect((await ask(app)).body).toBe(ORIGIN);
  });

  it('works under inject too, repeated header lines included', async () => {
    const app = await createApp();
    app.get('/', async () => 'ok');
    const one = await app.inject({ url: '/', headers: { origin: ORIGIN } });
    expect(one.headers).toMatchObject(allowed);
    const two = await app.inject({ url: '/', headers: { Origin: [ORIGIN, ORIGIN] } });
    expect(two.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('refuses after firstLoadTimeoutMs while there is no list, and lets the request pass', async () => {
    const app = Fastify();
    await app.register(cors, { allowlist: createUnloadedAllowlist() });
    app.get('/', async () => 'ok');
    const { headers, body } = await ask(app);
    expect(body).toBe('ok');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('lets the first decide when it is registered twice', async () => {
    const app = await createApp();
    await app.register(cors, { allowlist: await createLoadedAllowlist({ entries: [] }) });
    app.get('/', async () => 'ok');
    expect((await ask(app)).headers).toMatchObject(allowed);
  });

  it('decides by the URL as it came, before rewriteUrl', async () => {
    const app = Fastify({ rewriteUrl: () => '/inside' });
    await app.register(cors, {
      allowlist: await createLoadedAllowlist(LIST),
      routes: { '/predict': 'predict' },
    });
    app.get('/inside', async () => 'ok');
    const { headers, body } = await ask(app, { target: '/predict' });
    expect(body).toBe('ok');
    expect(headers['access-control-expose-headers']).toBe('x-predict');
  });
});

describe('given a URL that does not decode, which Fastify answers before any hook', () => {
  it('keeps the headers with the frameworkErrors of the README', async () => {
    const allowlist = await createLoadedAllowlist(LIST);
    const handleCors = nodeCors(allowlist);
    const frameworkErrors = (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      handleCors(request.raw, reply.raw, () => void reply.code(error.statusCode ?? 500).send(error));
    };
    const app = Fastify({ frameworkErrors });
    await app.register(cors, { allowlist });
    const port = await listenFastify(app);
    const { status, headers } = await sendRaw(port, { target: '/%g1', headers: FROM_APP });
    expect(status).toBe(400);
    expect(headers.vary).toBe('Origin');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    const refused = await sendRaw(port, { method: 'OPTIONS', target: '/%g1', headers: preflight('PUT') });
    expect(refused.status).toBe(403);
  });
});
