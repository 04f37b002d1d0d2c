import { explain, type SnapshotEntry } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { APP, get, listOf, NOW } from './explained-list.js';

describe('given an origin that no entry lets in', () => {
  it.each<[string, string, string | SnapshotEntry, object]>([
    [
      'another scheme',
      'http://app.example.com',
      APP,
      { differs: 'scheme', expected: 'https', got: 'http', detail: 'the scheme is http, not https' },
    ],
    [
      'another port',
      'https://app.example.com:8443',
      APP,
      {
        differs: 'port',
        expected: '443 (the default of https)',
        got: '8443',
        detail: 'the port is 8443, not 443 (the default of https)',
      },
    ],
    [
      'no port',
      'http://app.example.com',
      'http://app.example.com:3000',
      { differs: 'port', expected: '3000', got: '80 (the default of http)' },
    ],
    [
      'a sibling',
      'https://shop.example.com',
      APP,
      { differs: 'host', expected: 'app', got: 'shop', detail: 'the host label is shop, not app' },
    ],
    [
      'another domain at the same label',
      'https://app.example.org',
      APP,
      { differs: 'host', expected: 'com', got: 'org' },
    ],
    [
      'a subdomain of an exact entry',
      'https://a.app.example.com',
      APP,
      {
        differs: 'host',
        expected: 'app.example.com',
        got: 'a.app.example.com',
        detail: 'the host has a before app.example.com',
      },
    ],
    [
      'the parent of an exact entry',
      'https://example.com',
      'https://www.example.com',
      { differs: 'host', got: 'example.com', detail: 'the host lacks www before example.com' },
    ],
    [
      'the apex of a wildcard',
      'https://example.com',
      'https://*.example.com',
      {
        differs: 'host',
        expected: '*.example.com',
        got: 'example.com',
        detail: '*. stands for one label at least, and the host is example.com itself',
      },
    ],
    [
      'a lookalike of a wildcard',
      'https://evilexample.com',
      'https://*.example.com',
      {
        differs: 'host',
        expected: '*.example.com',
        detail: 'the host is evilexample.com, which is not below example.com',
      },
    ],
    [
      'a dot at the end',
      'https://app.example.com.',
      APP,
      { differs: 'host', detail: 'the host ends in a dot, which makes it another host' },
    ],
    [
      'a dot at the end, below a wildcard',
      'https://app.example.com.',
      'https://*.example.com',
      { differs: 'host', detail: 'the host ends in a dot, which makes it another host' },
    ],
    [
      'no dot at the end',
      APP,
      'https://app.example.com.',
      { differs: 'host', detail: 'the host lacks the dot at its end' },
    ],
    [
      'no dot at the end, below a wildcard',
      APP,
      'https://*.example.com.',
      { differs: 'host', detail: 'the host lacks the dot at its end' },
    ],
    [
      'a label that an affix does not fit',
      'https://pr-7-store.example.com',
      'https://pr-*-shop.example.com',
      {
        differs: 'host',
        expected: 'pr-*-shop',
        got: 'pr-7-store',
        detail: 'the host label is pr-7-store, not one like pr-*-shop',
      },
    ],
    [
      'a label that is the affix alone',
      'https://pr-.example.com',
      'https://pr-*.example.com',
      { differs: 'host', expected: 'pr-*', got: 'pr-' },
    ],
    [
      'two labels for an affix',
      'https://pr-7.x.example.com',
      'https://pr-*.example.com',
      {
        differs: 'host',
        got: 'pr-7.x',
        detail: '* stands inside one label, and the host has pr-7.x before example.com',
      },
    ],
    [
      'the parent of an affix',
      'https://example.com',
      'https://pr-*.example.com',
      { differs: 'host', detail: 'the host lacks a label pr-* before example.com' },
    ],
    [
      'an address',
      'https://127.0.0.2',
      'https://127.0.0.1',
      { differs: 'host', expected: '127.0.0.1', got: '127.0.0.2' },
    ],
    [
      'an IPv6 port',
      'http://[::1]:3000',
      'http://[::1]:8080',
      { differs: 'port', expected: '8080', got: '3000' },
    ],
    [
      'a disabled entry',
      APP,
      { pattern: APP, enabled: false },
      { differs: 'disabled', expected: 'enabled', got: 'disabled', detail: 'it is disabled' },
    ],
    [
      'a disabled entry that covers it',
      APP,
      { pattern: 'https://*.example.com:*', enabled: false },
      { differs: 'disabled' },
    ],
    [
      'an expired entry',
      APP,
      { pattern: APP, expiresAt: '2029-06-01T00:00:00Z' },
      {
        differs: 'expired',
        expected: 'before 2029-06-01T00:00:00.000Z',
        got: '2030-01-01T00:00:00.000Z',
        detail: 'it expired at 2029-06-01T00:00:00.000Z',
      },
    ],
    [
      'an entry whose end cannot be read',
      APP,
      { pattern: APP, expiresAt: 'soon' },
      { differs: 'expired', expected: 'before a time that cannot be read' },
    ],
    [
      'an entry for other policies',
      APP,
      { pattern: APP, policies: ['api', 'admin'] },
      {
        differs: 'policy',
        expected: 'api, admin',
        got: 'default',
        detail: 'it is for api, admin, not for default',
      },
    ],
    ['a disabled null', 'null', { pattern: 'null', enabled: false }, { differs: 'disabled' }],
    ['a disabled *', 'https://any.test', { pattern: '*', enabled: false }, { differs: 'disabled' }],
    ['a disabled * beside what is no origin', '%', { pattern: '*', enabled: false }, { differs: 'disabled' }],
  ])('tells %s from the entry', (_title, origin, entry, expected) => {
    const { nearest, summary, decision } = get(origin, listOf([entry]));
    const pattern = typeof entry === 'string' ? entry : entry.pattern;
    expect(decision.allowed).toBe(false);
    expect(nearest).toEqual([expect.objectContaining({ pattern, ...expected })]);
    expect(summary).toContain(`Nearest is the entry ${pattern}: ${nearest[0]?.detail}.`);
  });

  it('puts the nearest first: its own state, the port, the scheme, a slip of the pen, a sibling, a stranger', () => {
    const entries = [
      'https://zzz.test',
      'https://shop.example.com',
      'https://apq.example.com',
      'http://app.example.com',
      'https://app.example.com:8443',
      { pattern: 'https://*.example.com', enabled: false },
    ];
    const { nearest, decision } = get(APP, listOf(entries));
    expect(decision.reason).toBe('entry_disabled');
    expect(nearest.map(({ pattern }) => pattern)).toEqual([
      'https://*.example.com',
      'https://app.example.com:8443',
      'http://app.example.com',
      'https://apq.example.com',
      'https://shop.example.com',
    ]);
  });

  it('finds the one that was meant among many, and never tells more than five', () => {
    const entries = Array.from({ length: 2_000 }, (_, index) => `https://t${index}.tenants.example`);
    const { nearest, summary } = get('https://app.exmaple.com', listOf([...entries, APP]));
    expect(nearest).toHaveLength(5);
    expect(nearest[0]?.pattern).toBe(APP);
    expect(summary.length).toBeLessThan(2_000);
  });

  it('has none to tell when the list is empty, or is not what the answer hangs on', () => {
    expect(get(APP, listOf([])).nearest).toEqual([]);
    expect(get(APP, listOf([APP, 'https://apq.example.com'])).nearest).toEqual([]);
    expect(
      explain({ method: 'GET', origin: APP, target: '/%zz' }, listOf(['https://x.test']), NOW).nearest,
    ).toEqual([]);
  });

  it('tells a socket with cookies that * and null are not for it', () => {
    const list = listOf(['*', 'null', 'https://x.test']);
    const request = { method: 'GET', socket: 'credentialed' } as const;
    const any = explain({ ...request, origin: APP }, list, NOW);
    expect(any.decision.reason).toBe('origin_unnamed');
    expect(any.nearest).toMatchObject([
      { pattern: '*', differs: 'credentials' },
      { pattern: 'https://x.test', differs: 'host' },
    ]);
    expect(explain({ ...request, origin: 'null' }, list, NOW).nearest).toMatchObject([
      { pattern: 'null', differs: 'credentials' },
      { pattern: '*', differs: 'credentials' },
    ]);
  });
});
