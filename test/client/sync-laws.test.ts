import { compileSnapshot, DEFAULT_POLICY, type Snapshot } from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { createCounters } from '../../client/src/counters.js';
import { createEmitter } from '../../client/src/events.js';
import { parseOptions } from '../../client/src/settings.js';
import { createAbsences } from '../../client/src/sync/absences.js';
import { createCatchUp, type TenantMessage } from '../../client/src/sync/catch-up.js';
import { createLink } from '../../client/src/sync/link.js';
import { createLoader } from '../../client/src/sync/loader.js';
import type { SnapshotAnswer } from '../../client/src/sync/service.js';
import { createTenants, type HeldTenant } from '../../client/src/sync/tenants.js';
import { LAW_TIMEOUT_MS } from '../core/arbitraries.js';
import { createFakeClock } from './fake-clock.js';
import { deltaBetween } from './fake-service.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

/** What happens at the service, on the way from it, or by another call of the client. */
type Step =
  | { readonly kind: 'write'; readonly entries: readonly string[]; readonly fate: Fate }
  | { readonly kind: 'delete' | 'recreate' | 'restore' | 'resync' | 'load' }
  /** The node that is asked next is so many states behind. */
  | { readonly kind: 'lag'; readonly states: number };
type Fate = 'told' | 'lost' | 'doubled' | 'late' | 'miscounted';

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      entries: fc.subarray(['https://a.example', 'https://b.example', 'https://*.c.example']),
      fate: fc.constantFrom<Fate>('told', 'told', 'told', 'lost', 'doubled', 'late', 'miscounted'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('delete', 'recreate', 'restore', 'resync', 'load').map((kind) => ({ kind })),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 3 }).map((states) => ({ kind: 'lag' as const, states })),
  },
);

/** The service as one tenant's states, and a client's sync floor that hears of them in an order the scheduler chooses. */
function createWorld(scheduler: fc.Scheduler) {
  const clock = createFakeClock();
  const settings = parseOptions({ url: 'https://a.example', key: 'k', tenant: 'acme', deps: clock.deps });
  const events = createEmitter(() => {});
  const counters = createCounters();
  const link = createLink(settings.deps, events, () => {});
  // As in the client: what was loaded is streamed from there.
  const watch = { added: () => reopen(), changed: () => {}, dropped: () => {}, gone: () => {} };
  const tenants = createTenants(settings, events, counters, watch);
  const states: (Snapshot | undefined)[] = [];
  let lineages = 0;
  let lag = 0;
  let streamEnd: Promise<void> = Promise.resolve();
  let late: (() => void) | undefined;
  let hasLost = false;

  const service = {
    async snapshot(): Promise<SnapshotAnswer> {
      const state = states[Math.max(0, states.length - 1 - lag)];
      await scheduler.schedule(Promise.resolve(), 'a snapshot');
      if (state === undefined) return { kind: 'gone' };
      return { kind: 'snapshot', compiled: compileSnapshot(state), etag: undefined, sentAtMs: clock.now() };
    },
    versions: () => Promise.reject(new Error('not asked')),
  };
  const parts = { service, link, tenants, absences: createAbsences(settings.deps), counters };
  const loader = createLoader(parts);
  const catchUp = createCatchUp(settings, parts, loader, {
    acknowledged: () => {},
    caughtUp: () => reopen(),
  });

  /** Says something on the stream: in order, at a time the scheduler chooses. */
  function say(message: TenantMessage): void {
    streamEnd = Promise.all([streamEnd, scheduler.schedule(Promise.resolve(), message.kind)]).then(() => {
      catchUp.take(message);
    });
  }

  /** What the service says on a stream that begins at the version held. */
  function reopen(): void {
    const now = states.at(-1);
    const held = tenants.get('acme')?.compiled;
    if (now === undefined) {
      if (held !== undefined) say({ kind: 'gone', tenant: 'acme' });
    } else if (held?.lineage !== now.lineage || held.revision !== now.revision) {
      say({ kind: 'resync', tenant: 'acme', ack: false });
    }
  }

  function begin(lineage: string, revision: number, patterns: readonly string[]): Snapshot {
    const entries = patterns.map((pattern) => ({ pattern }));
    const policies = [DEFAULT_POLICY];
    const state = { tenant: 'acme', lineage, revision, count: entries.length, policies, entries };
    states.push(state);
    return state;
  }

  function write(patterns: readonly string[], fate: Fate): void {
    const before = states.at(-1);
    if (before === undefined) return;
    const delta = deltaBetween(before, begin(before.lineage, before.revision + 1, patterns));
    const count = fate === 'miscounted' ? delta.count + 1 : delta.count;
    const tell = () => say({ kind: 'delta', tenant: 'acme', delta: { ...delta, count }, ack: false });
    hasLost ||= fate === 'lost';
    if (fate === 'late') late = tell;
    else if (fate !== 'lost') tell();
    if (fate === 'doubled') tell();
    if (fate !== 'late') late?.();
  }

  async function settle(): Promise<void> {
    for (let round = 0; round < 12; round += 1) {
      await scheduler.waitIdle();
      await streamEnd;
      clock.advance(60_000);
    }
    await scheduler.waitIdle();
  }

  return {
    tenants,
    states,
    take(step: Step): void {
      switch (step.kind) {
        case 'write':
          write(step.entries, step.fate);
          return;
        case 'delete':
          states.push(undefined);
          say({ kind: 'gone', tenant: 'acme' });
          return;
        case 'recreate':
        case 'restore':
          lineages += 1;
          begin(`lineage ${lineages}`, step.kind === 'restore' ? 2 : 1, ['https://a.example']);
          say({ kind: 'resync', tenant: 'acme', ack: false });
          return;
        case 'resync':
          say({ kind: 'resync', tenant: 'acme', ack: false });
          return;
        case 'load':
          void loader.load('acme');
          return;
        case 'lag':
          lag = step.states;
      }
    },
    /** Lets everything come to rest. */
    async rest(): Promise<void> {
      late?.();
      await settle();
      // From here on every node is up to date.
      lag = 0;
      await settle();
      // Nobody has noticed what was lost last, until the stream is opened again.
      if (hasLost) reopen();
      await settle();
    },
  };
}

const plain = (state: Snapshot) => compileSnapshot(state).origins;

describe('however news and loads interleave', () => {
  it('what is held is one version whole, never an older one of its lineage, and in the end the latest', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(step, { maxLength: 25 }), async (scheduler, steps) => {
        const world = createWorld(scheduler);
        let last:
          | { readonly held: HeldTenant; readonly lineage: string; readonly revision: number }
          | undefined;
        // The clock stands still until all comes to rest: so long, none of them comes back.
        const left = new Set<string>();
        const check = async (): Promise<void> => {
          const held = world.tenants.get('acme');
          if (last !== undefined && last.lineage !== held?.compiled.lineage) left.add(last.lineage);
          if (held === undefined) {
            last = undefined;
            return;
          }
          const { lineage, revision } = held.compiled;
          const state = world.states.find((one) => one?.lineage === lineage && one.revision === revision);
          if (!held.isDamaged) expect(held.compiled.origins).toEqual(state && plain(state));
          if (last?.held === held && last.lineage === lineage)
            expect(revision).toBeGreaterThanOrEqual(last.revision);
          last = { held, lineage, revision };
        };
        world.take({ kind: 'recreate' });
        for (const step of steps) {
          world.take(step);
          if (scheduler.count() > 0) await scheduler.waitOne();
          await check();
          expect(left).not.toContain(world.tenants.get('acme')?.compiled.lineage);
        }
        await world.rest();
        await check();
        const latest = world.states.at(-1);
        const held = world.tenants.get('acme');
        expect(held?.compiled.lineage).toBe(latest?.lineage);
        expect(held?.compiled.revision).toBe(latest?.revision);
        expect(held?.compiled.origins).toEqual(latest && plain(latest));
      }),
      { numRuns: 1_000 },
    );
  });
});
