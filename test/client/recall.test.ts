import type { RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Allowlist, AllowlistRequest } from '@origin-allowlist/client';
import { type RouteOptions, withCors } from '@origin-allowlist/client/hono';
import { cors } from '@origin-allowlist/client/node';
import { createTestAllowlist, type TestAllowlist } from '@origin-allowlist/client/testing';
import { describe, expect, it } from 'vitest';
import { listen } from './listening.js';
import { sendRaw } from './raw-http.js';

const APP = 'https://app.example.com';
const SHOP = 'https://shop.example.com';
const SOON = '2030-01-01T00:00:00Z';
const POLICIES = [
  { name: 'default' },
  { name: 'predict', paths: ['/predict'], credentials: true },
  { name: 'reports', paths: ['/reports'], enforcement: 'report' as const },
];
const ENTRIES = [
  APP,
  'https://*.preview.example',
  { pattern: SHOP, policies: ['predict'] },
  { pattern: 'https://guest.example.com', expiresAt: SOON },
  'null',
];
const ORIGINS = [
  undefined,
  APP,
  SHOP,
  'https://a.preview.example',
  'https://guest.example.com',
  'null',
  'https://x',
];
const TARGETS = [
  '/',
  '/predict',
  '/PREDICT',
  '/reports/1?a=%20',
  '/%zz',
  '*',
  'no path',
  `/${'a'.repeat(20_000)}`,
];

const SERVED: Readonly<Record<string, (allowlist: Allowlist, options?: RouteOptions) => RequestListener>> = {
  'node:http': (allowlist, options) => {
    const handleCors = cors(allowlist, options);
    return (request, response) => handleCors(request, response, () => response.end('ok'));
  },
  fetch: (allowlist, options) => {
    const listener = getRequestListener(withCors(() => new Response('ok'), allowlist, options));
    return (request, response) => void listener(request, response);
  },
};

/** @returns the port of a server behind the adapter of this name. */
function serve(name: string, allowlist: Allowlist, options?: RouteOptions): Promise<number> {
  const listener = SERVED[name]?.(allowlist, options);
  if (listener === undefined) throw new Error(`no adapter ${name}`);
  return listen(listener);
}

function decide(allowlist: TestAllowlist, origin: string | undefined, target = '/', policy?: string) {
  const from = { ...(origin !== undefined && { origin }), ...(policy !== undefined && { policy }) };
  return allowlist.decide({ method: 'GET', target, ...from });
}

describe('given requests that were decided before', () => {
  it.each([undefined, 'default', 'predict', 'unheard-of'])(
    'what is recalled under policy %s is what is decided',
    (policy) => {
      const allowlist = createTestAllowlist({ entries: ENTRIES, policies: POLICIES });
      let recalled = 0;
      for (const origin of ORIGINS) {
        for (const target of TARGETS) {
          const decision = decide(allowlist, origin, target, policy);
          const kept = allowlist.recall(origin, target, policy);
          if (kept === undefined) continue;
          expect(kept).toEqual(decision);
          recalled += 1;
        }
      }
      expect(recalled > 0).toBe(policy !== 'unheard-of');
    },
  );

  it('the answer to one origin is never given to another, whoever asked last', () => {
    const allowlist = createTestAllowlist([APP, SHOP]);
    for (const origin of [APP, SHOP]) decide(allowlist, origin);
    for (const origin of [APP, SHOP, APP, APP, SHOP])
      expect(allowlist.recall(origin, '/', undefined)?.headers).toEqual({
        'access-control-allow-origin': origin,
      });
    expect(allowlist.recall('https://app.example.con', '/', undefined)).toBeUndefined();
  });

  it('a change of the list is decided by, not what was recalled last', () => {
    const allowlist = createTestAllowlist([APP, SHOP]);
    decide(allowlist, APP);
    expect(allowlist.recall(APP, '/', undefined)).toMatchObject({ allowed: true, revision: 1 });
    allowlist.remove(APP);
    expect(allowlist.recall(APP, '/', undefined)).toBeUndefined();
    expect(decide(allowlist, APP)).toMatchObject({ allowed: false, revision: 2 });
  });

  it('nothing is recalled of a list that is gone', () => {
    const allowlist = createTestAllowlist([APP]);
    decide(allowlist, APP);
    allowlist.unload();
    expect(allowlist.recall(APP, '/', undefined)).toBeUndefined();
  });

  it.each([{ tenant: () => 'test' }, { onStale: 'refuse' as const }])(
    'nothing is recalled where the answer hangs on more than the list: %j',
    (options) => {
      const allowlist = createTestAllowlist([APP], options);
      expect(decide(allowlist, APP)).toMatchObject({ allowed: true });
      expect(allowlist.recall(APP, '/', undefined)).toBeUndefined();
    },
  );

  it.each(Object.keys(SERVED))(
    'the adapter for %s asks to decide only what cannot be recalled',
    async (name) => {
      const allowlist = createTestAllowlist([APP]);
      const asked: string[] = [];
      const decide = (request: AllowlistRequest) => {
        asked.push(`${request.method} ${request.origin}`);
        return allowlist.decide(request);
      };
      const port = await serve(name, { ...allowlist, decide });
      const preflight = [
        ['Origin', APP],
        ['Access-Control-Request-Method', 'PUT'],
      ] as const;
      for (const _time of ['first', 'second']) {
        const { headers } = await sendRaw(port, { headers: [['Origin', APP]] });
        expect(headers).toMatchObject({ 'access-control-allow-origin': APP, vary: 'Origin' });
        const refused = await sendRaw(port, { headers: [['Origin', SHOP]] });
        expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
        expect((await sendRaw(port)).headers.vary).toBe('Origin');
        expect(await sendRaw(port, { method: 'OPTIONS', headers: preflight })).toMatchObject({ status: 204 });
      }
      const first = [`GET ${APP}`, `GET ${SHOP}`, 'GET undefined', `OPTIONS ${APP}`];
      expect(asked).toEqual([...first, `GET ${SHOP}`, `OPTIONS ${APP}`]);
    },
  );

  it.each(Object.keys(SERVED))(
    'nothing is recalled where routes cannot tell the policy: %s',
    async (name) => {
      const port = await serve(name, createTestAllowlist([APP]), { routes: { '/predict': 'default' } });
      const headers = [['Origin', APP]] as const;
      expect((await sendRaw(port, { headers })).headers['access-control-allow-origin']).toBe(APP);
      const { headers: told } = await sendRaw(port, { target: '/PREDICT', headers });
      expect(told).not.toHaveProperty('access-control-allow-origin');
    },
  );

  it.each(Object.keys(SERVED))('an allowlist without it is asked to decide: %s', async (name) => {
    const { recall: _recall, ...allowlist } = createTestAllowlist([APP]);
    const port = await serve(name, { ...allowlist } as TestAllowlist);
    const { headers } = await sendRaw(port, { headers: [['Origin', APP]] });
    expect(headers['access-control-allow-origin']).toBe(APP);
  });

  it('what is recalled is counted as decided', () => {
    const allowlist = createTestAllowlist([APP]);
    decide(allowlist, APP);
    const { decisions } = allowlist.status().counters;
    allowlist.recall(APP, '/', undefined);
    allowlist.recall(SHOP, '/', undefined);
    expect(allowlist.status().counters.decisions).toBe(decisions + 1);
  });
});
