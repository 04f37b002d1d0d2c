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

  it('an allowlist without it is asked to decide', async () => {
    const { recall: _recall, ...allowlist } = createTestAllowlist([APP]);
    const server = await listen((request, response) =>
      cors({ ...allowlist } as TestAllowlist)(request, response, () => response.end('ok')),
    );
    const { headers } = await sendRaw(server, { headers: [['Origin', APP]] });
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
