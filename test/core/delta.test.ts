import {
  applyDelta,
  compileSnapshot,
  countOrigins,
  DEFAULT_POLICY,
  type Delta,
  type DeltaOperation,
  parseDelta,
  type Snapshot,
  SnapshotError,
} from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { LAW_TIMEOUT_MS, pattern } from './arbitraries.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

const LINEAGE = '5f0c2b7e-0000-4000-8000-000000000000';
const APP = { pattern: 'https://app.example.com' };
const SHOP = { pattern: 'https://*.shop.example' };
const PREDICT = { ...DEFAULT_POLICY, name: 'predict', paths: ['/predict'] };
const START: Snapshot = {
  tenant: 'acme',
  lineage: LINEAGE,
  revision: 7,
  count: 1,
  policies: [DEFAULT_POLICY],
  entries: [APP],
};
const DELTA: Delta = {
  tenant: 'acme',
  lineage: LINEAGE,
  from: 7,
  to: 9,
  ops: [
    { op: 'put', entry: SHOP },
    { op: 'delete', pattern: APP.pattern },
    { op: 'putPolicy', policy: PREDICT },
  ],
  count: 1,
};

describe('given a delta that leads on from what is held', () => {
  it('the list is afterwards as if its snapshot had been compiled', () => {
    const compiled = compileSnapshot(START);
    expect(applyDelta(compiled, DELTA)).toBe('applied');
    const policies = [DEFAULT_POLICY, PREDICT];
    expect(compiled).toEqual(compileSnapshot({ ...START, revision: 9, policies, entries: [SHOP] }));
  });

  it('policies are compiled again only when one of them changes', () => {
    const compiled = compileSnapshot(START);
    const { policies } = compiled;
    applyDelta(compiled, { ...DELTA, ops: [{ op: 'put', entry: SHOP }], count: 2 });
    expect(compiled.policies).toBe(policies);
    applyDelta(compiled, {
      ...DELTA,
      from: 9,
      to: 10,
      ops: [{ op: 'putPolicy', policy: PREDICT }],
      count: 2,
    });
    applyDelta(compiled, {
      ...DELTA,
      from: 10,
      to: 11,
      ops: [{ op: 'deletePolicy', name: 'predict' }],
      count: 2,
    });
    expect(compiled).toMatchObject({ revision: 11, policies });
  });

  it('without operations it moves the revision: a note was changed', () => {
    const compiled = compileSnapshot(START);
    expect(applyDelta(compiled, { ...DELTA, ops: [] })).toBe('applied');
    expect(compiled).toEqual(compileSnapshot({ ...START, revision: 9 }));
  });
});

describe('given a delta that cannot be carried out', () => {
  it.each<[string, Partial<Delta>]>([
    ['it is of another tenant', { tenant: 'globex' }],
    ['it is of another lineage', { lineage: '11111111-1111-4111-8111-111111111111' }],
    ['a revision is missing before it', { from: 8 }],
    ['it begins earlier', { from: 6 }],
    ['it leads nowhere', { to: 7 }],
    [
      'a pattern to put does not parse',
      { ops: [...DELTA.ops, { op: 'put', entry: { pattern: 'app.example' } }] },
    ],
    [
      'a pattern to delete does not parse',
      { ops: [...DELTA.ops, { op: 'delete', pattern: 'https://A.example' }] },
    ],
    ['it takes the default policy away', { ops: [...DELTA.ops, { op: 'deletePolicy', name: 'default' }] }],
  ])('%s: nothing at all has changed', (_title, change) => {
    const compiled = compileSnapshot(START);
    expect(applyDelta(compiled, { ...DELTA, ...change })).toBe('invalid');
    expect(compiled).toEqual(compileSnapshot(START));
  });

  it('when the count differs what it removes is gone, and the revision stays', () => {
    const compiled = compileSnapshot(START);
    expect(applyDelta(compiled, { ...DELTA, count: 2 })).toBe('count_mismatch');
    expect(compiled.revision).toBe(7);
    expect(compiled.origins.exact.has(APP.pattern)).toBe(false);
  });
});

const entry = fc.record(
  {
    pattern,
    enabled: fc.boolean(),
    expiresAt: fc.constantFrom('2030-01-01T00:00:00.000Z', '2020-01-01T00:00:00Z'),
    policies: fc.subarray(['default', 'predict']),
  },
  { requiredKeys: ['pattern'] },
);
const policy = fc.record({
  name: fc.constantFrom('default', 'predict', 'other'),
  paths: fc.subarray(['/', '/predict', '/other']),
  credentials: fc.boolean(),
  enforcement: fc.constantFrom('report', 'headers', 'block'),
});
const operation: fc.Arbitrary<DeltaOperation> = fc.oneof(
  { weight: 4, arbitrary: entry.map((entry) => ({ op: 'put', entry }) as const) },
  { weight: 3, arbitrary: pattern.map((pattern) => ({ op: 'delete', pattern }) as const) },
  policy.map((policy) => ({ op: 'putPolicy', policy: { ...DEFAULT_POLICY, ...policy } }) as const),
  fc.constantFrom('predict', 'other').map((name) => ({ op: 'deletePolicy', name }) as const),
);

/** The snapshot after the operations, by the plainest means. */
function snapshotAfter(snapshot: Snapshot, ops: readonly DeltaOperation[]): Snapshot {
  const entries = new Map(snapshot.entries.map((entry) => [entry.pattern, entry]));
  const policies = new Map(snapshot.policies.map((policy) => [policy.name, policy]));
  for (const op of ops) {
    if (op.op === 'put') entries.set(op.entry.pattern, op.entry);
    else if (op.op === 'delete') entries.delete(op.pattern);
    else if (op.op === 'putPolicy') policies.set(op.policy.name, op.policy);
    else policies.delete(op.name);
  }
  return {
    ...snapshot,
    revision: snapshot.revision + 1,
    count: entries.size,
    entries: [...entries.values()],
    policies: [...policies.values()],
  };
}

function deltaTo(snapshot: Snapshot, ops: readonly DeltaOperation[]): Delta {
  const { tenant, lineage, revision, count } = snapshot;
  return { tenant, lineage, from: revision - 1, to: revision, ops, count };
}

describe('whatever deltas come', () => {
  it('compiling and then applying is applying and then compiling', () => {
    fc.assert(
      fc.property(fc.array(fc.array(operation, { maxLength: 8 }), { maxLength: 6 }), (batches) => {
        let snapshot = START;
        const compiled = compileSnapshot(snapshot);
        for (const ops of batches) {
          snapshot = snapshotAfter(snapshot, ops);
          expect(applyDelta(compiled, deltaTo(snapshot, ops))).toBe('applied');
        }
        expect(compiled).toEqual(compileSnapshot(snapshot));
        expect(compiled.originCount).toBe(countOrigins(compiled.origins));
      }),
    );
  });

  it('what was put and is deleted again leaves no trace', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(pattern, { maxLength: 20 }),
        fc.infiniteStream(fc.nat()),
        (patterns, order) => {
          const before = { ...START, count: 0, entries: [] };
          const compiled = compileSnapshot(before);
          const put = patterns.map((pattern) => ({ op: 'put', entry: { pattern } }) as const);
          const gone = patterns
            .map((pattern) => ({ op: 'delete', pattern, place: order.next().value }) as const)
            .toSorted((a, b) => a.place - b.place);
          applyDelta(compiled, deltaTo({ ...before, revision: 8, count: patterns.length }, put));
          expect(applyDelta(compiled, deltaTo({ ...before, revision: 9 }, gone))).toBe('applied');
          expect(compiled).toEqual(compileSnapshot({ ...before, revision: 9 }));
        },
      ),
    );
  });

  it('one bad operation, wherever it stands, changes nothing', () => {
    const bad = fc.constantFrom<DeltaOperation>(
      { op: 'put', entry: { pattern: 'https://A.example' } },
      { op: 'delete', pattern: '' },
    );
    fc.assert(
      fc.property(fc.array(operation), bad, fc.array(operation), (before, wrong, after) => {
        const compiled = compileSnapshot(START);
        const ops = [...before, wrong, ...after];
        expect(applyDelta(compiled, { ...DELTA, ops })).toBe('invalid');
        expect(compiled).toEqual(compileSnapshot(START));
      }),
    );
  });
});

describe('given a delta that came over the wire', () => {
  it('it comes through whole, also by way of JSON, without what it does not know', () => {
    expect(parseDelta(DELTA)).toEqual(DELTA);
    expect(parseDelta({ ...JSON.parse(JSON.stringify(DELTA)), ack: true, weight: 1 })).toEqual(DELTA);
  });

  it.each<[string, unknown]>([
    ['delta: expected an object', null],
    ['delta/tenant: expected a slug', { ...DELTA, tenant: 'Acme' }],
    ['delta/lineage: expected a string', { ...DELTA, lineage: 1 }],
    ['delta/from: expected a whole number', { ...DELTA, from: -1 }],
    ['delta/to: expected a whole number', { ...DELTA, to: 1.5 }],
    ['delta/to: expected a later revision than from', { ...DELTA, to: 7 }],
    ['delta/count: expected a whole number', { ...DELTA, count: undefined }],
    ['delta/ops: expected an array', { ...DELTA, ops: {} }],
    ['delta/ops/0: expected an object', { ...DELTA, ops: ['put'] }],
    ['delta/ops/0/op: expected put, delete, putPolicy or deletePolicy', { ...DELTA, ops: [{ op: 'move' }] }],
    ['delta/ops/0/entry: expected an object', { ...DELTA, ops: [{ op: 'put' }] }],
    [
      'delta/ops/0/entry/expiresAt: expected an ISO 8601 time in UTC',
      { ...DELTA, ops: [{ op: 'put', entry: { ...APP, expiresAt: '2030' } }] },
    ],
    ['delta/ops/0/pattern: expected a string', { ...DELTA, ops: [{ op: 'delete' }] }],
    [
      'delta/ops/0/policy/credentials: expected true or false',
      { ...DELTA, ops: [{ op: 'putPolicy', policy: { ...PREDICT, credentials: 'no' } }] },
    ],
    ['delta/ops/0/name: expected a policy name', { ...DELTA, ops: [{ op: 'deletePolicy', name: '' }] }],
  ])('it says %s', (message, value) => {
    expect(() => parseDelta(value)).toThrow(SnapshotError);
    expect(() => parseDelta(value)).toThrow(expect.objectContaining({ code: 'snapshot_invalid', message }));
  });

  it('whatever comes, it throws nothing else', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => parseDelta(value)).toThrow(SnapshotError);
      }),
    );
  });
});
