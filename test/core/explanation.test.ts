import {
  compileSnapshot,
  DEFAULT_POLICY,
  type DecisionRequest,
  decide,
  explainDecision,
  refuse,
} from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const entries = [
  { pattern: 'https://*.example.com' },
  { pattern: 'https://off.test', enabled: false },
  { pattern: 'https://old.test', expiresAt: '2029-01-01T00:00:00Z' },
  { pattern: 'https://api.test', policies: ['api'] },
  { pattern: 'https://here.test' },
];
const list = compileSnapshot({
  tenant: 'acme',
  lineage: 'l',
  revision: 1,
  count: entries.length,
  policies: [
    { ...DEFAULT_POLICY, alwaysSend: true },
    { ...DEFAULT_POLICY, name: 'api', paths: ['/api'] },
  ],
  entries,
});
const preflight = { method: 'OPTIONS', origin: 'https://a.example.com', requestMethod: 'PUT' };

describe('given a decision', () => {
  it.each<[DecisionRequest, string]>([
    [
      { method: 'GET', origin: 'https://a.example.com' },
      'Allowed: the origin matches the entry https://*.example.com.',
    ],
    [
      { method: 'GET', host: 'here.test' },
      "Allowed: there is no Origin header, and the policy default always sends the entry of the request's own host, the entry https://here.test.",
    ],
    [
      { method: 'GET' },
      'Not a CORS request: there is no Origin header, so no page is asking to read the answer.',
    ],
    [{ method: 'GET', origin: 'https://b.test' }, 'Refused: no entry of the tenant acme matches the origin.'],
    [
      { method: 'GET', origin: 'https://B.test' },
      'Refused: the Origin header is not an origin as browsers write it (scheme://host[:port], lower case, nothing else).',
    ],
    [
      { method: 'GET', origin: ['a', 'b'] },
      'Refused: the request has several Origin headers, which no browser sends.',
    ],
    [
      { method: 'GET', origin: 'https://off.test' },
      'Refused: the entry that matches the origin is disabled.',
    ],
    [
      { method: 'GET', origin: 'https://old.test' },
      'Refused: the entry that matches the origin has expired.',
    ],
    [
      { method: 'GET', origin: 'https://api.test' },
      'Refused: the entry that matches the origin does not apply to the policy default.',
    ],
    [
      { ...preflight, requestMethod: 'a b' },
      'Refused: Access-Control-Request-Method is not one method name.',
    ],
    [
      { ...preflight, requestMethod: 'TRACE' },
      'Refused: CONNECT, TRACE and TRACK are never allowed across origins.',
    ],
    [
      { ...preflight, requestMethod: 'put' },
      'Refused: the policy default does not allow the requested method; names are compared with case.',
    ],
    [
      { ...preflight, requestHeaders: 'a b' },
      'Refused: Access-Control-Request-Headers is not a list of header names.',
    ],
    [
      { ...preflight, requestHeaders: 'a'.repeat(5000) },
      'Refused: Access-Control-Request-Headers is longer than any browser makes it.',
    ],
    [
      { ...preflight, requestHeaders: 'x-a' },
      'Refused: the policy default does not allow a requested header; * does not cover Authorization.',
    ],
    [
      { method: 'GET', target: '/API' },
      'Refused: the path can be read in ways that lead to different policies, or cannot be decoded.',
    ],
    [
      { method: 'GET', policy: 'x' },
      'Refused: the tenant acme has no policy of the name that was asked for.',
    ],
  ])('%j is explained in a sentence', (request, sentence) => {
    expect(explainDecision(decide(request, list, NOW))).toBe(sentence);
  });

  it('so is one under *', () => {
    const open = compileSnapshot({
      ...{ tenant: 'acme', lineage: 'l', revision: 1 },
      count: 1,
      policies: [DEFAULT_POLICY],
      entries: [{ pattern: '*' }],
    });
    expect(explainDecision(decide({ method: 'GET' }, open, NOW))).toBe(
      'Allowed: the list holds *, which lets every origin read the answer, without credentials.',
    );
  });

  it.each([
    ['tenant_unknown', 'Refused: no such tenant is known.'],
    ['not_loaded', 'Refused: the list of the tenant has not been loaded yet.'],
    ['stale', 'Refused: the list of the tenant is older than it may be.'],
  ] as const)('so is one made without a list: %s', (reason, sentence) => {
    expect(explainDecision(refuse({ method: 'GET' }, reason))).toBe(sentence);
  });
});
