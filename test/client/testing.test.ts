import { readFile } from 'node:fs/promises';
import { DEFAULT_POLICY, SnapshotError } from '@origin-allowlist/client/core';
import { createTestAllowlist, TestListError } from '@origin-allowlist/client/testing';
import { describe, expect, it } from 'vitest';

const APP = 'https://app.example.com';
const SHOP = 'https://shop.example.com';
const from = (origin: string, target = '/') => ({ method: 'GET', target, origin });
const DAY_MS = 86_400_000;

describe('given an allowlist for tests', () => {
  it('decides by its list at once, without a promise', () => {
    const allowlist = createTestAllowlist([APP, { pattern: 'https://*.preview.example' }]);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true, tenant: 'test', revision: 1 });
    expect(allowlist.decide(from('https://a.preview.example'))).toMatchObject({ allowed: true });
    expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: false, reason: 'origin_not_listed' });
  });

  it('lets nobody in without one', () => {
    expect(createTestAllowlist().decide(from(APP))).toMatchObject({ allowed: false });
  });

  it('each change is a revision, decided by at once and told', () => {
    const allowlist = createTestAllowlist([APP]);
    const told: unknown[] = [];
    allowlist.on('changed', ({ to }) => told.push(to?.revision));
    allowlist.add(SHOP, { pattern: APP, enabled: false });
    expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true, revision: 2 });
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false });
    expect(allowlist.remove(SHOP)).toBe(true);
    expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: false, revision: 3 });
    expect(allowlist.remove(SHOP)).toBe(false);
    allowlist.set([SHOP]);
    expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true, revision: 4 });
    expect(told).toEqual([2, 3, 4]);
  });

  it('policies are as for a new tenant, but for what is said', () => {
    const policies = [{ name: 'predict', paths: ['/predict'], credentials: true }];
    const allowlist = createTestAllowlist({ entries: [APP], policies, tenant: 'acme' });
    const headers = { 'access-control-allow-credentials': 'true' };
    expect(allowlist.decide(from(APP, '/predict'))).toMatchObject({
      tenant: 'acme',
      policy: 'predict',
      headers,
    });
    expect(allowlist.decide(from(APP))).toMatchObject({ policy: 'default' });
  });

  it('explains, and tells its state, as the real one', async () => {
    const allowlist = createTestAllowlist([APP]);
    expect(allowlist.explain(from('http://app.example.com')).nearest).toMatchObject([{ differs: 'scheme' }]);
    expect(allowlist.status()).toMatchObject({
      transport: { state: 'streaming' },
      tenants: [{ tenant: 'test', revision: 1, ageMs: 0, stale: false }],
    });
    expect(await allowlist.ready()).toEqual({ ready: true, state: 'ready' });
    expect(await allowlist.waitForRevision('test', 1)).toEqual({ ready: true, state: 'ready' });
    const later = allowlist.waitForRevision('test', 2);
    allowlist.add(SHOP);
    expect(await later).toEqual({ ready: true, state: 'ready' });
    const never = allowlist.waitForRevision('test', 9, { timeoutMs: 5_000 });
    allowlist.clock.advance(5_000);
    expect(await never).toEqual({ ready: false, state: 'timeout' });
    allowlist.close();
    expect(allowlist.status().transport.state).toBe('closed');
  });
});

describe('given a tenant function', () => {
  it('it is asked, and only what lists are given for is known', () => {
    const list = { entries: [APP], tenant: 'acme' };
    const allowlist = createTestAllowlist(list, { tenant: ({ host }) => host?.split('.')[0] });
    allowlist.set({ entries: [SHOP], tenant: 'globex' });
    const at = (host: string, origin: string) => allowlist.decide({ ...from(origin), host });
    expect(at('acme.example', APP)).toMatchObject({ allowed: true });
    expect(at('globex.example', SHOP)).toMatchObject({ allowed: true });
    expect(at('globex.example', APP)).toMatchObject({ allowed: false });
    expect(at('other.example', APP)).toMatchObject({ allowed: false, reason: 'tenant_unknown' });
  });
});

describe('given its clock', () => {
  it('entries expire when it is turned, and live when it is turned back', () => {
    const now = new Date('2029-12-31T23:59:59Z');
    const entry = { pattern: APP, expiresAt: '2030-01-01T00:00:00Z' };
    const allowlist = createTestAllowlist([entry], { now });
    allowlist.clock.advance(999);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true });
    allowlist.clock.advance(1);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false });
    allowlist.clock.set(now);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true });
  });

  it('lists age only while the service is away, and recover with it', () => {
    const allowlist = createTestAllowlist([APP], { onStale: 'refuse' });
    const told: string[] = [];
    allowlist.on('stale', () => told.push('stale'));
    allowlist.on('recovered', () => told.push('recovered'));
    allowlist.clock.advance(2 * DAY_MS);
    allowlist.offline();
    allowlist.clock.advance(DAY_MS);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true });
    allowlist.clock.advance(1);
    expect(told).toEqual(['stale']);
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false, reason: 'stale' });
    allowlist.online();
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true });
    expect(told).toEqual(['stale', 'recovered']);
  });
});

describe('given that the service is away', () => {
  it('what is written meanwhile is decided by afterwards', () => {
    const allowlist = createTestAllowlist([APP]);
    allowlist.offline();
    allowlist.remove(APP);
    expect(allowlist.status().transport).toMatchObject({
      state: 'retrying',
      lastProblem: { code: 'unreachable' },
    });
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true });
    allowlist.online();
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: false });
  });

  it('a process without a list refuses, and passes the request on', () => {
    const allowlist = createTestAllowlist([APP]);
    allowlist.unload();
    expect(allowlist.decide(from(APP))).toMatchObject({ reason: 'not_loaded', callsNext: true, headers: {} });
    allowlist.online();
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true });
  });
});

describe('given a snapshot of the service', () => {
  const snapshot = {
    tenant: 'acme',
    lineage: '5f0c2b7e-0000-4000-8000-000000000000',
    revision: 41,
    count: 1,
    policies: [DEFAULT_POLICY],
    entries: [{ pattern: APP }],
  };

  it('is decided by under its own version, and led on from', () => {
    const allowlist = createTestAllowlist([], { tenant: 'acme' });
    allowlist.load(JSON.parse(JSON.stringify(snapshot)));
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true, revision: 41 });
    allowlist.add(SHOP);
    expect(allowlist.decide(from(SHOP))).toMatchObject({ allowed: true, revision: 42 });
    expect(allowlist.decide(from(APP))).toMatchObject({ allowed: true });
  });

  it('of another tenant, or none at all, is refused', () => {
    const allowlist = createTestAllowlist();
    expect(() => allowlist.load(snapshot)).toThrow(
      'The list is of the tenant acme, and the options name test.',
    );
    expect(() => allowlist.load({})).toThrow(SnapshotError);
  });
});

describe('given a list that the service would not take', () => {
  it('throws at once, with every problem as the engine tells it', () => {
    const policies = [{ name: 'predict', paths: ['predict'] }];
    const entries = ['https://App.example.com/', { pattern: APP, policies: ['predcit'] }];
    expect(() => createTestAllowlist({ entries, policies })).toThrow(TestListError);
    expect(() => createTestAllowlist({ entries, policies })).toThrow(
      expect.objectContaining({
        code: 'test_list_invalid',
        problems: [
          expect.objectContaining({ subject: 'https://App.example.com/', code: 'HAS_PATH', fix: APP }),
          expect.objectContaining({ subject: 'https://App.example.com/', code: 'UPPERCASE', fix: APP }),
          expect.objectContaining({ subject: APP, code: 'policy_unknown' }),
          expect.objectContaining({ subject: 'predict/paths/0', code: 'PATH_NOT_ABSOLUTE' }),
        ],
      }),
    );
  });

  it('a change that is wrong changes nothing', () => {
    const allowlist = createTestAllowlist([APP]);
    expect(() => allowlist.add('shop.example.com')).toThrow('"shop.example.com": ');
    expect(() => allowlist.remove('https://app.example.com/')).toThrow('Write "https://app.example.com".');
    expect(allowlist.status().tenants).toMatchObject([{ revision: 1 }]);
  });

  it('options that mean nothing without a service are wrong', () => {
    const options = { onStale: 'serve', pollIntervall: 1 } as const;
    expect(() => createTestAllowlist([APP], options)).toThrow('There is no option `pollIntervall`.');
  });
});

describe('the README', () => {
  it('shows the example that is run beside this test', async () => {
    const readme = await readFile(new URL('../../client/README.md', import.meta.url), 'utf8');
    const example = await readFile(new URL('testing-example.test.ts', import.meta.url), 'utf8');
    expect(readme).toContain(`\`\`\`ts\n${example}\`\`\`\n`);
  });
});
