import { applyDelta, type CompiledAllowlist, type Delta } from '../core/index.js';
import type { Counters } from '../counters.js';
import type { Emitter, Version } from '../events.js';
import type { Settings } from '../settings.js';
import { createLeftLineages } from './left-lineages.js';

/** A tenant's list in memory. */
export interface HeldTenant {
  readonly slug: string;
  /** Replaced as a whole, or led on by a delta: whoever reads it decides by one version. */
  compiled: CompiledAllowlist;
  /** Of the snapshot that `compiled` is; `undefined` once a delta has led on from it. */
  etag: string | undefined;
  /** It is not the list the service has: a snapshot of the same revision replaces it too. */
  isDamaged: boolean;
  /** When the call began that last showed the list to be current. */
  confirmedAtMs: number;
  usedAtMs: number;
  /** Whether `stale` was told and `recovered` not yet. */
  isStale: boolean;
}

/**
 * What came of a delta: `applied` · `held`: what is held has it already · `broken`: it does not lead on from what is held, and the list
 * has to be loaded.
 */
export type FollowResult = 'applied' | 'held' | 'broken';

/** Who is told which lists are there, after the fact. */
export interface TenantWatch {
  readonly added: (slug: string) => void;
  readonly changed: (slug: string) => void;
  readonly dropped: (slug: string) => void;
  /** The service knows no such tenant, whether it was held or not. */
  readonly gone: (slug: string) => void;
}

/** The lists in memory. */
export interface Tenants {
  get(slug: string): HeldTenant | undefined;
  all(): readonly HeldTenant[];
  /**
   * Takes a version in: it was compiled beside the old one and is swapped by one assignment. A lower revision of the lineage
   * that is held, and any of a lineage that was left, changes nothing: a node may lag behind another by a second, and what was enforced
   * once must not be forgotten.
   *
   * @param sentAtMs when the call began.
   * @returns false for a lineage that was left: it was not answered what the tenant's list is now.
   */
  take(compiled: CompiledAllowlist, etag: string | undefined, sentAtMs: number): boolean;
  /** Whether the tenant was decided by the lineage before, and is no more: who tells of it lags. */
  hasLeft(slug: string, lineage: string): boolean;
  /** Takes a step the service told of. */
  follow(delta: Delta): FollowResult;
  /** The version that is held was current at that moment, as a rule when a call began. */
  confirm(held: HeldTenant, atMs: number): void;
  /** Before it is dropped because it was deleted: should there be one again, it is of another lineage. */
  leave(slug: string): void;
  /** The service says there is no such tenant. */
  drop(slug: string): void;
  /** Drops what no request has asked for in an hour: it would be polled for nobody. */
  dropIdle(): void;
  /** Whether the service has not confirmed the list for longer than `maxStalenessMs`. Tells `stale` when that begins. */
  isStale(held: HeldTenant, nowMs: number): boolean;
}

const IDLE_MS = 3_600_000;

export function createTenants(
  settings: Settings,
  events: Emitter,
  counters: Counters,
  watch: TenantWatch,
): Tenants {
  const { deps, maxTenants, maxStalenessMs } = settings;
  const tenants = new Map<string, HeldTenant>();
  const left = createLeftLineages(settings);

  function confirm(held: HeldTenant, atMs: number): void {
    held.confirmedAtMs = atMs;
    if (!held.isStale) return;
    held.isStale = false;
    events.emit('recovered', { tenant: held.slug });
  }

  function swap(held: HeldTenant, compiled: CompiledAllowlist, etag: string | undefined): void {
    const from = versionOf(held.compiled);
    if (from.lineage !== compiled.lineage) left.add(held.slug, from.lineage);
    held.compiled = compiled;
    held.isDamaged = false;
    held.etag = etag;
    counters.listsLoaded += 1;
    events.emit('changed', { tenant: held.slug, from, to: versionOf(compiled) });
    watch.changed(held.slug);
  }

  function add(compiled: CompiledAllowlist, etag: string | undefined, sentAtMs: number): void {
    const slug = compiled.tenant;
    const usedAtMs = deps.now();
    const state = { isDamaged: false, confirmedAtMs: sentAtMs, usedAtMs, isStale: false };
    tenants.set(slug, { slug, compiled, etag, ...state });
    if (tenants.size > maxTenants) evictOne(slug);
    counters.listsLoaded += 1;
    // Each list is new once; the very first one makes the client ready.
    if (counters.listsLoaded === 1) events.emit('ready', { tenant: slug, ...versionOf(compiled) });
    events.emit('changed', { tenant: slug, to: versionOf(compiled) });
    watch.added(slug);
  }

  /** Looks through all: it happens at a first load only, and those are few a second, while every decision would pay for an order. */
  function evictOne(newest: string): void {
    let oldest: HeldTenant | undefined;
    for (const held of tenants.values()) {
      if (held.slug !== newest && (oldest === undefined || held.usedAtMs < oldest.usedAtMs)) oldest = held;
    }
    if (oldest === undefined) return;
    remove(oldest.slug);
    counters.listsEvicted += 1;
  }

  function remove(slug: string): void {
    if (tenants.delete(slug)) watch.dropped(slug);
  }

  function hasLeft(slug: string, lineage: string): boolean {
    return left.has(slug, lineage, tenants.get(slug)?.confirmedAtMs);
  }

  function replace(
    held: HeldTenant,
    compiled: CompiledAllowlist,
    etag: string | undefined,
    sentAtMs: number,
  ): void {
    const { lineage, revision } = held.compiled;
    const isSameLineage = compiled.lineage === lineage;
    if (isSameLineage && compiled.revision < revision) return;
    if (!isSameLineage || compiled.revision > revision || held.isDamaged) swap(held, compiled, etag);
    else held.etag = etag;
    confirm(held, sentAtMs);
  }

  return {
    get: (slug) => tenants.get(slug),
    all: () => [...tenants.values()],
    hasLeft,
    take(compiled, etag, sentAtMs) {
      const { tenant: slug, lineage } = compiled;
      if (hasLeft(slug, lineage)) return false;
      left.delete(slug, lineage);
      const held = tenants.get(slug);
      if (held === undefined) add(compiled, etag, sentAtMs);
      else replace(held, compiled, etag, sentAtMs);
      return true;
    },
    follow(delta) {
      const held = tenants.get(delta.tenant);
      if (held === undefined || held.isDamaged || held.compiled.lineage !== delta.lineage) return 'broken';
      if (delta.to <= held.compiled.revision) return 'held';
      const from = versionOf(held.compiled);
      const result = applyDelta(held.compiled, delta);
      if (result === 'invalid') return 'broken';
      held.etag = undefined;
      held.isDamaged = result === 'count_mismatch';
      if (held.isDamaged) return 'broken';
      counters.deltasApplied += 1;
      events.emit('changed', { tenant: held.slug, from, to: versionOf(held.compiled) });
      watch.changed(held.slug);
      return 'applied';
    },
    confirm,
    leave(slug) {
      const held = tenants.get(slug);
      left.renew(slug);
      if (held !== undefined) left.add(slug, held.compiled.lineage);
    },
    drop(slug) {
      const held = tenants.get(slug);
      // Out of the map before anybody is told: a listener that asks is refused.
      tenants.delete(slug);
      watch.gone(slug);
      if (held === undefined) return;
      events.emit('changed', { tenant: slug, from: versionOf(held.compiled) });
      watch.dropped(slug);
    },
    dropIdle() {
      const nowMs = deps.now();
      for (const held of tenants.values()) if (nowMs - held.usedAtMs > IDLE_MS) remove(held.slug);
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

/** The version of a list. */
export function versionOf({ lineage, revision }: CompiledAllowlist): Version {
  return { lineage, revision };
}
