import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFeed, type FeedEvent } from '../../src/store/feed.js';
import { silentLog } from '../support/silent-log.js';

const TENANT = { tenantId: 't', lineage: 'l' };
const EVERYBODY = { tenantIds: null };

/** A feed over a database that answers a turn later, and counts what it is asked. */
function createWorld() {
  const asked = { versions: 0, deltas: 0 };
  let revision = 1;
  let nowMs = 0;
  const feed = createFeed({
    primary: {
      probeVersions: async () => {
        asked.versions += 1;
        const versions = new Map([['acme', { ...TENANT, revision }]]);
        await setImmediate();
        return versions;
      },
    },
    readDelta: async ({ from }) => {
      asked.deltas += 1;
      const delta = { from, to: revision, ops: [], count: 0 };
      await setImmediate();
      return delta;
    },
    log: silentLog,
    now: () => nowMs,
  });
  const told: FeedEvent[] = [];
  return {
    feed,
    told,
    asked,
    pass: (durationMs: number) => {
      nowMs += durationMs;
    },
    follow: (at: number) =>
      feed.follow([{ slug: 'acme', version: { lineage: 'l', revision: at } }], EVERYBODY, (event) => {
        told.push(event);
      }),
    write: (isHeard: boolean) => {
      revision += 1;
      const delta = { from: revision - 1, to: revision, ops: [], count: 0 };
      const move = { ...TENANT, revision, slug: 'acme', deleted: false };
      if (isHeard) feed.hear({ move, delta, ack: false });
    },
  };
}

describe('given a follower who missed a step', () => {
  it('leads it on while the writes do not stop', async () => {
    const { told, follow, write } = createWorld();
    follow(1);
    await setImmediate();
    write(false);
    for (let count = 0; count < 100; count += 1) {
      write(true);
      await setImmediate();
    }
    const last = told.at(-1);
    expect(last?.kind === 'delta' ? last.to : 0).toBeGreaterThan(90);
  });

  it('does not look at the trail for one who is a thousand revisions behind', async () => {
    const { feed, told, asked, follow, write } = createWorld();
    for (let count = 0; count < 1_001; count += 1) write(false);
    follow(1);
    await feed.check();
    expect(told).toEqual([{ kind: 'resync', tenant: 'acme', ack: false }]);
    expect(asked.deltas).toBe(0);
  });
});

describe('given followers who miss nothing', () => {
  it('tells how long ago that was known, and nothing before it was', async () => {
    const { feed, follow, pass } = createWorld();
    const following = follow(1);
    expect(following.checkedAgeMs()).toBeUndefined();
    await feed.check();
    pass(700);
    expect(following.checkedAgeMs()).toBe(700);
  });
});
