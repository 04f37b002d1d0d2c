import {
  compileSnapshot,
  countOrigins,
  DEFAULT_POLICY,
  parseSnapshot,
  SnapshotError,
} from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { LAW_TIMEOUT_MS } from './arbitraries.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

const SNAPSHOT = {
  tenant: 'acme',
  lineage: '5f0c2b7e-0000-4000-8000-000000000000',
  revision: 7,
  count: 2,
  policies: [DEFAULT_POLICY],
  entries: [
    { pattern: 'https://a.example' },
    {
      pattern: 'https://*.b.example',
      enabled: false,
      expiresAt: '2030-01-01T00:00:00.000Z',
      policies: ['default'],
    },
  ],
};

describe('given a snapshot as the service sends it', () => {
  it('it comes through whole, also by way of JSON', () => {
    expect(parseSnapshot(SNAPSHOT)).toEqual(SNAPSHOT);
    expect(parseSnapshot(JSON.parse(JSON.stringify(SNAPSHOT)))).toEqual(SNAPSHOT);
  });

  it('fields it does not know are passed over', () => {
    const entries = SNAPSHOT.entries.map((entry) => ({ ...entry, note: 'x' }));
    const policies = [{ ...DEFAULT_POLICY, weight: 1 }];
    expect(parseSnapshot({ ...SNAPSHOT, entries, policies, signature: 'x' })).toEqual(SNAPSHOT);
  });

  it('compiled, it carries its version and every entry', () => {
    const compiled = compileSnapshot(parseSnapshot(SNAPSHOT));
    expect(compiled).toMatchObject({ tenant: 'acme', lineage: SNAPSHOT.lineage, revision: 7 });
    expect(countOrigins(compiled.origins)).toBe(2);
    expect([...compiled.policies.byName.keys()]).toEqual(['default']);
  });

  it('of two entries with one pattern the later counts', () => {
    const entries = [{ pattern: 'https://a.example', enabled: false }, { pattern: 'https://a.example' }];
    const { origins } = compileSnapshot({ ...SNAPSHOT, entries });
    expect(countOrigins(origins)).toBe(1);
    expect(origins.exact.get('https://a.example')?.enabled).toBe(true);
  });
});

describe('given a snapshot that cannot be decided by', () => {
  const policy = (change: object) => ({ policies: [{ ...DEFAULT_POLICY, ...change }] });
  const entry = (change: object) => ({ count: 1, entries: [{ pattern: 'https://a.example', ...change }] });

  it.each<[string, object]>([
    ['/tenant: expected a string', { tenant: 1 }],
    ['/tenant: expected a slug', { tenant: 'Acme' }],
    ['/lineage: expected a string', { lineage: null }],
    ['/revision: expected a whole number', { revision: '7' }],
    ['/revision: expected a whole number', { revision: 1.5 }],
    ['/revision: expected a whole number', { revision: -1 }],
    ['/count: expected the number of entries, 2', { count: 3 }],
    ['/count: expected the number of entries, 2', { count: undefined }],
    ['/entries: expected an array', { entries: {} }],
    ['/entries/0: expected an object', { entries: ['https://a.example'] }],
    ['/entries/0: expected an object', { entries: [null] }],
    ['/entries/0/pattern: expected a string', entry({ pattern: 1 })],
    ['/entries/0/enabled: expected true or false', entry({ enabled: 'no' })],
    ['/entries/0/enabled: expected true or false', entry({ enabled: null })],
    ['/entries/0/expiresAt: expected an ISO 8601 time in UTC', entry({ expiresAt: '2030' })],
    [
      '/entries/0/expiresAt: expected an ISO 8601 time in UTC',
      entry({ expiresAt: '2030-01-01T00:00:00+01:00' }),
    ],
    ['/entries/0/expiresAt: expected an ISO 8601 time in UTC', entry({ expiresAt: '2030-02-30T00:00:00Z' })],
    ['/entries/0/expiresAt: expected an ISO 8601 time in UTC', entry({ expiresAt: 1 })],
    ['/entries/0/policies: expected an array', entry({ policies: 'default' })],
    ['/entries/0/policies/0: expected a string', entry({ policies: [1] })],
    ['/policies: expected an array', { policies: undefined }],
    ['/policies: expected one named default', { policies: [] }],
    ['/policies: expected one named default', policy({ name: 'other' })],
    ['/policies: expected names that differ', { policies: [DEFAULT_POLICY, DEFAULT_POLICY] }],
    ['/policies/0/name: expected a policy name', policy({ name: '' })],
    ['/policies/0/paths: expected an array', policy({ paths: '/' })],
    ['/policies/0/credentials: expected true or false', policy({ credentials: 1 })],
    ['/policies/0/methods/0: expected a string', policy({ methods: [1] })],
    ['/policies/0/allowedHeaders: expected an array', policy({ allowedHeaders: null })],
    ['/policies/0/exposedHeaders: expected an array', policy({ exposedHeaders: undefined })],
    ['/policies/0/maxAgeSeconds: expected a whole number', policy({ maxAgeSeconds: null })],
    ['/policies/0/privateNetwork: expected true or false', policy({ privateNetwork: undefined })],
    ['/policies/0/alwaysSend: expected true or false', policy({ alwaysSend: undefined })],
    ['/policies/0/enforcement: expected report, headers or block', policy({ enforcement: 'off' })],
  ])('it says snapshot%s', (message, change) => {
    const value = { ...SNAPSHOT, ...change };
    expect(() => parseSnapshot(value)).toThrow(SnapshotError);
    expect(() => parseSnapshot(value)).toThrow(
      expect.objectContaining({ code: 'snapshot_invalid', message: `snapshot${message}` }),
    );
  });

  it('whatever comes, it throws nothing else', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => parseSnapshot(value)).toThrow(SnapshotError);
      }),
    );
  });
});
