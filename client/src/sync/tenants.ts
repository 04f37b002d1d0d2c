import type { CompiledAllowlist } from '../core/index.js';
import type { Counters } from '../counters.js';
import type { Emitter, Version } from '../events.js';
import type { Settings } from '../settings.js';

/** A tenant's list in memory. */
export interface HeldTenant {
  readonly slug: string;
  /** Replaced as a whole: whoever reads it decides by one version. */
  compiled: CompiledAllowlist;
  etag: string | undefined;
  /** When the call began that last showed the list to be current. */
  confirmedAtMs: number;
  usedAtMs: number;
  /** Whether `stale` was told and `recovered` not yet. */
  isStale: boolean;
}

/** The lists in memory. */
export interface Tenants {
  get(slug: string): HeldTenant | undefined;
  all(): readonly HeldTenant[];
  /**
   * Takes a version in: it was compiled beside the old one and is swapped by one assignment. A lower revision of the lineage
   * that is held changes nothing: a node may lag behind another by a second, and what was enforced once must not be forgotten.
   *
   * @param sentAtMs when the call began.
   */
  take(compiled: CompiledAllowlist, etag: string | undefined, sentAtMs: number): void;
  /** The version that is held was current when the call began. */
  confirm(held: HeldTenant, sentAtMs: number): void;
  /** The service says there is no such tenant. */
  drop(slug: string): void;
  /** Drops what no request has asked for in an hour: it would be polled for nobody. */
  dropIdle(): void;
  /** Whether the service has not confirmed the list for longer than `maxStalenessMs`. Tells `stale` when that begins. */
  isStale(held: HeldTenant, nowMs: number): boolean;
}

const IDLE_MS = 3_600_000;

export function createTenants(settings: Settings, events: Emitter, counters: Counters): Tenants {
  const { deps, maxTenants, maxStalenessMs } = settings;
  const tenants = new Map<string, HeldTenant>();

  function confirm(held: HeldTenant, sentAtMs: number): void {
    held.confirmedAtMs = sentAtMs;
    if (!held.isStale) return;
    held.isStale = false;
    events.emit('recovered', { tenant: held.slug });
  }

  function swap(held: HeldTenant, compiled: CompiledAllowlist, etag: string | undefined): void {
    const from = versionOf(held.compiled);
    held.compiled = compiled;
    held.etag = etag;
    counters.listsLoaded += 1;
    events.emit('changed', { tenant: held.slug, from, to: versionOf(compiled) });
  }

  function add(compiled: CompiledAllowlist, etag: string | undefined, sentAtMs: number): void {
    const slug = compiled.tenant;
    const usedAtMs = deps.now();
    tenants.set(slug, { slug, compiled, etag, confirmedAtMs: sentAtMs, usedAtMs, isStale: false });
    if (tenants.size > maxTenants) evictOne(slug);
    counters.listsLoaded += 1;
    // Each list is new once; the very first one makes the client ready.
    if (counters.listsLoaded === 1) events.emit('ready', { tenant: slug, ...versionOf(compiled) });
    events.emit('changed', { tenant: slug, to: versionOf(compiled) });
  }

  /** Looks through all: it happens at a first load only, and those are few a second, while every decision would pay for an order. */
  function evictOne(newest: string): void {
    let oldest: HeldTenant | undefined;
    for (const held of tenants.values()) {
      if (held.slug !== newest && (oldest === undefined || held.usedAtMs < oldest.usedAtMs)) oldest = held;
    }
    if (oldest === undefined) return;
    tenants.delete(oldest.slug);
    counters.listsEvicted += 1;
  }

  return {
    get: (slug) => tenants.get(slug),
    all: () => [...tenants.values()],
    take(compiled, etag, sentAtMs) {
      const held = tenants.get(compiled.tenant);
      if (held === undefined) return add(compiled, etag, sentAtMs);
      const { lineage, revision } = held.compiled;
      const isSameLineage = compiled.lineage === lineage;
      if (isSameLineage && compiled.revision < revision) return;
      if (!isSameLineage || compiled.revision > revision) swap(held, compiled, etag);
      confirm(held, sentAtMs);
    },
    confirm,
    drop(slug) {
      const held = tenants.get(slug);
      if (held === undefined) return;
      tenants.delete(slug);
      events.emit('changed', { tenant: slug, from: versionOf(held.compiled) });
    },
    dropIdle() {
      const nowMs = deps.now();
      for (const held of tenants.values()) if (nowMs - held.usedAtMs > IDLE_MS) tenants.delete(held.slug);
    },
    isStale(held, nowMs) {
      const ageMs = nowMs - held.confirmedAtMs;
      if (ageMs <= maxStalenessMs) return false;
      if (!held.isStale) {
        held.isStale = true;
        events.emit('stale', { tenant: held.slug, ageMs });
      }
      return true;
    },
  };
}

function versionOf({ lineage, revision }: CompiledAllowlist): Version {
  return { lineage, revision };
}
