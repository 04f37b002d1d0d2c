import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFeed, type FeedEvent } from '../../src/store/feed.js';
import type { TenantMove, TenantVersion } from '../../src/store/tenant-version.js';
import { silentLog } from '../support/silent-log.js';

const SLUG = 'acme';
const EVERYBODY = { tenantIds: null };

/** `now`: at once, with its delta. `late`: whenever the scheduler says. `twice`, `bare` (without its delta) and `lost` likewise. */
const delivery = fc.constantFrom('now', 'late', 'twice', 'bare', 'lost');
const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write'), delivery }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete'), delivery }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('create'), delivery }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restore'), delivery: fc.constant('lost') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('follow', 'leave'), delivery }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('check'), delivery }) },
);
type Event = { readonly kind: string; readonly delivery: string };

describe('given writes, deletions, restores, and news that is lost, late, doubled or without its delta', () => {
  it('leads every follower to the present once nothing moves and a check has passed', async () => {
    await forAllInterleavings(async (world) => {
      await world.settle();
      for (const follower of world.followers) expect(follower.held).toEqual(world.current());
    });
  });

  it('never leaves a gap between the steps of a follower', async () => {
    await forAllInterleavings(async (world) => {
      await world.settle();
      for (const { gaps } of world.followers) expect(gaps).toEqual([]);
    });
  });

  it('never tells one who may not see the tenant anything but that there is none', async () => {
    await forAllInterleavings(async (world) => {
      await world.settle();
      for (const kind of world.toldToStranger) expect(kind).toBe('gone');
    });
  });
});

interface Held {
  readonly lineage: string;
  readonly revision: number;
}

interface ModelFollower {
  held: Held | null;
  readonly gaps: unknown[];
  stop(): void;
}

interface World {
  readonly followers: ModelFollower[];
  readonly toldToStranger: string[];
  perform(event: Event): void;
  current(): Held | null;
  /** Lets what runs run to its end, then checks twice: a check that news overtook is repeated by the next. */
  settle(): Promise<void>;
}

function createWorld(scheduler: fc.Scheduler): World {
  let tenant: TenantVersion | undefined = { tenantId: randomUUID(), lineage: randomUUID(), revision: 1 };
  let isScheduled = true;
  const soon = <T>(value: T): Promise<T> =>
    isScheduled ? scheduler.schedule(Promise.resolve(value)) : Promise.resolve(value);
  const feed = createFeed({
    primary: { probeVersions: () => soon(new Map(tenant === undefined ? [] : [[SLUG, tenant]])) },
    readDelta: ({ lineage, from }) =>
      soon(
        tenant?.lineage === lineage && tenant.revision > from && tenant.revision - from < 4
          ? { from, to: tenant.revision, ops: [], count: 0 }
          : undefined,
      ),
    log: silentLog,
    now: () => 0,
  });
  const followers: ModelFollower[] = [];
  const toldToStranger: string[] = [];
  const current = (): Held | null =>
    tenant === undefined ? null : { lineage: tenant.lineage, revision: tenant.revision };
  feed.follow([{ slug: SLUG, version: current() }], { tenantIds: [] }, ({ kind }) =>
    toldToStranger.push(kind),
  );

  function follow(): void {
    const follower: ModelFollower = {
      held: current(),
      gaps: [],
      stop: () => {
        followers.splice(followers.indexOf(follower), 1);
        following.stop();
      },
    };
    const following = feed.follow([{ slug: SLUG, version: follower.held }], EVERYBODY, (told) =>
      hear(follower, told),
    );
    followers.push(follower);
  }

  /** As an SDK does: a snapshot it loads is of the present; a step it has already is dropped. */
  function hear(follower: ModelFollower, told: FeedEvent): void {
    if (told.kind === 'gone') follower.held = null;
    else if (told.kind === 'resync') follower.held = current();
    // A snapshot may have been newer than what the resync was for: the steps until then lead elsewhere.
    else if (follower.held === null) return;
    else if (told.lineage !== follower.held.lineage) follower.held = current();
    else if (told.from === follower.held.revision)
      follower.held = { lineage: told.lineage, revision: told.to };
    else if (told.to > follower.held.revision) {
      if (told.from > follower.held.revision) follower.gaps.push([follower.held, told]);
      follower.held = current();
    }
  }

  function deliver(how: string, move: TenantMove): void {
    const delta = { from: move.revision - 1, to: move.revision, ops: [], count: 0 };
    const news = { move, ack: false, ...(how !== 'bare' && !move.deleted && { delta }) };
    const hearIt = () => feed.hear(news);
    if (how === 'lost') return;
    if (how === 'now') hearIt();
    const times = { now: 0, twice: 2 }[how] ?? 1;
    for (let time = 0; time < times; time += 1) void scheduler.schedule(Promise.resolve()).then(hearIt);
  }

  function perform({ kind, delivery: how }: Event): void {
    switch (kind) {
      case 'write':
      case 'delete':
        if (tenant === undefined) return;
        tenant = { ...tenant, revision: tenant.revision + 1 };
        deliver(how, { ...tenant, slug: SLUG, deleted: kind === 'delete' });
        if (kind === 'delete') tenant = undefined;
        return;
      case 'create':
        if (tenant !== undefined) return;
        tenant = { tenantId: randomUUID(), lineage: randomUUID(), revision: 1 };
        deliver(how, { ...tenant, slug: SLUG, deleted: false });
        return;
      case 'restore':
        if (tenant !== undefined) tenant = { ...tenant, lineage: randomUUID(), revision: 1 };
        return;
      case 'follow':
        follow();
        return;
      case 'leave':
        followers[0]?.stop();
        return;
      default:
        void feed.check();
    }
  }

  return {
    followers,
    toldToStranger,
    perform,
    current,
    async settle() {
      await scheduler.waitIdle();
      isScheduled = false;
      await feed.check();
      await feed.check();
    },
  };
}

async function forAllInterleavings(law: (world: World) => Promise<void>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(event, { minLength: 2, maxLength: 16 }),
      async (scheduler, events) => {
        const world = createWorld(scheduler);
        world.perform({ kind: 'follow', delivery: 'now' });
        scheduler.scheduleSequence(
          events.map((each) => ({ label: each.kind, builder: async () => world.perform(each) })),
        );
        await law(world);
      },
    ),
    { numRuns: 1_000 },
  );
}
