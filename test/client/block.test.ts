import { getRequestListener } from '@hono/node-server';
import { type Allowlist, type AllowlistOptions, createAllowlist } from '@origin-allowlist/client';
import { DEFAULT_POLICY, type SnapshotPolicy } from '@origin-allowlist/client/core';
import { cors as fastifyCors } from '@origin-allowlist/client/fastify';
import { cors as honoCors, withCors } from '@origin-allowlist/client/hono';
import { cors as koaCors } from '@origin-allowlist/client/koa';
import { cors } from '@origin-allowlist/client/node';
import { createTestAllowlist } from '@origin-allowlist/client/testing';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { describe, expect, it } from 'vitest';
import { listen, listenFastify } from './listening.js';
import { createUnloadedAllowlist } from './loaded-allowlist.js';
import { type RawRequest, sendRaw } from './raw-http.js';
import { createSetup, settled } from './setup.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';
const listOf = (...policies: readonly SnapshotPolicy[]) => ({
  entries: [{ pattern: ORIGIN }],
  policies,
});
const BLOCKING = listOf({ ...DEFAULT_POLICY, enforcement: 'block' });

/** Each serves `ok` to any method. @returns the port. */
const servers = {
  'node:http': (allowlist: Allowlist) => {
    const handleCors = cors(allowlist);
    return listen((request, response) => handleCors(request, response, () => response.end('ok')));
  },
  Express: (allowlist: Allowlist) => {
    const app = express();
    app.use(cors(allowlist));
    app.use((_request, response) => void response.send('ok'));
    return listen(app);
  },
  Fastify: async (allowlist: Allowlist) => {
    const app = Fastify();
    await app.register(fastifyCors, { allowlist });
    app.all('/', async () => 'ok');
    return listenFastify(app);
  },
  Koa: (allowlist: Allowlist) => {
    const app = new Koa();
    app.use(koaCors(allowlist));
    app.use((context) => {
      context.body = 'ok';
    });
    return listen(app.callback());
  },
  Hono: (allowlist: Allowlist) => {
    const app = new Hono();
    app.use(honoCors(allowlist));
    app.all('/', (context) => context.text('ok'));
    const listener = getRequestListener(app.fetch);
    return listen((request, response) => void listener(request, response));
  },
  'the wrapper': (allowlist: Allowlist) => {
    const listener = getRequestListener(withCors(() => new Response('ok'), allowlist));
    return listen((request, response) => void listener(request, response));
  },
};

/** POSTs a body as a page of `origin` does. @returns status and body. */
async function post(
  port: number,
  origin: string | undefined,
  headers: NonNullable<RawRequest['headers']> = [],
) {
  const page = origin === undefined ? [] : ([['Origin', origin]] as const);
  const lines = [...page, ...headers, ['Content-Type', 'text/plain']] as const;
  const { status, body } = await sendRaw(port, { method: 'POST', headers: lines, body: 'body' });
  return `${status} ${body}`;
}

const PASSED = '200 ok';
const STOPPED = '403 ';

describe.each(Object.entries(servers))('given a policy that blocks, through %s', (_name, serve) => {
  it('stops what is refused, with no body and no header that allows anything', async () => {
    const port = await serve(createTestAllowlist(BLOCKING));
    const answer = await sendRaw(port, { method: 'POST', headers: [['Origin', EVIL]], body: 'body' });
    expect(answer).toMatchObject({ status: 403, body: '' });
    expect(answer.headers).toMatchObject({ vary: 'Origin', 'content-length': '0' });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('lets listed origins pass, and requests without Origin', async () => {
    const port = await serve(createTestAllowlist(BLOCKING));
    expect(await post(port, ORIGIN)).toBe(PASSED);
    expect(await post(port, undefined)).toBe(PASSED);
  });

  it('lets pages of its own pass: by Sec-Fetch-Site, or by the host of the request', async () => {
    const port = await serve(createTestAllowlist(BLOCKING));
    expect(await post(port, 'null', [['Sec-Fetch-Site', 'same-origin']])).toBe(PASSED);
    expect(await post(port, 'null', [['Sec-Fetch-Site', 'same-site']])).toBe(STOPPED);
    expect(await post(port, 'null')).toBe(STOPPED);
    expect(await post(port, 'http://api.example')).toBe(PASSED);
    expect(await post(port, 'https://api.example')).toBe(STOPPED);
    expect(await post(port, 'http://api.example:8080')).toBe(STOPPED);
  });

  it('goes by forwarded headers behind a proxy that is trusted, and only there', async () => {
    const headers = [
      ['X-Forwarded-Proto', 'https, http'],
      ['X-Forwarded-Host', 'WWW.example.com:443, inner.example'],
    ] as const;
    const trusting = await serve(createTestAllowlist(BLOCKING, { trustProxy: true }));
    expect(await post(trusting, 'https://www.example.com', headers)).toBe(PASSED);
    expect(await post(trusting, 'http://api.example', headers)).toBe(STOPPED);
    expect(await post(trusting, 'http://api.example')).toBe(PASSED);
    const wary = await serve(createTestAllowlist(BLOCKING));
    expect(await post(wary, 'https://www.example.com', headers)).toBe(STOPPED);
    expect(await post(wary, 'http://api.example', headers)).toBe(PASSED);
  });

  it('answers preflights as ever', async () => {
    const port = await serve(createTestAllowlist(BLOCKING));
    const asks = ['Access-Control-Request-Method', 'PUT'] as const;
    const ask = (origin: string) => sendRaw(port, { method: 'OPTIONS', headers: [['Origin', origin], asks] });
    expect((await ask(ORIGIN)).status).toBe(204);
    expect((await ask(EVIL)).status).toBe(403);
  });
});

describe('given the origins that the application is public under', () => {
  it('lets their pages pass', async () => {
    const publicOrigins = ['https://www.example.com', 'https://shop.example.com:8443'];
    const port = await servers.Express(createTestAllowlist(BLOCKING, { publicOrigins }));
    for (const origin of publicOrigins) expect(await post(port, origin)).toBe(PASSED);
    expect(await post(port, 'https://shop.example.com')).toBe(STOPPED);
  });

  it('allows their pages nothing else', async () => {
    const publicOrigins = ['https://www.example.com'];
    const allowlist = createTestAllowlist(BLOCKING, { publicOrigins });
    const decision = allowlist.decide({ method: 'POST', origin: 'https://www.example.com' });
    expect(decision).toMatchObject({ allowed: false, headers: {}, callsNext: true });
  });

  it.each([
    ['a list is not one', 'https://www.example.com'],
    ['one has a slash at its end', ['https://www.example.com/']],
    ['one is null', ['null']],
    ['one is a pattern', ['https://*.example.com']],
  ])('refuses at once to be made when %s', (_title, publicOrigins) => {
    const options = {
      url: 'https://allowlist.example',
      key: 'key',
      tenant: 'acme',
    } satisfies AllowlistOptions;
    const make = () => Reflect.apply(createAllowlist, undefined, [{ ...options, publicOrigins }]);
    expect(make).toThrow(/`publicOrigins` must be a list of origins/);
  });

  it('refuses at once to be made when trustProxy is no flag', () => {
    const options = { url: 'https://allowlist.example', key: 'key', tenant: 'acme', trustProxy: 'loopback' };
    expect(() => Reflect.apply(createAllowlist, undefined, [options])).toThrow(/`trustProxy` must be one of/);
  });
});

describe('given a request over TLS', () => {
  it('takes https for its scheme', async () => {
    const handleCors = cors(createTestAllowlist(BLOCKING));
    const port = await listen((request, response) => {
      // What a TLS socket says of itself.
      Object.assign(request.socket, { encrypted: true });
      handleCors(request, response, () => response.end('ok'));
    });
    expect(await post(port, 'https://api.example')).toBe(PASSED);
    expect(await post(port, 'http://api.example')).toBe(STOPPED);
  });

  it('takes it from the URL of a fetch-style request', async () => {
    const fetch = withCors(() => new Response('ok'), createTestAllowlist(BLOCKING));
    const statusFor = async (origin: string) => {
      const request = new Request('https://api.example/', { method: 'POST', headers: { origin } });
      return (await fetch(request)).status;
    };
    expect(await statusFor('https://api.example')).toBe(200);
    expect(await statusFor('http://api.example')).toBe(403);
  });
});

describe('given no policy to go by', () => {
  it('lets the request pass while there is no list', async () => {
    const port = await servers.Express(createUnloadedAllowlist());
    expect(await post(port, EVIL)).toBe(PASSED);
  });

  it('stops it on a path of several readings, of which one may be blocked', async () => {
    const admin = { ...DEFAULT_POLICY, name: 'admin', paths: ['/admin'], enforcement: 'block' } as const;
    const port = await servers.Express(createTestAllowlist(listOf(DEFAULT_POLICY, admin)));
    const ask = async (target: string, origin: string) =>
      (await sendRaw(port, { target, headers: [['Origin', origin]] })).status;
    expect(await ask('/', EVIL)).toBe(200);
    expect(await ask('/admin', EVIL)).toBe(403);
    expect(await ask('/ADMIN', EVIL)).toBe(403);
    expect(await ask('/ADMIN', ORIGIN)).toBe(403);
    expect(await ask('/ADMIN', 'http://api.example')).toBe(200);
  });
});

describe('given a list that is too old to be used', () => {
  it('goes on blocking, all but pages of its own', async () => {
    const { clock, service, create } = await createSetup();
    service.write('acme', BLOCKING);
    const allowlist = create({ onStale: 'refuse', maxStalenessMs: 1_000 });
    await settled(clock, 30_000);
    clock.set(clock.now() + 1_001);
    const asked = { method: 'POST', host: 'api.example', scheme: 'http' };
    expect(allowlist.decide({ ...asked, origin: ORIGIN })).toMatchObject({ reason: 'stale', status: 403 });
    const own = allowlist.decide({ ...asked, origin: 'http://api.example' });
    expect(own).toMatchObject({ reason: 'stale', status: null, callsNext: true });
  });
});

describe('given a listener for refusals', () => {
  it('tells of a request that was stopped, once', async () => {
    const allowlist = createTestAllowlist(BLOCKING);
    const told: unknown[] = [];
    allowlist.on('refused', ({ request, decision }) => told.push([request.origin, decision.status]));
    void allowlist.decide({ method: 'POST', origin: EVIL });
    expect(told).toEqual([[EVIL, 403]]);
    expect(allowlist.status().counters).toMatchObject({ decisions: 1, refused: 1 });
  });
});
