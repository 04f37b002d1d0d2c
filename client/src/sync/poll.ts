import { jitter } from '../deps.js';
import type { Version } from '../events.js';
import type { Settings } from '../settings.js';
import { backoffMs } from './backoff.js';
import type { Loader, SyncParts } from './loader.js';
import { MAX_VERSIONS } from './service.js';
import type { Stream } from './stream.js';
import type { HeldTenant } from './tenants.js';

/** Looks at the service from time to time, for ever. */
export interface Poller {
  start(): void;
  close(): void;
}

const JITTER = 0.2;
const MAX_LOADS_AT_ONCE = 8;

/** @param stream what it covers need not be asked for. */
export function createPoller(
  settings: Settings,
  parts: SyncParts,
  loader: Loader,
  stream: Pick<Stream, 'coversAll' | 'isWaiting' | 'refresh'>,
): Poller {
  const { deps, tenant, pollIntervalMs } = settings;
  const { service, link, tenants, counters } = parts;
  let failures = 0;
  let cancelTimer: (() => void) | undefined;

  async function round(): Promise<void> {
    // Another call may have learnt meanwhile that the service wants to be left alone.
    const mayCall = link.retryInMs() === 0;
    const isWell = stream.coversAll() || (mayCall && (await look()));
    if (link.state() === 'closed') return;
    failures = isWell ? 0 : failures + 1;
    if (isWell && typeof tenant === 'function') tenants.dropIdle();
    for (const held of tenants.all()) tenants.isStale(held, deps.now());
    // What is held may be fewer or more than the stream tells of; and this is what first opens it.
    if (isWell) stream.refresh();
    const isRegular = isWell || (mayCall && isLeftToStream());
    const pauseMs = isRegular ? jitter(deps, pollIntervalMs, JITTER) : backoffMs(deps, failures);
    cancelTimer = deps.after(Math.max(pauseMs, link.retryInMs()), () => void round());
  }

  /**
   * After a call that reached nobody, while the stream will try again by itself: of a service that is away both would be told, and a
   * quick retry of each of many clients is what floods it when it comes back.
   */
  function isLeftToStream(): boolean {
    return stream.isWaiting() && link.report().lastProblem?.code === 'unreachable';
  }

  /** @returns whether everything is known to be current. */
  function look(): Promise<boolean> {
    if (typeof tenant === 'string' && tenants.get(tenant) === undefined) return loader.load(tenant);
    const [only, ...others] = tenants.all();
    // After a delta there is no ETag to ask by: the version is asked for instead of the whole list.
    const isOneCall = only !== undefined && others.length === 0 && only.etag !== undefined;
    return isOneCall ? loader.load(only.slug) : compareVersions(tenants.all().map(({ slug }) => slug));
  }

  async function compareVersions(slugs: readonly string[]): Promise<boolean> {
    // With nothing to compare, one call still tells whether the address and the key are right.
    if (slugs.length === 0 && (link.state() === 'polling' || link.state() === 'streaming')) return true;
    const outdated: string[] = [];
    for (let start = 0; start === 0 || start < slugs.length; start += MAX_VERSIONS) {
      const answer = await service.versions(slugs.slice(start, start + MAX_VERSIONS));
      if (answer.kind === 'failure') {
        counters.callsFailed += 1;
        link.failed(answer);
        return false;
      }
      link.succeeded();
      for (const [slug, version] of answer.versions) {
        const held = tenants.get(slug);
        if (held !== undefined && needsLoad(held, version, answer.sentAtMs)) outdated.push(slug);
      }
    }
    return loadAll(outdated);
  }

  function needsLoad(held: HeldTenant, version: Version | null, sentAtMs: number): boolean {
    // Gone: the load hears so from the snapshot call itself, the one place that drops a tenant.
    if (version === null || held.isDamaged) return true;
    if (version.lineage !== held.compiled.lineage) return !tenants.hasLeft(held.slug, version.lineage);
    if (version.revision === held.compiled.revision) tenants.confirm(held, sentAtMs);
    // A lower one comes from a node that lags; it neither confirms the list nor replaces it.
    return version.revision > held.compiled.revision;
  }

  async function loadAll(slugs: readonly string[]): Promise<boolean> {
    const queue = slugs.values();
    let isWell = true;
    const work = async (): Promise<void> => {
      for (const slug of queue) {
        if (link.retryInMs() > 0 || !(await loader.load(slug))) isWell = false;
      }
    };
    await Promise.all(Array.from({ length: Math.min(MAX_LOADS_AT_ONCE, slugs.length) }, work));
    return isWell;
  }

  return {
    start: () => void round(),
    close: () => cancelTimer?.(),
  };
}
