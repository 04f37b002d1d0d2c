import { decide, type SnapshotEntry } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { ALL_CORS_HEADERS, listOf, NOW, OF_APP, ORIGIN, PREFLIGHT, policy } from './decision-list.js';

const PAST = '2029-12-31T23:59:59Z';

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
