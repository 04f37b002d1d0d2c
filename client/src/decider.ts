import { recall } from './core/decision.js';
import {
  type Decision,
  type DecisionRequest,
  decide,
  isSlug,
  type RefusalReason,
  refuse,
} from './core/index.js';
import type { DiskCopies } from './disk.js';
import type { Emitter } from './events.js';
import type { TenantRequest, TenantResolver } from './options.js';
import { ownOriginsOf } from './own-origins.js';
import { createSampler } from './sampler.js';
import type { Settings } from './settings.js';
import type { FirstLoads } from './sync/first-loads.js';
import type { SyncParts } from './sync/loader.js';
import type { ServerClock } from './sync/server-clock.js';
import type { HeldTenant } from './sync/tenants.js';

/** A request to decide. */
export interface AllowlistRequest extends DecisionRequest {
  /** The adapter's own routes cannot tell the policy: the request is refused as `path_ambiguous`, whatever its path. */
  readonly routeAmbiguous?: boolean;
  /** The scheme of the connection, `http` or `https`. With `host` it makes the origin of the application's own pages. */
  readonly scheme?: string;
  /** The `X-Forwarded-Proto` and `X-Forwarded-Host` headers; they count in place of `scheme` and `host` under `trustProxy`. */
  readonly forwardedProto?: string | readonly string[];
  readonly forwardedHost?: string | readonly string[];
}

/** See `Allowlist`. */
export interface Decider {
  decide(request: AllowlistRequest): Decision | Promise<Decision>;
  recall(origin: string | undefined, target: string, policy: string | undefined): Decision | undefined;
}

/** What the decisions draw on. */
export interface DeciderParts extends SyncParts {
  readonly events: Emitter;
  readonly firstLoads: Pick<FirstLoads, 'wait'>;
  readonly copies: Pick<DiskCopies, 'has'>;
  readonly serverClock: ServerClock;
  /** Tells that code of the application failed. */
  readonly reportError: (source: 'tenant', error: unknown) => void;
}

const REFUSED_EVENTS_PER_SECOND = 10;
/** A target of no known form leads to no policy: the core refuses it as ambiguous, under the tenant's own enforcement. */
const UNREADABLE_TARGET = '%';

/** Finds the tenant and its list, and decides. Synchronous but for first loads. */
export function createDecider(settings: Settings, parts: DeciderParts): Decider {
  const { deps, tenant, onStale, maxStalenessMs } = settings;
  const { tenants, absences, link, firstLoads, copies, serverClock, events, counters, reportError } = parts;
  const refusals = createSampler(deps.now, REFUSED_EVENTS_PER_SECOND);
  // A stale list is decided by all the same, and the only one is never in the way of others: to ask the clock costs as much as to answer.
  const timeless = typeof tenant === 'string' && onStale === 'serve' ? tenant : undefined;

  function slugOf(request: AllowlistRequest): string | undefined {
    return typeof tenant === 'string' ? tenant : resolve(tenant, request);
  }

  function resolve(resolver: TenantResolver, request: AllowlistRequest): string | undefined {
    try {
      const slug: unknown = resolver(tenantRequestOf(request));
      if (typeof slug === 'string') return slug;
      if (slug == null) return undefined;
      // A promise whose rejection nobody hears would end the process.
      Promise.resolve(slug).catch(() => {});
      reportError('tenant', new TypeError(`The resolver returned no slug but a ${typeof slug}.`));
    } catch (error) {
      reportError('tenant', error);
    }
    return undefined;
  }

  function decideByList(request: AllowlistRequest, held: HeldTenant): Decision {
    const asked = request.routeAmbiguous === true ? asAmbiguous(request) : request;
    const nowMs = deps.now();
    held.usedAtMs = nowMs;
    if (nowMs - held.confirmedAtMs > maxStalenessMs && tenants.isStale(held, nowMs) && onStale === 'refuse')
      return refused(request, 'stale', held);
    const atMs = nowMs + serverClock.offsetMs();
    const decision = decide(asked, held.compiled, atMs);
    if (!isStopped(decision)) return told(request, decision);
    return told(request, decide(withOwnOrigins(asked), held.compiled, atMs));
  }

  function refused(request: AllowlistRequest, reason: RefusalReason, held?: HeldTenant): Decision {
    const asked = request.routeAmbiguous === true ? asAmbiguous(request) : request;
    const decision = refuse(asked, reason, held?.compiled);
    if (!isStopped(decision)) return told(request, decision);
    return told(request, refuse(withOwnOrigins(asked), reason, held?.compiled));
  }

  /** Put together only for requests that would be stopped: the others, nearly all, do not need them. */
  function withOwnOrigins(request: AllowlistRequest): AllowlistRequest {
    return { ...request, ownOrigins: ownOriginsOf(request, settings) };
  }

  function decideWithoutList(request: AllowlistRequest, slug: string): Decision | Promise<Decision> {
    // Before any fetch: what cannot be a slug names no tenant.
    if (!isSlug(slug)) return refused(request, 'tenant_unknown');
    // While the service wants to be left alone there may still be a copy on disk.
    const isWithinReach = link.retryInMs() === 0 || (link.state() !== 'unauthorized' && copies.has(slug));
    const mayLoad = link.state() !== 'closed' && isWithinReach && absences.get(slug) === undefined;
    const loaded = mayLoad ? firstLoads.wait(slug) : undefined;
    if (loaded === undefined) return refuseUnloaded(request, slug);
    return loaded.then(() => {
      const held = tenants.get(slug);
      return held === undefined ? refuseUnloaded(request, slug) : decideByList(request, held);
    });
  }

  function refuseUnloaded(request: AllowlistRequest, slug: string): Decision {
    if (absences.get(slug) === 'unknown') return refused(request, 'tenant_unknown');
    counters.refusedUnloaded += 1;
    return refused(request, 'not_loaded');
  }

  /** Counts a decision, and tells a refusal to whoever listens. */
  function told(request: AllowlistRequest, decision: Decision): Decision {
    counters.decisions += 1;
    if (decision.allowed || decision.kind === 'non-cors') return decision;
    counters.refused += 1;
    const suppressed = events.hears('refused') ? refusals.take() : undefined;
    if (suppressed !== undefined) events.emit('refused', { request, decision, suppressed });
    return decision;
  }

  return {
    decide(request) {
      const slug = slugOf(request);
      if (slug === undefined) return refused(request, 'tenant_unknown');
      const held = tenants.get(slug);
      return held === undefined ? decideWithoutList(request, slug) : decideByList(request, held);
    },
    recall(origin, target, policy) {
      const held = timeless === undefined ? undefined : tenants.get(timeless);
      const kept = held === undefined ? undefined : recall(held.compiled, origin, target, policy);
      if (kept !== undefined) counters.decisions += 1;
      return kept;
    },
  };
}

/** Whether the decision keeps a request that is no preflight from the application. */
function isStopped({ status, kind }: Decision): boolean {
  return status === 403 && kind !== 'preflight';
}

/** The same request where its path tells no policy. */
export function asAmbiguous(request: AllowlistRequest): AllowlistRequest {
  return { ...request, target: UNREADABLE_TARGET, policy: undefined };
}

/** What the tenant may be told by. */
export function tenantRequestOf({ host, target }: AllowlistRequest): TenantRequest {
  return { host, path: pathOf(target) };
}

function pathOf(target: string | undefined): string {
  if (target === undefined) return '/';
  const end = target.indexOf('?');
  return end === -1 ? target : target.slice(0, end);
}
