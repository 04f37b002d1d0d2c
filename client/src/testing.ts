import type { Allowlist } from './client.js';
import { createConflicts } from './conflicts.js';
import { compileSnapshot, type Decision } from './core/index.js';
import { createCounters } from './counters.js';
import { type AllowlistRequest, createDecider } from './decider.js';
import { createEmitter } from './events.js';
import { createExplainer } from './explain.js';
import type { AllowlistOptions } from './options.js';
import { createWaiters, type ReadinessState } from './readiness.js';
import { createRevisionWaits } from './revisions.js';
import { parseOptions } from './settings.js';
import { readStatus } from './status.js';
import type { Absences } from './sync/absences.js';
import type { CallFailure } from './sync/call-failure.js';
import { createLink } from './sync/link.js';
import { createServerClock } from './sync/server-clock.js';
import { createTenants } from './sync/tenants.js';
import { createTestClock, type TestClock } from './testing-clock.js';
import type { TestEntry, TestList } from './testing-list.js';
import { createTestLists } from './testing-lists.js';

export type { TestClock } from './testing-clock.js';
export {
  type TestEntry,
  type TestList,
  TestListError,
  type TestListProblem,
  type TestPolicy,
} from './testing-list.js';

/** An {@link Allowlist} for tests: every adapter takes it and it decides as the real one does, but it does no I/O of any kind. */
export interface TestAllowlist extends Allowlist {
  /** As the real one, and never a promise: what is not loaded is refused at once. */
  decide(request: AllowlistRequest): Decision;
  /** What entries expire by, and lists grow old. It stands still, at the moment of creation if nothing else is asked for. */
  readonly clock: TestClock;
  /** Puts a list in the place of the old one: the next revision. While offline it is heard of only once online again. */
  set(list: readonly TestEntry[] | TestList): void;
  /** Adds entries, or replaces those with the same pattern. */
  add(...entries: readonly TestEntry[]): void;
  /**
   * @returns whether there was an entry with this pattern.
   * @throws TestListError when it is no pattern.
   */
  remove(pattern: string): boolean;
  /**
   * Takes in a snapshot as `GET /v1/snapshot` answers it, under its own version. A lower revision of the lineage that is held changes
   * nothing, as in the SDK.
   *
   * @param snapshot parsed JSON.
   * @throws SnapshotError (code `snapshot_invalid`) when it is none; TypeError when it is of another tenant than the options name.
   */
  load(snapshot: unknown): void;
  /** The service cannot be reached from now on: lists age with the clock, and go stale after `maxStalenessMs`. */
  offline(): void;
  /** It answers again: what was written meanwhile is decided by, and all is confirmed. */
  online(): void;
  /** As a process that was started offline and has no list: requests are refused as `not_loaded` until `online()`. */
  unload(): void;
}

/** Those options of `createAllowlist` that have a meaning without a service. */
export interface TestAllowlistOptions
  extends Pick<AllowlistOptions, 'service' | 'maxStalenessMs' | 'onStale' | 'publicOrigins' | 'trustProxy'> {
  /** The one tenant, or the function that names it; then there are the tenants that lists are given for. Default: that of the list. */
  readonly tenant?: AllowlistOptions['tenant'];
  /** What the clock shows at first. Default: the time. */
  readonly now?: Date;
}

const DEFAULT_TENANT = 'test';
const WAIT_TIMEOUT_MS = 10_000;

/**
 * Makes an allowlist for tests of a service, decided by a list of the test's own.
 *
 * @param list patterns or entries; with policies or a tenant's name as an object. Default: an empty list, which refuses all.
 * @throws TestListError (a TypeError with code `test_list_invalid`) for what the service would not take, with every problem at once;
 *   SnapshotError for a field of another type; OptionsError.
 */
export function createTestAllowlist(
  list: readonly TestEntry[] | TestList = [],
  { now = new Date(), ...options }: TestAllowlistOptions = {},
): TestAllowlist {
  const first = listOf(list);
  const slug = typeof options.tenant === 'string' ? options.tenant : (first.tenant ?? DEFAULT_TENANT);
  const { deps: clockDeps, ...clock } = createTestClock(now.getTime(), confirm);
  const settings = parseOptions({
    url: 'http://localhost',
    key: 'test',
    ...options,
    tenant: options.tenant ?? slug,
    deps: { ...clockDeps, fetch: neverCalled },
  });
  const { deps, tenant } = settings;
  const lists = createTestLists(slug, typeof tenant === 'string');
  const events = createEmitter((error) => events.emit('error', { source: 'listener', error, suppressed: 0 }));
  const conflicts = createConflicts(events);
  const counters = createCounters();
  const serverClock = createServerClock();
  const waiters = createWaiters(deps);
  const link = createLink(deps, events, waiters.check);
  const isOnline = () => link.state() === 'streaming';
  const tenants = createTenants(settings, events, counters, {
    added: waiters.check,
    changed: waiters.check,
    dropped: () => {},
    gone: () => {},
  });
  const absences: Absences = {
    get: (name) => (isOnline() && tenants.get(name) === undefined ? 'unknown' : undefined),
    setUnknown: () => {},
    setFailed: () => {},
    delete: () => {},
  };
  const parts = {
    service: { snapshot: neverCalled, versions: neverCalled },
    link,
    tenants,
    absences,
    counters,
  };
  const decider = createDecider(settings, {
    ...parts,
    events,
    serverClock,
    // Nothing is ever on its way.
    firstLoads: { wait: () => undefined },
    copies: { has: () => false },
    reportError: (source, error) => events.emit('error', { source, error, suppressed: 0 }),
  });
  const waitForRevision = createRevisionWaits(settings, parts, {
    loader: { reload: () => Promise.resolve(isOnline()) },
    stream: { covers: () => true },
    waiters,
  });
  const instance = deps.uuid();

  /** What the poller and the stream do: tell what is current, or notice that nobody does. */
  function confirm(): void {
    const nowMs = clock.now();
    for (const held of tenants.all()) {
      if (isOnline()) tenants.confirm(held, nowMs);
      else tenants.isStale(held, nowMs);
    }
  }

  function deliver(): void {
    if (!isOnline()) return;
    for (const snapshot of lists.all()) {
      const { lineage, revision } = tenants.get(snapshot.tenant)?.compiled ?? {};
      const isHeld = lineage === snapshot.lineage && revision === snapshot.revision;
      if (!isHeld) tenants.take(compileSnapshot(snapshot), undefined, clock.now());
    }
  }

  function readinessNow(): ReadinessState | undefined {
    if (link.state() === 'closed') return 'closed';
    const isReady = typeof tenant === 'string' ? tenants.get(tenant) !== undefined : isOnline();
    return isReady ? 'ready' : undefined;
  }

  function offline(): void {
    if (isOnline()) link.streamEnded(unreachableSince(clock.now()));
  }

  lists.set(first);
  link.streamOpened();
  deliver();

  return {
    decide(request) {
      const decision = decider.decide(request);
      if (decision instanceof Promise) throw new Error('An allowlist for tests never waits.');
      return decision;
    },
    recall: decider.recall,
    ready: ({ timeoutMs = WAIT_TIMEOUT_MS } = {}) => waiters.wait(timeoutMs, readinessNow),
    waitForRevision: (name, revision, { timeoutMs = WAIT_TIMEOUT_MS } = {}) =>
      waitForRevision(name, revision, timeoutMs),
    explain: createExplainer(settings, { tenants, absences, serverClock }),
    status: () => readStatus(settings, instance, parts, serverClock, conflicts),
    reportConflict: conflicts.report,
    on: events.on,
    close: () => {
      if (link.state() !== 'closed') link.close();
    },
    clock,
    set(next) {
      lists.set(listOf(next));
      deliver();
    },
    add(...entries) {
      lists.add(entries);
      deliver();
    },
    remove(pattern) {
      const wasThere = lists.remove(pattern);
      deliver();
      return wasThere;
    },
    load(snapshot) {
      lists.load(snapshot);
      deliver();
    },
    offline,
    online() {
      if (link.state() === 'closed') return;
      link.streamOpened();
      deliver();
      confirm();
    },
    unload() {
      offline();
      for (const held of tenants.all()) tenants.drop(held.slug);
    },
  };
}

function listOf(list: readonly TestEntry[] | TestList): TestList {
  return isEntries(list) ? { entries: list } : list;
}

/** `Array.isArray` does not tell a readonly array from the rest. */
function isEntries(list: readonly TestEntry[] | TestList): list is readonly TestEntry[] {
  return Array.isArray(list);
}

function neverCalled(): Promise<never> {
  return Promise.reject(new Error('An allowlist for tests calls nothing.'));
}

function unreachableSince(sentAtMs: number): CallFailure {
  const problem = { code: 'unreachable', detail: 'The test has taken the service away.' } as const;
  return { kind: 'failure', problem, scope: 'service', sentAtMs };
}
