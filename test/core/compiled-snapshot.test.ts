import { compileSnapshot, DEFAULT_POLICY, toSnapshot } from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { LAW_TIMEOUT_MS, pattern } from './arbitraries.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

const LIST = { tenant: 'acme', lineage: '5f0c2b7e-0000-4000-8000-000000000000', revision: 7 };

const entry = fc.record(
  {
    pattern: fc.oneof({ weight: 9, arbitrary: pattern }, { weight: 1, arbitrary: fc.constant('no pattern') }),
    enabled: fc.boolean(),
    expiresAt: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    policies: fc.subarray(['default', 'predict']),
  },
  { requiredKeys: ['pattern'] },
);

describe('given the snapshot of a compiled list', () => {
  it('compiled again it is the same list', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (entries) => {
        const policies = [DEFAULT_POLICY, { ...DEFAULT_POLICY, name: 'predict', paths: ['/predict'] }];
        const compiled = compileSnapshot({ ...LIST, count: entries.length, policies, entries });
        const snapshot = toSnapshot(compiled);
        expect(compileSnapshot(snapshot)).toEqual(compiled);
        expect(snapshot.count).toBe(snapshot.entries.length);
      }),
    );
  });

  it('says what the service says, in the same words', () => {
    const entries = [
      { pattern: 'https://a.example' },
      { pattern: 'null', enabled: false, expiresAt: '2030-01-01T00:00:00.000Z', policies: ['default'] },
    ];
    const snapshot = { ...LIST, count: 2, policies: [DEFAULT_POLICY], entries };
    expect(toSnapshot(compileSnapshot(snapshot))).toEqual(snapshot);
  });

  it('what was no date stays passed', () => {
    const entries = [{ pattern: 'https://a.example', expiresAt: 'never' }];
    const compiled = compileSnapshot({ ...LIST, count: 1, policies: [DEFAULT_POLICY], entries });
    expect(toSnapshot(compiled).entries).toEqual([
      { pattern: 'https://a.example', expiresAt: '1970-01-01T00:00:00.000Z' },
    ]);
  });
});
