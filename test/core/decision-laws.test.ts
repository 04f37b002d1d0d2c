import {
  compileSnapshot,
  type DecisionRequest,
  decide,
  explainDecision,
  type Snapshot,
  type SnapshotPolicy,
} from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { anyText, hostileOrigin, LAW_TIMEOUT_MS, nearlyOriginText, pattern } from './arbitraries.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

const METHODS = ['GET', 'PUT', 'OPTIONS', 'PURGE', 'TRACE', '*', 'put', 'a b', ''];
const HEADERS = ['x-a', 'X-B', 'content-type', 'authorization', '*', 'a b', ''];
const token = (known: readonly string[]) => fc.oneof(fc.constantFrom(...known), anyText);
const some = (known: readonly string[]) => fc.array(token(known), { maxLength: 4 });
const line = (one: fc.Arbitrary<string>) =>
  fc.option(fc.oneof(one, fc.array(one, { maxLength: 3 })), { nil: undefined });
const target = fc.oneof(fc.constantFrom('/', '/api', '/api/x', '/API', '//api', '/%zz', '*', ''), anyText);

const policy = (name: string): fc.Arbitrary<SnapshotPolicy> =>
  fc.record(
    {
      name: fc.constant(name),
      paths: fc.subarray(['/', '/api', '/x']),
      credentials: fc.boolean(),
      methods: some(METHODS),
      allowedHeaders: some(HEADERS),
      exposedHeaders: some(HEADERS),
      maxAgeSeconds: fc.nat(86_400),
      privateNetwork: fc.boolean(),
      alwaysSend: fc.boolean(),
      enforcement: fc.constantFrom('report', 'headers', 'headers', 'block'),
    },
    {
      requiredKeys: [
        'name',
        'paths',
        'credentials',
        'methods',
        'allowedHeaders',
        'exposedHeaders',
        'privateNetwork',
        'alwaysSend',
        'enforcement',
      ],
    },
  );
const entry = fc.record(
  {
    pattern: fc.oneof({ weight: 4, arbitrary: pattern }, { weight: 1, arbitrary: nearlyOriginText }),
    enabled: fc.constantFrom(true, true, true, false),
    expiresAt: fc.constantFrom('2031-01-01T00:00:00Z', '2029-01-01T00:00:00Z', 'never'),
    policies: fc.subarray(['default', 'api']),
  },
  { requiredKeys: ['pattern'] },
);
const LISTED = [{ pattern: 'https://a.example' }, { pattern: 'null' }];
const snapshot: fc.Arbitrary<Snapshot> = fc
  .tuple(policy('default'), policy('api'), fc.array(entry, { maxLength: 20, size: 'max' }))
  .map(([first, second, generated]) => [first, second, [...generated, ...LISTED]] as const)
  .map(([first, second, entries]) => ({
    tenant: 'acme',
    lineage: 'l',
    revision: 1,
    count: entries.length,
    policies: [first, second],
    entries,
  }));
const anyRequest: fc.Arbitrary<DecisionRequest> = fc.record(
  {
    method: fc.oneof(fc.constantFrom('GET', 'OPTIONS', 'OPTIONS', 'options'), anyText),
    target,
    origin: line(fc.oneof(hostileOrigin, fc.constantFrom('https://a.example', 'null'))),
    requestMethod: line(token(METHODS)),
    requestHeaders: line(
      fc.oneof(
        some(HEADERS).map((names) => names.join(',')),
        anyText,
      ),
    ),
    requestPrivateNetwork: line(fc.constantFrom('true', 'false')),
    host: fc.oneof(fc.constantFrom('a.example', 'a.example:8443', '127.0.0.1'), anyText),
    policy: fc.constantFrom('default', 'default', 'api', 'api', 'other'),
  },
  { requiredKeys: ['method'] },
);

/** A preflight from an origin that the lists below hold, so that what comes after the origin is reached often. */
const preflight: fc.Arbitrary<DecisionRequest> = fc.record(
  {
    method: fc.constant('OPTIONS'),
    origin: fc.constantFrom('https://a.example', 'null'),
    requestMethod: fc.constantFrom(...METHODS),
    requestHeaders: some(HEADERS).map((names) => names.join(',')),
    requestPrivateNetwork: fc.constantFrom('true', 'false'),
  },
  { requiredKeys: ['method', 'origin', 'requestMethod'] },
);
const request = fc.oneof({ weight: 2, arbitrary: anyRequest }, { weight: 1, arbitrary: preflight });

/** Checks many decisions. @returns the reasons that came up: a law about what never happens says little. */
function decideAll(
  check: (decision: ReturnType<typeof decide>, asked: DecisionRequest) => void,
): ReadonlySet<string> {
  const reasons = new Set<string>();
  fc.assert(
    fc.property(
      snapshot,
      fc.array(request, { minLength: 1, maxLength: 20, size: 'max' }),
      (generated, requests) => {
        const compiled = compileSnapshot(generated);
        for (const asked of requests) {
          const decision = decide(asked, compiled, Date.parse('2030-01-01T00:00:00Z'));
          reasons.add(decision.reason);
          check(decision, asked);
        }
      },
    ),
    { numRuns: 200 },
  );
  return reasons;
}

const COMMON_REASONS = [
  'any_origin',
  'origin_allowed',
  'origin_not_listed',
  'origin_invalid',
  'origin_multiple',
  'no_origin',
  'method_invalid',
  'method_forbidden',
  'method_not_allowed',
  'request_headers_invalid',
  'path_ambiguous',
  'policy_unknown',
];

describe('given any list, any policies and any request', () => {
  it('there is a decision that can be explained', () => {
    const reasons = decideAll((decision) => {
      expect(explainDecision(decision)).toMatch(/^(Allowed|Refused|Not a CORS request): .+\.$/);
    });
    expect(reasons).toEqual(new Set([...reasons, ...COMMON_REASONS]));
  });

  it('a refusal sends no CORS header and removes all', () => {
    decideAll((decision) => {
      if (decision.allowed || decision.enforcement === 'report') return;
      expect(decision.headers).toEqual({});
      expect(decision.remove).toHaveLength(7);
    });
  });

  it('credentials go with the bytes of the one origin that asked, and with nothing else', () => {
    decideAll(({ headers, allowed, kind }, { origin }) => {
      const sent = headers['access-control-allow-origin'];
      if (allowed && kind !== 'non-cors' && sent !== undefined && sent !== '*')
        expect([origin].flat()).toEqual([sent]);
      if (headers['access-control-allow-credentials'] === undefined) return;
      expect([origin].flat()).toEqual([sent]);
      expect(['*', 'null', undefined]).not.toContain(sent);
    });
  });

  it('with credentials no wildcard is sent unless the request names one', () => {
    decideAll(({ headers }, { requestMethod, requestHeaders }) => {
      if (headers['access-control-allow-credentials'] === undefined) return;
      expect(headers['access-control-expose-headers']?.split(', ') ?? []).not.toContain('*');
      if (![requestMethod].flat().includes('*'))
        expect(headers['access-control-allow-methods']?.split(', ') ?? []).not.toContain('*');
      if (!String(requestHeaders).includes('*'))
        expect(headers['access-control-allow-headers']?.split(', ') ?? []).not.toContain('*');
    });
  });

  it('no header holds a line break or anything else that HTTP does not carry', () => {
    decideAll(({ headers }) => {
      for (const value of Object.values(headers)) expect(value).toMatch(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/);
    });
  });

  it('a header is set or removed, never both, and a report does neither', () => {
    decideAll((decision) => {
      const set = Object.keys(decision.headers).filter((name) => name.startsWith('access-control-'));
      expect(set.filter((name) => decision.remove.includes(name))).toEqual([]);
      expect(set.length + decision.remove.length).toBe(decision.enforcement === 'report' ? 0 : 7);
    });
  });

  it('the answer varies on Origin but for *', () => {
    decideAll((decision) => {
      if (decision.enforcement === 'report') return;
      expect(decision.vary.includes('Origin')).toBe(decision.matched?.kind !== 'any');
    });
  });

  it('preflights are answered here, refused requests where the policy blocks, all else by the application', () => {
    decideAll((decision) => {
      const { kind, allowed, enforcement } = decision;
      const isBlocked = enforcement === 'block' && kind === 'actual' && !allowed;
      const answersHere = isBlocked || (kind === 'preflight' && enforcement !== 'report');
      expect(decision.callsNext).toBe(!answersHere);
      expect(decision.status).toBe(answersHere ? (decision.allowed ? 204 : 403) : null);
    });
  });
});
