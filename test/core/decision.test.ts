import { type Decision, decide, refuse, type SnapshotEntry } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { ALL_CORS_HEADERS, listOf, NOW, OF_APP, ORIGIN, PREFLIGHT, policy } from './decision-list.js';

const PAST = '2029-12-31T23:59:59Z';

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
