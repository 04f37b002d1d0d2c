import {
  compileSnapshot,
  DEFAULT_POLICY,
  type DecisionRequest,
  decide,
  type Explanation,
  explain,
  matchOrigin,
  parseOrigin,
  parsePattern,
  type SnapshotEntry,
} from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { findDifference } from '../../client/src/core/origin-difference.js';
import { distanceOf } from '../../client/src/core/origin-distance.js';
import { findOriginFault } from '../../client/src/core/origin-fault.js';
import { anyText, hostileOrigin, LAW_TIMEOUT_MS, nearlyOriginText, pattern } from './arbitraries.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

const NOW = Date.parse('2030-01-01T00:00:00Z');
const line = (one: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 5, arbitrary: one }, fc.array(one, { maxLength: 3 }));
/** Few, so that lists and requests meet. */
const origin = fc.constantFrom(
  'https://a.example',
  'https://pr-1.example:8443',
  'http://b.a.example',
  'null',
);
const entry: fc.Arbitrary<SnapshotEntry> = fc.record(
  {
    pattern: fc.oneof(pattern, origin),
    enabled: fc.constantFrom(true, true, false),
    expiresAt: fc.constantFrom('2031-01-01T00:00:00Z', '2029-01-01T00:00:00Z', 'never'),
    policies: fc.subarray(['default', 'api']),
  },
  { requiredKeys: ['pattern'] },
);
const request: fc.Arbitrary<DecisionRequest> = fc.record(
  {
    method: fc.constantFrom('GET', 'OPTIONS', 'OPTIONS', 'POST'),
    target: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom('/', '/api/x', '/api', '*', '/API') },
      { weight: 1, arbitrary: anyText },
    ),
    origin: line(fc.oneof(origin, hostileOrigin)),
    requestMethod: line(fc.constantFrom('GET', 'PUT', 'put', 'TRACE', 'a b\n')),
    requestHeaders: line(fc.constantFrom('content-type', 'x-a, X-B', 'authorization', 'a b')),
    host: hostileOrigin,
    policy: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom('api', 'default') },
      { weight: 1, arbitrary: anyText },
    ),
    secFetchSite: fc.constantFrom('same-origin', 'cross-site'),
    socket: fc.constantFrom('credentialed', 'anonymous'),
  },
  { requiredKeys: ['method', 'origin', 'requestMethod'] },
);
const policies = fc
  .record({
    credentials: fc.boolean(),
    alwaysSend: fc.boolean(),
    enforcement: fc.constantFrom('report', 'headers', 'headers', 'block'),
  })
  .map((settings) => [
    { ...DEFAULT_POLICY, ...settings },
    { ...DEFAULT_POLICY, ...settings, name: 'api', paths: ['/api'], methods: ['*'], allowedHeaders: ['*'] },
  ]);

/** @returns the reasons met with. */
function explainAll(check: (explanation: Explanation, decision: ReturnType<typeof decide>) => void) {
  const reasons = new Set<string>();
  fc.assert(
    fc.property(request, fc.array(entry, { maxLength: 6 }), policies, (asked, generated, chosen) => {
      const entries = [{ pattern: 'https://a.example' }, ...generated];
      const list = compileSnapshot({
        ...{ tenant: 'acme', lineage: 'l', revision: 1 },
        ...{ count: entries.length, policies: chosen, entries },
      });
      const explanation = explain(asked, list, NOW);
      reasons.add(explanation.decision.reason);
      check(explanation, decide(asked, list, NOW));
    }),
    { numRuns: 1_000 },
  );
  return reasons;
}

describe('given any list and any request', () => {
  it('the answer explained is the one that is given', () => {
    const reasons = explainAll((explanation, decision) => {
      expect(explanation.decision).toEqual(decision);
      expect(explanation.policy.name).toBe(decision.policy ?? null);
      expect(explanation.origin.kind === 'none').toBe(decision.kind === 'non-cors');
    });
    // Each comes up dozens of times.
    const common = ['origin_allowed', 'origin_not_listed', 'origin_invalid', 'origin_multiple', 'no_origin'];
    const others = ['entry_disabled', 'entry_expired', 'path_ambiguous', 'policy_unknown'];
    for (const reason of [...common, ...others]) expect([...reasons]).toContain(reason);
  });

  it('the summary is one bounded line of printable ASCII', () => {
    explainAll(({ summary }) => {
      expect(summary).toMatch(/^(Allowed|Refused|Not a CORS request): [\x20-\x7e…]+\.$/);
      expect(summary.length).toBeLessThan(8_000);
    });
  });

  it('an entry near a refused origin differs from it, or has a state that is against it', () => {
    explainAll(({ nearest, decision }) => {
      expect(nearest.length).toBeLessThanOrEqual(5);
      if (decision.allowed) expect(nearest).toEqual([]);
      for (const { differs, expected, got, detail } of nearest) {
        expect(expected).not.toBe(got);
        expect(detail).not.toBe('');
        if (differs === 'credentials') expect(decision.reason).toBe('origin_unnamed');
      }
      const states = { entry_disabled: 'disabled', entry_expired: 'expired', entry_other_policy: 'policy' };
      const state = Object.entries(states).find(([reason]) => reason === decision.reason)?.[1];
      if (state !== undefined) expect(nearest.map(({ differs }) => differs)).toContain(state);
    });
  });

  it('what is refused by name is what the answer was refused for', () => {
    explainAll(({ refused, decision }) => {
      const isNamed = /^method_|^request_header_not_allowed$/.test(decision.reason);
      expect(refused !== undefined).toBe(isNamed);
      if (isNamed) expect(refused?.names.length).toBeGreaterThan(0);
    });
  });
});

describe('given any text for an origin', () => {
  it('either it is one, or there is a place where it stops being one', () => {
    const texts = fc.oneof(hostileOrigin, nearlyOriginText, anyText, longOrigin);
    fc.assert(
      fc.property(texts, (text) => {
        const fault = findOriginFault(text);
        expect(fault === undefined).toBe(parseOrigin(text) !== undefined);
        if (fault === undefined) return;
        expect(fault.position).toBeGreaterThanOrEqual(0);
        expect(fault.position).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is at no distance from what covers it, and differs in nothing', () => {
    fc.assert(
      fc.property(hostileOrigin, pattern, (text, patternText) => {
        const parsedOrigin = parseOrigin(text);
        const parsed = parsePattern(patternText);
        if (parsedOrigin === undefined || !parsed.ok) return;
        if (parsed.pattern.kind === 'any' || parsed.pattern.kind === 'null') return;
        const entries = [{ pattern: patternText }];
        const { origins } = compileSnapshot({
          ...{ tenant: 'acme', lineage: 'l', revision: 1, count: 1 },
          ...{ policies: [DEFAULT_POLICY], entries },
        });
        const isCovered = typeof matchOrigin(origins, text, 'default', NOW) !== 'string';
        expect(findDifference(parsedOrigin, parsed.pattern) === undefined).toBe(isCovered);
        expect(distanceOf(parsedOrigin, patternText, parsed.pattern.kind) === 0).toBe(isCovered);
      }),
      { numRuns: 5_000 },
    );
  });
});

/** About the lengths that the parts of an origin may have. */
const longOrigin = fc
  .tuple(
    fc.constantFrom('https', 's'.repeat(64), 's'.repeat(65), 'file', 'files'),
    fc.array(fc.constantFrom('a'.repeat(63), 'b'.repeat(64), 'c'.repeat(60), '1', '0x1', ''), {
      maxLength: 5,
    }),
    fc.constantFrom('', '.', ':1', ':443', ':65535', ':65536', ':012', ':', ':1x', ':99999999'),
  )
  .map(([scheme, labels, end]) => `${scheme}://${labels.join('.')}${end}`);
