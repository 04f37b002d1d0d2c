import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CachedSnapshot,
  createSnapshotCache,
  type SnapshotCache,
} from '../../src/store/snapshot-cache.js';
import { isSameVersion, type TenantMove, type TenantVersion } from '../../src/store/tenant-version.js';
import { cachedAt, newVersion } from './snapshot-fixture.js';

const SLUG = 'acme';

/** `local`: before anything else happens. `late`: whenever the scheduler says. `lost`: never. */
const delivery = fc.constantFrom('local', 'late', 'lost');
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write'), delivery }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), delivery }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('restore', 'check', 'clear') }) },
);
type Event = { readonly kind: string; readonly delivery?: string };

describe('given reads, writes, deletions, database restores and lost or late announcements in any order', () => {
  it('never answers a read with less than what it was told before the read began', async () => {
    await forAllInterleavings(async (world) => {
      for (const { toldBefore, answer } of world.reads) {
        const version = (await answer)?.version;
        const since = world.history.slice(toldBefore);
        expect(since.some((state) => isSameState(state, version))).toBe(true);
      }
    });
  });

  it('never holds something older than what it held before', async () => {
    await forAllInterleavings(async (world) => {
      expect(world.heldMoments).toEqual(world.heldMoments.toSorted((a, b) => a - b));
    });
  });

  it('holds what the primary has once nothing moves and a check has passed', async () => {
    await forAllInterleavings(async (world) => {
      await world.compareAll();
      world.passTime();
      const current = (await world.cache.get(SLUG))?.version;
      expect(isSameState(world.history.at(-1), current)).toBe(true);
    });
  });
});

async function forAllInterleavings(law: (world: World) => Promise<void>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(event, { minLength: 2, maxLength: 14 }),
      async (scheduler, events) => {
        const world = createWorld(scheduler);
        scheduler.scheduleSequence(
          events.map((each) => ({ label: each.kind, builder: async () => world.perform(each) })),
        );
        await scheduler.waitIdle();
        world.finishByItself();
        await law(world);
      },
    ),
    { numRuns: 1_000 },
  );
}

interface World {
  readonly cache: SnapshotCache;
  /** The primary's states in order; `undefined` = no such tenant. */
  readonly history: (TenantVersion | undefined)[];
  /** Every read, and the latest moment of the history the cache had been told of when it began. */
  readonly reads: { readonly toldBefore: number; readonly answer: Promise<CachedSnapshot | undefined> }[];
  /** The moments of the history that were seen in memory, in the order they were seen. */
  readonly heldMoments: number[];
  perform(event: Event): void;
  compareAll(): Promise<void>;
  passTime(): void;
  /** From now on loads no longer wait for the scheduler. */
  finishByItself(): void;
}

/** A primary with one slug, and a cache before it whose loads and announcements take their time from the scheduler. */
function createWorld(scheduler: fc.Scheduler): World {
  const history: (TenantVersion | undefined)[] = [undefined];
  const reads: World['reads'] = [];
  const heldMoments: number[] = [];
  const momentOf = new WeakMap<CachedSnapshot, number>();
  let nowMs = 0;
  let told = 0;
  let step = (label: string): Promise<unknown> => scheduler.schedule(Promise.resolve(), label);

  const cache = createSnapshotCache({
    now: () => nowMs,
    load: async (slug) => {
      await step('the primary reads');
      const moment = history.length - 1;
      const version = history[moment];
      await step('the answer travels');
      if (version === undefined) return undefined;
      const snapshot = cachedAt(slug, version);
      momentOf.set(snapshot, moment);
      return snapshot;
    },
  });

  function look(): void {
    const held = cache.peek(SLUG);
    const moment = held ? momentOf.get(held) : undefined;
    if (moment !== undefined) heldMoments.push(moment);
  }

  function commit(
    version: TenantVersion | undefined,
    move: TenantMove | undefined,
    when: string | undefined,
  ): void {
    const moment = history.push(version) - 1;
    if (move === undefined || when === 'lost') return;
    const deliver = () => {
      cache.invalidate(move);
      told = Math.max(told, moment);
    };
    if (when === 'local') deliver();
    else void scheduler.schedule(Promise.resolve(), 'an announcement travels').then(deliver);
  }

  async function compareAll(): Promise<void> {
    const held = cache.held();
    await step('the primary compares');
    const current = history.at(-1);
    await step('the comparison travels');
    for (const snapshot of held) if (!isSameState(current, snapshot.version)) cache.discard(snapshot);
  }

  function perform({ kind, delivery: when }: Event): void {
    const current = history.at(-1);
    if (kind === 'read') {
      const answer = cache.get(SLUG);
      reads.push({ toldBefore: told, answer });
      void answer.then(look);
    } else if (kind === 'check') void compareAll();
    else if (kind === 'clear') cache.clear();
    else if (kind === 'write') {
      const version = current === undefined ? newVersion() : { ...current, revision: current.revision + 1 };
      commit(version, { slug: SLUG, ...version, deleted: false }, when);
    } else if (current === undefined) return;
    else if (kind === 'delete') {
      const version = { ...current, revision: current.revision + 1 };
      commit(undefined, { slug: SLUG, ...version, deleted: true }, when);
    } else {
      // A backup is put back: nobody announces it, the lineage is new and the revision lower.
      const revision = Math.max(1, current.revision - 2);
      commit({ ...current, lineage: randomUUID(), revision }, undefined, undefined);
    }
    look();
  }

  return {
    cache,
    history,
    reads,
    heldMoments,
    perform,
    compareAll,
    passTime: () => {
      nowMs += 60_000;
    },
    finishByItself: () => {
      step = () => Promise.resolve();
    },
  };
}

function isSameState(a: TenantVersion | undefined, b: TenantVersion | undefined): boolean {
  return a === undefined || b === undefined ? a === b : isSameVersion(a, b);
}
