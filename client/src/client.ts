import { type Conflict, createConflicts } from './conflicts.js';
import { type Decision, keepStringMethodsFast } from './core/index.js';
import { createCounters } from './counters.js';
import { type AllowlistRequest, createDecider } from './decider.js';
import { createDiskCopies } from './disk.js';
import { type AllowlistEvent, createEmitter, type Listener, type TransportState } from './events.js';
import { type AllowlistExplanation, createExplainer } from './explain.js';
import type { HeadersRequest } from './explain-request.js';
import type { AllowlistOptions } from './options.js';
import { createWaiters, type Readiness, type ReadinessState } from './readiness.js';
import { createRevisionWaits } from './revisions.js';
import { createSampler } from './sampler.js';
import { parseOptions } from './settings.js';
import { type AllowlistStatus, readStatus } from './status.js';
import { createAbsences } from './sync/absences.js';
import { createCatchUp } from './sync/catch-up.js';
import { createFirstLoads } from './sync/first-loads.js';
import { createHttpCalls } from './sync/http-call.js';
import { createLink } from './sync/link.js';
import { createLoader } from './sync/loader.js';
import { createPoller } from './sync/poll.js';
import { createReporter } from './sync/reporter.js';
import { createServerClock } from './sync/server-clock.js';
import { createService } from './sync/service.js';
import { createStream } from './sync/stream.js';
import { createTenants } from './sync/tenants.js';

/** Decides requests from lists in memory, which it keeps up to date. */
export interface Allowlist {
  /**
   * Decides one request. Never throws and never rejects.
   *
   * @returns the decision itself, without a promise, for a tenant whose list is loaded and for one known to have none. Only while a
   *   tenant's list loads for the first time a promise, settled after `firstLoadTimeoutMs` at the latest: refused as `not_loaded` then.
   */
  decide(request: AllowlistRequest): Decision | Promise<Decision>;
  /**
   * For adapters, before they put a request together for {@link decide}: what it would answer, where it has kept that.
   *
   * @param origin the Origin header, if any, of a request that is neither an OPTIONS request nor a socket's.
   * @param target the whole request target.
   * @param policy by name; `undefined` = the one the tenant's policies give the path.
   * @returns `undefined` says nothing: ask {@link decide}.
   *
   * @example A `decide` of your own that adapters are to ask for every request
   * const mine = { ...allowlist, recall: () => undefined, decide: (request) => log(allowlist.decide(request)) };
   *
   * @example Wrong: adapters recall most answers and ask `decide` for the others only.
   * const mine = { ...allowlist, decide: (request) => log(allowlist.decide(request)) };
   */
  recall(origin: string | undefined, target: string, policy: string | undefined): Decision | undefined;
  /**
   * Waits until requests are decided by a list; with a resolver, until the service answers. Never rejects: an application that
   * must not start without a list looks at the answer.
   *
   * @param options.timeoutMs default 10,000.
   */
  ready(options?: { readonly timeoutMs?: number }): Promise<Readiness>;
  /**
   * Waits until requests of a tenant are decided by a revision or a later one: for who has just written, and was told the revision as
   * `X-Revision`. Where the stream does not tell of the tenant, its list is asked for. Never rejects.
   *
   * @param tenant the slug. With a single tenant any other is `tenant_unknown` at once; a tenant that the service does not know is so
   *   when the time is over, since the node asked may not know it yet.
   * @param revision of whatever lineage is held: after a database restore the revisions of before say nothing.
   * @param options.timeoutMs default 10,000.
   */
  waitForRevision(
    tenant: string,
    revision: number,
    options?: { readonly timeoutMs?: number },
  ): Promise<Readiness>;
  /**
   * Says what is answered to a request and why, for people: how the tenant was found, the policy, the nearest entries, what was refused
   * and the headers sent. Synchronous: it looks at what is held, asks the service nothing, counts nothing and tells no listener.
   * Never throws. It may look at the whole list: not for the way of a request.
   *
   * @param request as {@link decide} takes it, or a request with headers: of node:http, Express, Fastify's `request.raw`, `fetch`, or
   *   `{ method, url, headers }`. Which policy an adapter's own `routes` ask for it cannot know: name it as `policy`.
   */
  explain(request: AllowlistRequest | HeadersRequest): AllowlistExplanation;
  /** What it holds and how it stands with the service, fit for `JSON.stringify`. Never holds the key. */
  status(): AllowlistStatus;
  /** For adapters: tells that other code wrote a header which says who may read an answer. */
  reportConflict(conflict: Conflict): void;
  /** @returns removes the listener. A listener may throw: that is told as an `error` event and stops nothing. */
  on<E extends AllowlistEvent>(event: E, listener: Listener<E>): () => void;
  /**
   * Ends all calls, timers and waiting. Lists that are held go on deciding. May be called again. With `cacheDirectory`, what is not written
   * yet is written, which holds the process: a `process.exit()` right after it cuts that short, and leaves the copies of before.
   */
  close(): void;
}

const WAIT_TIMEOUT_MS = 10_000;
const ERROR_EVENTS_PER_SECOND = 10;

/**
 * Makes a client and starts it: lists load in the background, and {@link Allowlist.ready} tells when. One is enough for a process.
 *
 * @throws OptionsError (a TypeError with code `options_invalid`) with every problem of the options at once.
 */
export function createAllowlist(options: AllowlistOptions): Allowlist {
  keepStringMethodsFast();
  const settings = parseOptions(options);
  const { deps, tenant } = settings;
  const errors = createSampler(deps.now, ERROR_EVENTS_PER_SECOND);
  const events = createEmitter((error) => reportError('listener', error));
  const conflicts = createConflicts(events);
  const counters = createCounters();
  const serverClock = createServerClock();
  const http = createHttpCalls(settings, serverClock);
  const service = createService(settings, http);
  const waiters = createWaiters(deps);
  const link = createLink(deps, events, waiters.check);
  const instance = deps.uuid();
  const tenants = createTenants(settings, events, counters, {
    added(slug) {
      // The stream knows nothing of it, or leads on from where it was before it was dropped.
      stream.uncover(slug);
      reporter.moved(slug);
      reporter.soon();
      copies.changed(slug);
      waiters.check();
    },
    changed(slug) {
      copies.changed(slug);
      reporter.moved(slug);
      waiters.check();
    },
    dropped: (slug) => stream.uncover(slug),
    gone: (slug) => copies.gone(slug),
  });
  const copies = createDiskCopies(settings, instance, events, { tenants, serverClock });
  const absences = createAbsences(deps);
  const parts = { service, link, tenants, absences, counters };
  const loader = createLoader(parts, copies);
  const firstLoads = createFirstLoads(settings, loader);
  const reporter = createReporter(settings, instance, http, parts);
  const catchUp = createCatchUp(settings, parts, loader, {
    acknowledged: reporter.soon,
    caughtUp: (slug) => stream.uncover(slug),
  });
  const stream = createStream(settings, instance, http, parts, catchUp, serverClock);
  const poller = createPoller(settings, parts, loader, stream);
  const waitForRevision = createRevisionWaits(settings, parts, { loader, stream, waiters });
  const decider = createDecider(settings, { ...parts, events, firstLoads, copies, serverClock, reportError });

  function reportError(source: 'tenant' | 'listener', error: unknown): void {
    const suppressed = errors.take();
    if (suppressed !== undefined) events.emit('error', { source, error, suppressed });
  }

  function readinessNow(): ReadinessState | undefined {
    const state = link.state();
    if (state === 'closed') return 'closed';
    const isReady = typeof tenant === 'string' ? tenants.get(tenant) !== undefined : isInTouch(state);
    if (isReady) return 'ready';
    if (state === 'unauthorized') return 'unauthorized';
    return typeof tenant === 'string' && absences.get(tenant) === 'unknown' ? 'tenant_unknown' : undefined;
  }

  poller.start();

  return {
    decide: decider.decide,
    recall: decider.recall,
    ready: ({ timeoutMs = WAIT_TIMEOUT_MS } = {}) => waiters.wait(timeoutMs, readinessNow),
    waitForRevision: (slug, revision, { timeoutMs = WAIT_TIMEOUT_MS } = {}) =>
      waitForRevision(slug, revision, timeoutMs),
    explain: createExplainer(settings, { tenants, absences, serverClock }),
    status: () => readStatus(settings, instance, parts, serverClock, conflicts),
    reportConflict: conflicts.report,
    on: events.on,
    close() {
      if (link.state() === 'closed') return;
      // The link first: what the ended calls still answer is then passed over. It also lets go whoever waits in ready().
      link.close();
      poller.close();
      firstLoads.close();
      catchUp.close();
      stream.close();
      http.close();
      reporter.close();
      copies.close();
    },
  };
}

/** Whether the service answers. */
function isInTouch(state: TransportState): boolean {
  return state === 'polling' || state === 'streaming';
}
