import {
  type CompiledAllowlist,
  compileSnapshot,
  DEFAULT_POLICY,
  type Decision,
  decide,
  type PolicySettings,
  refuse,
  type SnapshotEntry,
  type SnapshotPolicy,
} from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const PAST = '2029-12-31T23:59:59Z';
const ORIGIN = 'https://app.example';
const ALL_CORS_HEADERS = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
  'access-control-allow-private-network',
];

function listOf(
  entries: readonly SnapshotEntry[],
  ...policies: readonly SnapshotPolicy[]
): CompiledAllowlist {
  const all = policies.some(({ name }) => name === 'default') ? policies : [DEFAULT_POLICY, ...policies];
  return compileSnapshot({
    tenant: 'acme',
    lineage: 'l',
    revision: 7,
    count: entries.length,
    policies: all,
    entries,
  });
}

function policy(name: string, settings: Partial<PolicySettings>): SnapshotPolicy {
  return { ...DEFAULT_POLICY, name, ...settings };
}

const OF_APP = [{ pattern: ORIGIN }];
const PREFLIGHT = { method: 'OPTIONS', origin: ORIGIN, requestMethod: 'PUT' };

describe('given an origin that is listed', () => {
  it('the decision says what was matched, by which policy and version, and what to send', () => {
    const list = listOf(OF_APP, policy('default', { credentials: true, exposedHeaders: ['ETag'] }));
    expect(decide({ method: 'GET', target: '/x?y', origin: ORIGIN }, list, NOW)).toEqual({
      kind: 'actual',
      allowed: true,
      reason: 'origin_allowed',
      matched: { pattern: ORIGIN, kind: 'exact' },
      policy: 'default',
      enforcement: 'headers',
      callsNext: true,
      status: null,
      headers: {
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'ETag',
      },
      vary: ['Origin'],
      remove: [
        'access-control-allow-methods',
        'access-control-allow-headers',
        'access-control-max-age',
        'access-control-allow-private-network',
      ],
      tenant: 'acme',
      lineage: 'l',
      revision: 7,
    } satisfies Decision);
  });

  it('a preflight is answered in full, with no body to wait for', () => {
    expect(decide(PREFLIGHT, listOf(OF_APP), NOW)).toEqual({
      kind: 'preflight',
      allowed: true,
      reason: 'origin_allowed',
      matched: { pattern: ORIGIN, kind: 'exact' },
      policy: 'default',
      enforcement: 'headers',
      callsNext: false,
      status: 204,
      headers: {
        'access-control-allow-origin': ORIGIN,
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': '600',
        'content-length': '0',
      },
      vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
      remove: [
        'access-control-allow-credentials',
        'access-control-expose-headers',
        'access-control-allow-private-network',
      ],
      tenant: 'acme',
      lineage: 'l',
      revision: 7,
    } satisfies Decision);
  });
});

describe('given an origin that is not let in', () => {
  it.each<[string, SnapshotEntry, string | readonly string[], string]>([
    ['not listed', { pattern: ORIGIN }, 'https://evil.example', 'origin_not_listed'],
    ['not an origin', { pattern: ORIGIN }, 'https://app.example/', 'origin_invalid'],
    ['sent twice', { pattern: ORIGIN }, [ORIGIN, ORIGIN], 'origin_multiple'],
    ['disabled', { pattern: ORIGIN, enabled: false }, ORIGIN, 'entry_disabled'],
    ['expired', { pattern: ORIGIN, expiresAt: PAST }, ORIGIN, 'entry_expired'],
    ['for another policy', { pattern: ORIGIN, policies: ['api'] }, ORIGIN, 'entry_other_policy'],
    ['null and not listed', { pattern: ORIGIN }, 'null', 'origin_not_listed'],
    ['null and disabled', { pattern: 'null', enabled: false }, 'null', 'entry_disabled'],
    ['under a * that is disabled', { pattern: '*', enabled: false }, ORIGIN, 'origin_not_listed'],
    ['under a * that has expired', { pattern: '*', expiresAt: PAST }, ORIGIN, 'origin_not_listed'],
    ['under a * for another policy', { pattern: '*', policies: ['api'] }, ORIGIN, 'origin_not_listed'],
  ])('%s: nothing is sent and everything set before is removed', (_, entry, origin, reason) => {
    const decision = decide({ method: 'GET', origin }, listOf([entry]), NOW);
    expect(decision).toMatchObject({
      allowed: false,
      reason,
      matched: undefined,
      callsNext: true,
      status: null,
    });
    expect(decision.headers).toEqual({});
    expect(decision.remove).toEqual(ALL_CORS_HEADERS);
    expect(decision.vary).toEqual(['Origin']);
  });

  it('one line in an array is one line', () => {
    expect(decide({ method: 'GET', origin: [ORIGIN] }, listOf(OF_APP), NOW).allowed).toBe(true);
    expect(decide({ method: 'GET', origin: [] }, listOf(OF_APP), NOW).kind).toBe('non-cors');
  });

  it('an entry expires by the clock that is given, to the millisecond', () => {
    const list = listOf([{ pattern: ORIGIN, expiresAt: '2030-01-01T00:00:00.000Z' }]);
    expect(decide({ method: 'GET', origin: ORIGIN }, list, NOW - 1).allowed).toBe(true);
    expect(decide({ method: 'GET', origin: ORIGIN }, list, NOW).reason).toBe('entry_expired');
    expect(decide({ method: 'GET', origin: ORIGIN }, list, Number.NaN).reason).toBe('entry_expired');
  });
});

describe('given an active *', () => {
  const list = listOf(
    [{ pattern: '*' }, { pattern: ORIGIN }, { pattern: 'null' }],
    policy('default', { credentials: true, exposedHeaders: ['*', 'ETag'], privateNetwork: true }),
  );

  it.each<[string, string | readonly string[] | undefined, string]>([
    ['a listed origin', ORIGIN, 'actual'],
    ['an unlisted origin', 'https://evil.example', 'actual'],
    ['null', 'null', 'actual'],
    ['what is no origin', 'x\r\ny', 'actual'],
    ['two origins', [ORIGIN, 'https://evil.example'], 'actual'],
    ['no origin', undefined, 'non-cors'],
  ])('%s gets the same answer, without credentials and without Vary', (_, origin, kind) => {
    expect(decide({ method: 'GET', origin }, list, NOW)).toMatchObject({
      kind,
      allowed: true,
      reason: 'any_origin',
      matched: { pattern: '*', kind: 'any' },
      headers: { 'access-control-allow-origin': '*', 'access-control-expose-headers': '*, ETag' },
      vary: [],
    });
  });

  it('a preflight says * too, and refuses what the policy refuses', () => {
    const allowed = decide(PREFLIGHT, list, NOW);
    expect(allowed.headers['access-control-allow-origin']).toBe('*');
    expect(allowed.headers['access-control-allow-credentials']).toBeUndefined();
    const refused = decide({ ...PREFLIGHT, requestMethod: 'PURGE' }, list, NOW);
    expect(refused).toMatchObject({ allowed: false, reason: 'method_not_allowed', status: 403, headers: {} });
    expect(refused.vary).toEqual(allowed.vary);
    expect(refused.vary).toEqual([
      'Access-Control-Request-Method',
      'Access-Control-Request-Headers',
      'Access-Control-Request-Private-Network',
    ]);
  });

  it('it rules only the policies it is for', () => {
    const entries = [{ pattern: '*', policies: ['open'] }, { pattern: ORIGIN }];
    const two = listOf(entries, policy('open', { paths: ['/open'] }));
    expect(decide({ method: 'GET', target: '/open', origin: ORIGIN }, two, NOW).reason).toBe('any_origin');
    expect(decide({ method: 'GET', target: '/', origin: ORIGIN }, two, NOW).reason).toBe('origin_allowed');
    expect(decide({ method: 'GET', target: '/' }, two, NOW).reason).toBe('no_origin');
  });
});

describe('given null in the list of a policy with credentials', () => {
  it('it is let in without them', () => {
    const list = listOf([{ pattern: 'null' }], policy('default', { credentials: true, methods: ['*'] }));
    expect(decide({ method: 'GET', origin: 'null' }, list, NOW).headers).toEqual({
      'access-control-allow-origin': 'null',
    });
    const preflight = decide({ ...PREFLIGHT, origin: 'null' }, list, NOW);
    expect(preflight.headers['access-control-allow-methods']).toBe('*');
    expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
  });
});

describe('given a preflight that is refused', () => {
  it.each<[string, object, string]>([
    ['a method that is not listed', { requestMethod: 'PURGE' }, 'method_not_allowed'],
    ['a method in lower case', { requestMethod: 'put' }, 'method_not_allowed'],
    ['no method', { requestMethod: '' }, 'method_invalid'],
    ['two methods', { requestMethod: 'PUT, DELETE' }, 'method_invalid'],
    ['two lines of methods', { requestMethod: ['PUT', 'PUT'] }, 'method_invalid'],
    ['a method no page may use', { requestMethod: 'TRACE' }, 'method_forbidden'],
    ['a method no page may use, in lower case', { requestMethod: 'connect' }, 'method_forbidden'],
    ['a header that is not listed', { requestHeaders: 'x-a' }, 'request_header_not_allowed'],
    ['one header of two', { requestHeaders: 'content-type,x-a' }, 'request_header_not_allowed'],
    ['header names that are none', { requestHeaders: 'a b' }, 'request_headers_invalid'],
    ['more header names than are read', { requestHeaders: 'a'.repeat(5000) }, 'request_headers_oversized'],
  ])('%s: 403, nothing sent, the entry named', (_, change, reason) => {
    expect(decide({ ...PREFLIGHT, ...change }, listOf(OF_APP), NOW)).toMatchObject({
      kind: 'preflight',
      allowed: false,
      reason,
      matched: { pattern: ORIGIN, kind: 'exact' },
      callsNext: false,
      status: 403,
      headers: {},
      remove: ALL_CORS_HEADERS,
      vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
    });
  });
});

describe('given wildcards in a policy', () => {
  const wildcards = { methods: ['*'], allowedHeaders: ['*'] };
  const request = { ...PREFLIGHT, requestMethod: 'PURGE', requestHeaders: 'X-B,x-a' };

  it('without credentials they are sent as they are', () => {
    expect(decide(request, listOf(OF_APP, policy('default', wildcards)), NOW).headers).toMatchObject({
      'access-control-allow-methods': '*',
      'access-control-allow-headers': '*',
    });
  });

  it('with credentials they are spelled out', () => {
    const list = listOf(OF_APP, policy('default', { ...wildcards, credentials: true }));
    expect(decide(request, list, NOW).headers).toMatchObject({
      'access-control-allow-methods': 'PURGE',
      'access-control-allow-headers': 'x-b, x-a',
    });
    expect(decide(PREFLIGHT, list, NOW).headers['access-control-allow-headers']).toBeUndefined();
  });

  it('with credentials what is listed comes first and once', () => {
    const settings = { credentials: true, methods: ['PUT', '*'], allowedHeaders: ['X-A', '*'] };
    expect(decide(request, listOf(OF_APP, policy('default', settings)), NOW).headers).toMatchObject({
      'access-control-allow-methods': 'PUT, PURGE',
      'access-control-allow-headers': 'x-a, x-b',
    });
  });

  it.each([true, false])('* does not cover Authorization, with credentials %s', (credentials) => {
    const asked = { ...PREFLIGHT, requestHeaders: 'Authorization' };
    const open = listOf(OF_APP, policy('default', { ...wildcards, credentials }));
    expect(decide(asked, open, NOW).reason).toBe('request_header_not_allowed');
    const named = policy('default', { ...wildcards, credentials, allowedHeaders: ['*', 'authorization'] });
    expect(decide(asked, listOf(OF_APP, named), NOW).headers['access-control-allow-headers']).toContain(
      'authorization',
    );
  });
});

describe('given a policy asked for by name', () => {
  const list = listOf(OF_APP, policy('api', { paths: ['/api'], exposedHeaders: ['ETag'] }));

  it('it answers, whatever the path', () => {
    expect(decide({ method: 'GET', target: '/%zz', policy: 'api', origin: ORIGIN }, list, NOW)).toMatchObject(
      {
        policy: 'api',
        allowed: true,
      },
    );
  });

  it.each(['', 'API', 'other', '__proto__', 'constructor'])(
    'there is none named %j: refused, never default',
    (name) => {
      expect(decide({ method: 'GET', target: '/', policy: name, origin: ORIGIN }, list, NOW)).toMatchObject({
        allowed: false,
        reason: 'policy_unknown',
        policy: undefined,
        enforcement: 'headers',
        headers: {},
        remove: ALL_CORS_HEADERS,
        revision: 7,
      });
    },
  );
});

describe('given a path that cannot be told', () => {
  it.each([
    ['GET', ORIGIN, undefined, 'actual', null],
    ['GET', undefined, undefined, 'non-cors', null],
    ['OPTIONS', ORIGIN, 'PUT', 'preflight', 403],
  ] as const)('%s with origin %s is refused', (method, origin, requestMethod, kind, status) => {
    const list = listOf([{ pattern: '*' }], policy('api', { paths: ['/api'] }));
    expect(decide({ method, origin, requestMethod, target: '/API' }, list, NOW)).toMatchObject({
      kind,
      allowed: false,
      reason: 'path_ambiguous',
      status,
      headers: {},
    });
  });
});

describe('given a policy that only reports', () => {
  const reporting = policy('default', { enforcement: 'report', credentials: true });

  it.each([
    ['an allowed request', { method: 'GET', origin: ORIGIN }, true],
    ['a refused request', { method: 'GET', origin: 'https://evil.example' }, false],
    ['an allowed preflight', PREFLIGHT, true],
    ['a refused preflight', { ...PREFLIGHT, requestMethod: 'PURGE' }, false],
    ['a request without origin', { method: 'GET' }, false],
  ])('%s is decided and left alone', (_, request, allowed) => {
    expect(decide(request, listOf(OF_APP, reporting), NOW)).toMatchObject({
      allowed,
      enforcement: 'report',
      callsNext: true,
      status: null,
      headers: {},
      vary: [],
      remove: [],
    });
  });

  it('when all do, a request that no policy can be told for is left alone too', () => {
    const list = listOf(OF_APP, reporting, policy('api', { paths: ['/api'], enforcement: 'report' }));
    expect(decide({ method: 'GET', target: '/API', origin: ORIGIN }, list, NOW)).toMatchObject({
      reason: 'path_ambiguous',
      enforcement: 'report',
      remove: [],
    });
  });

  it('when one does not, such a request is refused', () => {
    const list = listOf(OF_APP, reporting, policy('api', { paths: ['/api'] }));
    expect(decide({ method: 'GET', target: '/API', origin: ORIGIN }, list, NOW)).toMatchObject({
      reason: 'path_ambiguous',
      enforcement: 'headers',
      remove: ALL_CORS_HEADERS,
    });
  });
});

describe('given a policy that always sends, and no Origin', () => {
  const sending = policy('default', { alwaysSend: true, credentials: true, exposedHeaders: ['ETag'] });
  const sent = (patterns: readonly (string | SnapshotEntry)[], host: string | undefined) => {
    const entries = patterns.map((entry) => (typeof entry === 'string' ? { pattern: entry } : entry));
    return decide({ method: 'GET', host }, listOf(entries, sending), NOW).headers[
      'access-control-allow-origin'
    ];
  };

  it('the entry of the request’s own host is sent, without credentials', () => {
    expect(decide({ method: 'GET', host: 'app.example' }, listOf(OF_APP, sending), NOW)).toMatchObject({
      kind: 'non-cors',
      allowed: true,
      reason: 'same_host',
      matched: { pattern: ORIGIN, kind: 'exact' },
      headers: { 'access-control-allow-origin': ORIGIN, 'access-control-expose-headers': 'ETag' },
      vary: ['Origin'],
      remove: expect.arrayContaining(['access-control-allow-credentials']),
    });
  });

  it.each([
    ['http', ['http://app.example'], 'app.example', 'http://app.example'],
    ['a port', ['https://app.example:8443'], 'app.example:8443', 'https://app.example:8443'],
    ['the default port spelled out', ['https://app.example'], 'app.example:443', 'https://app.example'],
    ['the default port of http spelled out', ['http://app.example'], 'app.example:80', 'http://app.example'],
    ['upper case in Host', ['https://app.example'], 'App.Example', 'https://app.example'],
    ['an IPv6 host', ['http://[::1]:3000'], '[::1]:3000', 'http://[::1]:3000'],
  ])('%s: it is sent', (_, patterns, host, expected) => {
    expect(sent(patterns, host)).toBe(expected);
  });

  it.each<[string, readonly (string | SnapshotEntry)[], string | undefined]>([
    ['both schemes are listed', ['https://app.example', 'http://app.example'], 'app.example'],
    ['no Host is known', ['https://app.example'], undefined],
    ['another host', ['https://app.example'], 'evil.example'],
    ['another port', ['https://app.example:8443'], 'app.example'],
    ['only a wildcard fits', ['https://*.example', 'https://app.example:*'], 'app.example'],
    ['another scheme', ['capacitor://app.example'], 'app.example'],
    ['it is disabled', [{ pattern: ORIGIN, enabled: false }], 'app.example'],
    ['it has expired', [{ pattern: ORIGIN, expiresAt: PAST }], 'app.example'],
    ['it is for another policy', [{ pattern: ORIGIN, policies: ['api'] }], 'app.example'],
    ['Host holds a line break', [ORIGIN], 'app.example\r\nx: y'],
    ['Host is longer than any origin', [ORIGIN], 'a'.repeat(100_000)],
  ])('%s: nothing is sent', (_, patterns, host) => {
    expect(sent(patterns, host)).toBeUndefined();
  });

  it('one scheme is sent when the entry of the other has expired', () => {
    expect(
      sent(['https://app.example', { pattern: 'http://app.example', expiresAt: PAST }], 'app.example'),
    ).toBe(ORIGIN);
  });

  it('a policy that does not always send sends nothing', () => {
    expect(decide({ method: 'GET', host: 'app.example' }, listOf(OF_APP), NOW)).toMatchObject({
      allowed: false,
      reason: 'no_origin',
      headers: {},
    });
  });
});

describe('given no list to decide by', () => {
  it.each(['tenant_unknown', 'not_loaded', 'stale'] as const)(
    'a request is refused as %s and passes',
    (reason) => {
      expect(refuse({ method: 'GET', origin: ORIGIN }, reason)).toEqual({
        kind: 'actual',
        allowed: false,
        reason,
        matched: undefined,
        policy: undefined,
        enforcement: 'headers',
        callsNext: true,
        status: null,
        headers: {},
        vary: ['Origin'],
        remove: ALL_CORS_HEADERS,
        tenant: undefined,
        lineage: undefined,
        revision: undefined,
      } satisfies Decision);
    },
  );

  it('a preflight is answered 403', () => {
    expect(refuse(PREFLIGHT, 'not_loaded')).toMatchObject({
      kind: 'preflight',
      callsNext: false,
      status: 403,
    });
  });
});
