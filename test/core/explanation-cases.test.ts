import {
  compileSnapshot,
  DEFAULT_POLICY,
  type DecisionRequest,
  explain,
  type SnapshotEntry,
  type SnapshotPolicy,
} from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const APP = 'https://app.example.com';

const listOf = (
  entries: readonly (string | SnapshotEntry)[],
  policies: readonly SnapshotPolicy[] = [DEFAULT_POLICY],
) =>
  compileSnapshot({
    ...{ tenant: 'acme', lineage: 'l', revision: 7 },
    count: entries.length,
    policies,
    entries: entries.map((entry) => (typeof entry === 'string' ? { pattern: entry } : entry)),
  });
const get = (origin: string, list: ReturnType<typeof listOf>) =>
  explain({ method: 'GET', origin }, list, NOW);

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

describe('given what the Origin header holds', () => {
  it.each<[string | readonly string[] | undefined, object]>([
    [undefined, { kind: 'none' }],
    [[], { kind: 'none' }],
    [['a', 'b'], { kind: 'several', count: 2 }],
    ['null', { kind: 'null' }],
    [APP, { kind: 'tuple', text: APP, scheme: 'https', host: 'app.example.com', port: null }],
    [
      ['http://[::1]:3000'],
      { kind: 'tuple', text: 'http://[::1]:3000', scheme: 'http', host: '[::1]', port: 3000 },
    ],
    ['', { kind: 'invalid', text: '', position: 0, detail: 'the header is empty', fix: null }],
    [
      'https://App.example.com',
      {
        kind: 'invalid',
        text: 'https://App.example.com',
        position: 8,
        detail: 'browsers write hosts in lower case',
        fix: APP,
      },
    ],
    [`${APP}/`, { kind: 'invalid', position: 23, fix: APP }],
    ['https://app.example.com:443', { kind: 'invalid', position: 23, fix: APP }],
    ['app.example.com', { kind: 'invalid', position: 15 }],
    ['https://*.example.com', { kind: 'invalid', position: 8, fix: null }],
  ])('%j is taken apart', (origin, expected) => {
    const request: DecisionRequest = origin === undefined ? { method: 'GET' } : { method: 'GET', origin };
    expect(explain(request, listOf([]), NOW).origin).toMatchObject(expected);
  });

  it('shows nothing of a hostile one that could break a line or a terminal', () => {
    const { origin, summary } = get('https://a\r\nX: \u001b[31m\u202e\\é', listOf([]));
    const text = 'https://a\\u000d\\u000aX: \\u001b[31m\\u202e\\\\\\u00e9';
    expect(origin).toMatchObject({ text, position: 9 });
    expect(summary).toContain(`The Origin header is "${text}", wrong at position 9`);
    const long = get('a'.repeat(100_000), listOf([]));
    expect(long.origin).toMatchObject({ text: `${'a'.repeat(120)}…`, position: 326 });
    expect(long.summary.length).toBeLessThan(1_000);
  });
});

describe('given a preflight', () => {
  const list = listOf([APP], [{ ...DEFAULT_POLICY, methods: ['PUT'], allowedHeaders: ['content-type'] }]);
  const ask = (request: Partial<DecisionRequest>) =>
    explain({ method: 'OPTIONS', origin: APP, requestMethod: 'PUT', ...request }, list, NOW);

  it('names the method that is refused, and what is allowed', () => {
    const { refused, summary, nearest } = ask({ requestMethod: 'put' });
    expect(refused).toEqual({ part: 'method', names: ['put'], allowed: ['GET', 'HEAD', 'POST', 'PUT'] });
    expect(summary).toContain('The method put is refused; allowed: GET, HEAD, POST, PUT.');
    expect(nearest).toEqual([]);
    expect(ask({ requestMethod: 'TRACE' }).refused).toMatchObject({ part: 'method', names: ['TRACE'] });
    expect(ask({ requestMethod: 'a\nb' }).refused).toMatchObject({ part: 'method', names: ['a\\u000ab'] });
    expect(ask({ requestMethod: ['PUT', 'PUT'] }).refused).toMatchObject({ names: ['2 lines'] });
  });

  it('names every header that is refused, once', () => {
    const { refused, summary } = ask({ requestHeaders: 'authorization,content-type, X-Trace,x-trace' });
    expect(refused).toEqual({
      part: 'header',
      names: ['authorization', 'x-trace'],
      allowed: ['content-type'],
    });
    expect(summary).toContain('The headers authorization, x-trace are refused; allowed: content-type.');
    const many = Array.from({ length: 20 }, (_, index) => `x-${index}`).join(',');
    expect(ask({ requestHeaders: many }).summary).toContain('x-7 and 12 more are refused');
  });

  it('names none when none is refused', () => {
    expect(ask({})).not.toHaveProperty('refused');
    expect(ask({ requestHeaders: 'a b' })).not.toHaveProperty('refused');
    expect(ask({ origin: 'https://x.test' })).not.toHaveProperty('refused');
  });
});

describe('given policies to choose from', () => {
  const api: SnapshotPolicy = { ...DEFAULT_POLICY, name: 'api', paths: ['/api', '/api/v2'] };
  const list = listOf([APP], [DEFAULT_POLICY, api]);
  const ask = (request: Partial<DecisionRequest>) =>
    explain({ method: 'GET', origin: APP, ...request }, list, NOW);

  it.each<[Partial<DecisionRequest>, object, string]>([
    [
      {},
      { chosenBy: 'path', name: 'default', path: '/', prefix: '/' },
      'The policy is default, which the path / leads to by the prefix /.',
    ],
    [
      { target: '/api/v2/x?y=1' },
      { chosenBy: 'path', name: 'api', path: '/api/v2/x', prefix: '/api/v2' },
      'The policy is api, which the path /api/v2/x leads to by the prefix /api/v2.',
    ],
    [
      { policy: 'api', target: '/%zz' },
      { chosenBy: 'name', name: 'api' },
      'The policy is api, which was asked for by name.',
    ],
    [
      { policy: 'a\nb' },
      { chosenBy: 'unknown_name', name: null, asked: 'a\\u000ab', known: ['default', 'api'] },
      'The policy a\\u000ab was asked for; there are default, api.',
    ],
    [
      { target: '/API/x' },
      {
        chosenBy: 'ambiguous_path',
        name: null,
        path: '/API/x',
        readings: [
          { path: '/API/x', policy: 'default' },
          { path: '/api/x', policy: 'api' },
        ],
      },
      'No policy: the path is read as /API/x (policy default) or as /api/x (policy api).',
    ],
    [
      { target: '/%zz' },
      { chosenBy: 'ambiguous_path', name: null, path: '/%zz', readings: [] },
      'No policy: the path /%zz cannot be decoded, or is no path.',
    ],
    [
      { target: 'nowhere' },
      { chosenBy: 'ambiguous_path', name: null, path: 'nowhere', readings: [] },
      'No policy: the path nowhere cannot be decoded, or is no path.',
    ],
  ])('%j says how', (request, expected, sentence) => {
    const { policy, summary, decision } = ask(request);
    expect(policy).toEqual(expected);
    expect(summary).toContain(sentence);
    expect(decision.policy ?? null).toBe(policy.name);
  });
});

describe('given an answer', () => {
  const credentialed: SnapshotPolicy = { ...DEFAULT_POLICY, credentials: true };

  it('says what would be sent', () => {
    expect(get(APP, listOf([APP])).summary).toBe(
      'Allowed: the origin matches the entry https://app.example.com. ' +
        'The origin is https://app.example.com: scheme https, host app.example.com, port 443 (the default of https). ' +
        'The policy is default, which the path / leads to by the prefix /. ' +
        'Not for requests with credentials: the policy default has them off. ' +
        'Headers sent: access-control-allow-origin: https://app.example.com; vary: Origin.',
    );
    const refused = get('https://x.test', listOf([APP]));
    expect(refused.summary).toMatch(/ The application runs all the same\. Headers sent: vary: Origin\.$/);
  });

  it('says who stops a request, and that a report sends nothing', () => {
    const blocking = listOf([APP], [{ ...DEFAULT_POLICY, enforcement: 'block' }]);
    expect(get('https://x.test', blocking).summary).toContain(
      'It is answered 403, and the application does not run.',
    );
    const reporting = listOf([APP], [{ ...DEFAULT_POLICY, enforcement: 'report' }]);
    expect(get('https://x.test', reporting).summary).toMatch(
      / Nothing is sent: the policy only reports, .+\.$/,
    );
    expect(get('https://x.test', listOf(['*'])).summary).toMatch(
      / Headers sent: access-control-allow-origin: \*\.$/,
    );
  });

  it('says why credentials do not go with it', () => {
    expect(get(APP, listOf([APP], [credentialed])).summary).not.toContain('with credentials');
    expect(get('null', listOf(['null'], [credentialed])).summary).toContain(
      'Not for requests with credentials: null never goes with them.',
    );
    expect(get(APP, listOf(['*'], [credentialed])).summary).toContain('without credentials');
  });
});
