import { DEFAULT_POLICY, type Snapshot } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import type { Moment } from '../../src/store/moments.js';
import { createPastSnapshots } from '../../src/store/past-snapshots.js';

const LINEAGE = '00000000-0000-4000-8000-000000000001';

function moment(revision: number, fields: Partial<Moment> = {}): Moment {
  const tenantId = '00000000-0000-4000-8000-00000000000a';
  const at = '2026-01-01T00:00:00.000Z';
  return { slug: 'acme', tenantId, lineage: LINEAGE, revision, at, hash: `hash ${revision}`, ...fields };
}

function snapshotOf({ slug, lineage, revision }: Moment): Snapshot {
  return { tenant: slug, lineage, revision, count: 0, policies: [DEFAULT_POLICY], entries: [] };
}

/** Past snapshots, and the revisions that were loaded for them. */
function recorded(maxHeld: number) {
  const loaded: number[] = [];
  const past = createPastSnapshots({
    maxHeld,
    load: async (of) => {
      loaded.push(of.revision);
      return snapshotOf(of);
    },
  });
  return { past, loaded };
}

describe('given snapshots of the past', () => {
  it('loads each once, whoever else waits for it, and whatever instant it is judged by', async () => {
    const { past, loaded } = recorded(2);
    const [a, b] = await Promise.all([past.get(moment(1)), past.get(moment(1))]);
    expect(a).toBe(b);
    expect(await past.get(moment(1, { at: '2026-01-01T00:00:01.000Z' }))).toBe(a);
    expect(loaded).toEqual([1]);
  });

  it('holds so many, and lets go of the one that was not asked for longest', async () => {
    const { past, loaded } = recorded(2);
    for (const revision of [1, 2, 1, 3, 1, 2]) await past.get(moment(revision));
    expect(loaded).toEqual([1, 2, 3, 2]);
  });

  it('tells one revision of two databases apart by what its change covers, and two lineages', async () => {
    const { past, loaded } = recorded(5);
    await past.get(moment(1));
    await past.get(moment(1, { hash: 'another history' }));
    const renewed = await past.get(moment(1, { lineage: '00000000-0000-4000-8000-000000000002' }));
    expect(renewed.version.lineage).toBe('00000000-0000-4000-8000-000000000002');
    expect(loaded).toEqual([1, 1, 1]);
  });

  it('asks again after a load that failed', async () => {
    let calls = 0;
    const past = createPastSnapshots({
      load: async (of) => {
        calls += 1;
        if (calls === 1) throw new Error('away');
        return snapshotOf(of);
      },
    });
    await expect(past.get(moment(1))).rejects.toThrow('away');
    expect((await past.get(moment(1))).version.revision).toBe(1);
  });
});
