import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { cors, OptionsError, type RouteOptions } from '@origin-allowlist/client/node';
import express from 'express';
import { describe, expect, it } from 'vitest';
import { listen } from './listening.js';
import { createLoadedAllowlist, type List } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
/** Each policy shows itself by a header it exposes. */
const policy = (name: string, paths: readonly string[]) => ({
  ...DEFAULT_POLICY,
  name,
  paths,
  exposedHeaders: [`x-${name}`],
});
const LIST: List = {
  entries: [{ pattern: ORIGIN }],
  policies: [
    policy('default', ['/']),
    policy('predict', []),
    policy('fast', []),
    policy('admin', ['/admin']),
  ],
};

/** @returns the policy that decided; `undefined` when the request was refused. */
async function policyFor(target: string, options: RouteOptions, mount = '/'): Promise<string | undefined> {
  const app = express();
  app.use(mount, cors(await createLoadedAllowlist(LIST), options));
  app.use((_request, response) => void response.send('ok'));
  const server = await listen(app);
  const headersOf = async (asked: string) =>
    (await sendRaw(server, { target: asked, headers: [['Origin', ORIGIN]] })).headers;
  // Each policy has kept an answer by then.
  for (const known of ['/', '/predict', '/admin']) await headersOf(mount === '/' ? known : mount + known);
  const headers = await headersOf(target);
  return headers['access-control-expose-headers']?.slice('x-'.length);
}

describe('given routes with policies of their own', () => {
  const routes = { '/predict': 'predict', '/predict/fast': 'fast' };

  it.each([
    ['/predict', 'predict'],
    ['/predict?x=1', 'predict'],
    ['/predict/slow', 'predict'],
    ['/predict/', 'predict'],
    ['/predict/fast', 'fast'],
    ['/predict/fast/1', 'fast'],
    ['/predict/faster', 'predict'],
    ['/predictions', 'default'],
    ['/', 'default'],
    ['/admin/users', 'admin'],
    ['http://api.example/predict', 'predict'],
  ])('decides %s by %s', async (target, name) => {
    expect(await policyFor(target, { routes })).toBe(name);
  });

  it.each([
    '/PREDICT',
    '/predict/%66ast',
    '/predict//fast',
    '/x/../predict',
    '/predict%2ffast',
    '/predict/%zz',
    '//predict',
  ])('refuses %s, which routers read in several ways', async (target) => {
    expect(await policyFor(target, { routes })).toBeUndefined();
  });

  it('decides what no route covers by `policy` when there is one', async () => {
    expect(await policyFor('/admin', { routes, policy: 'fast' })).toBe('fast');
    expect(await policyFor('/predict', { routes, policy: 'fast' })).toBe('predict');
    expect(await policyFor('/admin', { policy: 'fast' })).toBe('fast');
  });

  it('refuses where the tenant has no such policy', async () => {
    expect(await policyFor('/predict', { routes: { '/predict': 'missing' } })).toBeUndefined();
  });

  it('goes by the whole path under a mount', async () => {
    expect(await policyFor('/predict/fast', { routes }, '/predict')).toBe('fast');
  });

  it('decides the preflight by the same policy', async () => {
    const strict = { ...policy('predict', []), methods: [] };
    const list = { ...LIST, policies: [policy('default', ['/']), strict] };
    const app = express().use(cors(await createLoadedAllowlist(list), { routes: { '/predict': 'predict' } }));
    const port = await listen(app);
    const headers = [
      ['Origin', ORIGIN],
      ['Access-Control-Request-Method', 'PUT'],
    ] as const;
    expect((await sendRaw(port, { method: 'OPTIONS', target: '/', headers })).status).toBe(204);
    expect((await sendRaw(port, { method: 'OPTIONS', target: '/predict', headers })).status).toBe(403);
  });

  it('keeps writing nothing for a tenant that only reports, also on a path it cannot tell', async () => {
    const list = { ...LIST, policies: [{ ...policy('default', ['/']), enforcement: 'report' } as const] };
    const app = express().use(cors(await createLoadedAllowlist(list), { routes }));
    const { headers } = await sendRaw(await listen(app), {
      target: '/PREDICT',
      headers: [['Origin', ORIGIN]],
    });
    expect(headers).not.toHaveProperty('vary');
  });

  it('refuses at once to be made with prefixes that could never match and names no policy can have', async () => {
    const allowlist = await createLoadedAllowlist(LIST);
    const make = () =>
      cors(allowlist, { routes: { predict: 'predict', '/a/': 'ok', '/b': 'No!' }, policy: '' });
    expect(make).toThrow(OptionsError);
    expect(make).toThrow(expect.objectContaining({ problems: expect.objectContaining({ length: 4 }) }));
  });
});
