import fastifyCors from '@fastify/cors';
import { DEFAULT_POLICY, type SnapshotPolicy } from '@origin-allowlist/client/core';
import { type CorsDelegate, corsDelegate, OptionsError } from '@origin-allowlist/client/cors-delegate';
import cors from 'cors';
import express from 'express';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { listen, listenFastify } from './listening.js';
import { createLoadedAllowlist, createUnloadedAllowlist, type List } from './loaded-allowlist.js';
import { type RawResponse, sendRaw } from './raw-http.js';
import { listenSocketIo } from './socket-server.js';

const ORIGIN = 'https://app.example.com';
const FROM_APP = [['Origin', ORIGIN]] as const;
const FROM_EVIL = [['Origin', 'https://evil.example']] as const;
const ASKS_PUT = ['Access-Control-Request-Method', 'PUT'] as const;

const policy = (settings: Partial<SnapshotPolicy>): List => ({
  entries: [{ pattern: ORIGIN }],
  policies: [{ ...DEFAULT_POLICY, ...settings }],
});

/** Each serves `ok` at `/` behind a package of another make. @returns the port. */
const servers = {
  async cors(delegate: CorsDelegate) {
    const app = express();
    app.use(cors(delegate));
    app.get('/', (_request, response) => void response.send('ok'));
    app.get('/broken', () => {
      throw new Error('broken');
    });
    app.set('env', 'test');
    return listen(app);
  },
  async '@fastify/cors'(delegate: CorsDelegate) {
    const app = Fastify();
    await app.register(fastifyCors, { delegator: delegate });
    app.get('/', async () => 'ok');
    app.get('/broken', async () => {
      throw new Error('broken');
    });
    return listenFastify(app);
  },
  async '@fastify/cors by a function, as NestJS passes it on'(delegate: CorsDelegate) {
    const app = Fastify();
    await app.register(fastifyCors, () => delegate);
    app.get('/', async () => 'ok');
    app.get('/broken', async () => {
      throw new Error('broken');
    });
    return listenFastify(app);
  },
};

/** The headers that allow anything. */
function allowing({ headers }: RawResponse) {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => name.startsWith('access-control-') && value !== ''),
  );
}

describe.each(Object.entries(servers))('given %s with our delegate', (name, serve) => {
  const create = async (list: List) => serve(corsDelegate(await createLoadedAllowlist(list)));

  it('lets a listed origin read the answer, as the policy says', async () => {
    const port = await create(policy({ credentials: true, exposedHeaders: ['x-a', 'x-b'] }));
    const answer = await sendRaw(port, { headers: FROM_APP });
    expect(answer.body).toBe('ok');
    expect(allowing(answer)).toEqual({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': expect.stringMatching(/^x-a, ?x-b$/),
    });
    expect(answer.headers.vary).toBe('Origin');
  });

  it('has an allowed preflight answered with the lists of the policy', async () => {
    const port = await create(
      policy({ methods: ['PUT', 'DELETE'], allowedHeaders: ['x-a', 'x-b'], maxAgeSeconds: 0 }),
    );
    const headers = [...FROM_APP, ASKS_PUT, ['Access-Control-Request-Headers', 'x-a']] as const;
    const answer = await sendRaw(port, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(allowing(answer)).toEqual({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': expect.stringMatching(/^PUT, ?DELETE$/),
      'access-control-allow-headers': expect.stringMatching(/^x-a, ?x-b$/),
      'access-control-max-age': '0',
    });
  });

  it("never falls back on the package's own defaults, which allow more", async () => {
    const port = await create(policy({ methods: [], allowedHeaders: [], maxAgeSeconds: undefined }));
    const ask = ['Access-Control-Request-Method', 'POST'] as const;
    const answer = await sendRaw(port, { method: 'OPTIONS', headers: [...FROM_APP, ask] });
    expect(answer.status).toBe(204);
    expect(allowing(answer)).toEqual({ 'access-control-allow-origin': ORIGIN });
  });

  it('answers * without credentials and without the origin', async () => {
    const list = { ...policy({ credentials: true }), entries: [{ pattern: '*' }] };
    const port = await create(list);
    expect(allowing(await sendRaw(port, { headers: FROM_EVIL }))).toEqual({
      'access-control-allow-origin': '*',
    });
    expect(allowing(await sendRaw(port))).toEqual({ 'access-control-allow-origin': '*' });
  });

  it.each<[string, readonly (readonly [string, string])[]]>([
    ['another origin', FROM_EVIL],
    ['a null origin', [['Origin', 'null']]],
    ['two Origin lines', [...FROM_APP, ...FROM_APP]],
    ['no origin', []],
  ])('sends nothing that allows anything to %s', async (_title, headers) => {
    const port = await create(policy({ credentials: true, exposedHeaders: ['x-a'] }));
    const actual = await sendRaw(port, { headers });
    expect(actual.body).toBe('ok');
    expect(allowing(actual)).toEqual({});
    const preflight = await sendRaw(port, { method: 'OPTIONS', headers: [...headers, ASKS_PUT] });
    expect(allowing(preflight)).toEqual({});
  });

  it('sends nothing that allows anything to a preflight of a method or header that is refused', async () => {
    const port = await create(policy({ methods: ['PUT'], allowedHeaders: [] }));
    const ofMethod = [...FROM_APP, ['Access-Control-Request-Method', 'DELETE']] as const;
    const ofHeader = [...FROM_APP, ASKS_PUT, ['Access-Control-Request-Headers', 'x-a']] as const;
    for (const headers of [ofMethod, ofHeader])
      expect(allowing(await sendRaw(port, { method: 'OPTIONS', headers }))).toEqual({});
  });

  it('cannot answer a refused preflight with 403, nor say everywhere that the answer varies', async () => {
    const port = await create(policy({}));
    const { status, headers } = await sendRaw(port, { method: 'OPTIONS', headers: [...FROM_EVIL, ASKS_PUT] });
    // Express answers OPTIONS by itself; Fastify has no such route.
    expect(status).toBe(name === 'cors' ? 200 : 404);
    expect(headers.vary).toBe(name === 'cors' ? undefined : 'Origin');
  });

  it('leaves plain OPTIONS requests to the application', async () => {
    const port = await create(policy({}));
    const { status, headers } = await sendRaw(port, { method: 'OPTIONS', headers: FROM_APP });
    expect(status).toBe(name === 'cors' ? 200 : 404);
    expect(headers['access-control-allow-origin']).toBe(ORIGIN);
  });

  it('keeps the headers on a 404 and on a 500', async () => {
    const port = await create(policy({}));
    for (const [target, status] of [
      ['/nowhere', 404],
      ['/broken', 500],
    ] as const) {
      const answer = await sendRaw(port, { target, headers: FROM_APP });
      expect(answer.status).toBe(status);
      expect(allowing(answer)).toEqual({ 'access-control-allow-origin': ORIGIN });
    }
  });

  it('writes nothing where the policy only reports', async () => {
    const port = await create(policy({ enforcement: 'report' }));
    expect(allowing(await sendRaw(port, { headers: FROM_APP }))).toEqual({});
  });

  it('decides a route and its preflight by the policy for it', async () => {
    const list = {
      entries: [{ pattern: ORIGIN }],
      policies: [DEFAULT_POLICY, { ...DEFAULT_POLICY, name: 'strict', paths: [], methods: [] }],
    };
    const routes = { '/strict': 'strict' };
    const port = await serve(corsDelegate(await createLoadedAllowlist(list), { routes }));
    const headers = [...FROM_APP, ASKS_PUT] as const;
    expect((await sendRaw(port, { method: 'OPTIONS', target: '/', headers })).status).toBe(204);
    expect(allowing(await sendRaw(port, { method: 'OPTIONS', target: '/strict', headers }))).toEqual({});
  });

  it('refuses after firstLoadTimeoutMs while there is no list, and lets the request pass', async () => {
    const port = await serve(corsDelegate(createUnloadedAllowlist()));
    const answer = await sendRaw(port, { headers: FROM_APP });
    expect(answer.body).toBe('ok');
    expect(allowing(answer)).toEqual({});
  });
});

describe('given a mount, under which routers cut the path', () => {
  it('decides by the whole path', async () => {
    const list = {
      entries: [{ pattern: ORIGIN }],
      policies: [
        DEFAULT_POLICY,
        { ...DEFAULT_POLICY, name: 'deep', paths: ['/api/deep'], exposedHeaders: ['x-deep'] },
      ],
    };
    const app = express();
    app.use('/api', cors(corsDelegate(await createLoadedAllowlist(list))));
    const { headers } = await sendRaw(await listen(app), { target: '/api/deep', headers: FROM_APP });
    expect(headers['access-control-expose-headers']).toBe('x-deep');
  });
});

describe('given Socket.IO with our delegate', () => {
  it('lets pages of listed origins poll, and no others', async () => {
    const list = policy({ credentials: true });
    const port = await listenSocketIo({ cors: corsDelegate(await createLoadedAllowlist(list)) });
    const target = '/socket.io/?EIO=4&transport=polling';
    const answer = await sendRaw(port, { target, headers: FROM_APP });
    expect(answer.status).toBe(200);
    expect(allowing(answer)).toEqual({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
    });
    const preflight = await sendRaw(port, { method: 'OPTIONS', target, headers: [...FROM_APP, ASKS_PUT] });
    expect(preflight.status).toBe(204);
    for (const method of ['GET', 'OPTIONS'])
      expect(allowing(await sendRaw(port, { method, target, headers: [...FROM_EVIL, ASKS_PUT] }))).toEqual(
        {},
      );
  });
});

describe('given options that cannot be', () => {
  it('refuses at once to be made', async () => {
    const allowlist = await createLoadedAllowlist({});
    expect(() => corsDelegate(allowlist, { policy: 'No!' })).toThrow(OptionsError);
  });
});
