import type { CompiledAllowlist } from '@origin-allowlist/client/core';
import { holdsMove, type TenantMove, type TenantVersion } from './tenant-version.js';

/** A tenant's snapshot, ready to be sent and to decide with. All its parts are of one version. */
export interface CachedSnapshot {
  readonly version: TenantVersion;
  readonly slug: string;
  /** The JSON of the snapshot, as `/v1/snapshot` sends it. */
  readonly body: string;
  /** SHA-256 of `body` in UTF-8, base64. */
  readonly digest: string;
  readonly compiled: CompiledAllowlist;
}

/** Tenants held at most; the least recently used goes first. */
const MAX_HELD_TENANTS = 10_000;
/** Body text held at most, in UTF-16 units over all tenants; the newest is held whatever its length. */
const MAX_HELD_LENGTH = 134_217_728;
/** Slugs remembered as unknown, and for how long: shorter than the two seconds a lost announcement may cost. */
const MAX_UNKNOWN_SLUGS = 10_000;
const UNKNOWN_SLUG_TTL_MS = 1_500;
/** Loads one reader waits for beyond its first, when moves of the tenant keep overtaking them. */
const MAX_RELOADS_PER_READ = 3;

/** What {@link createSnapshotCache} stands on. */
export interface SnapshotCacheOptions {
  /**
   * Reads a tenant's snapshot; `undefined` = no such tenant. Must answer with what had been committed when it was
   * called, or later. Called at most once at a time per slug; its rejection reaches every waiting reader.
   */
  readonly load: (slug: string) => Promise<CachedSnapshot | undefined>;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly maxTenants?: number;
  readonly maxLength?: number;
}

/** Snapshots by slug, in memory. A slug that is deleted and created again is told apart by its lineage. */
export interface SnapshotCache {
  /**
   * The snapshot held, else loaded; `undefined` = no such tenant. Never older than a move that was given to
   * {@link SnapshotCache.invalidate} before the call. Rejects as `load` does. Calls may overlap.
   */
  get(slug: string): Promise<CachedSnapshot | undefined>;
  /** What memory knows without loading: a snapshot, `null` = no such tenant, `undefined` = not known. */
  peek(slug: string): CachedSnapshot | null | undefined;
  /** Drops what is older than the move, and keeps a load that is already running from being held if it is. */
  invalidate(move: TenantMove): void;
  /** Drops this very snapshot, if it is still held: for one that the primary does not confirm. */
  discard(snapshot: CachedSnapshot): void;
  /** Every snapshot held, the least recently used first. */
  held(): readonly CachedSnapshot[];
  /** Forgets everything; loads that are running are not held when they end. */
  clear(): void;
}

/** An empty cache. */
export function createSnapshotCache(options: SnapshotCacheOptions): SnapshotCache {
  const { load, now, maxTenants = MAX_HELD_TENANTS, maxLength = MAX_HELD_LENGTH } = options;
  const held = new Map<string, CachedSnapshot>();
  const unknownUntilMs = new Map<string, number>();
  const flights = new Map<string, Flight>();
  let heldLength = 0;

  function peek(slug: string): CachedSnapshot | null | undefined {
    const snapshot = held.get(slug);
    if (snapshot !== undefined) {
      held.delete(slug);
      held.set(slug, snapshot);
      return snapshot;
    }
    const untilMs = unknownUntilMs.get(slug);
    return untilMs !== undefined && now() < untilMs ? null : undefined;
  }

  async function get(slug: string): Promise<CachedSnapshot | undefined> {
    for (let reloads = 0; ; reloads += 1) {
      const known = peek(slug);
      if (known !== undefined) return known ?? undefined;
      const { snapshot, beaten } = await (flights.get(slug) ?? depart(slug)).landing;
      // A beaten load is worth another one. Not for ever: whatever landed after a first reload also left after this
      // reader came, so it holds every move the reader could know of, even when more moves overtook it since.
      if (!beaten || reloads === MAX_RELOADS_PER_READ) return snapshot;
    }
  }

  function depart(slug: string): Flight {
    const flight: Flight = {
      overtaker: undefined,
      void: false,
      landing: load(slug)
        .then((snapshot) => {
          const beaten = isBeaten(flight, snapshot);
          if (!beaten) keep(slug, snapshot);
          return { snapshot, beaten };
        })
        .finally(() => flights.delete(slug)),
    };
    flights.set(slug, flight);
    return flight;
  }

  function keep(slug: string, snapshot: CachedSnapshot | undefined): void {
    if (snapshot === undefined) {
      unknownUntilMs.delete(slug);
      unknownUntilMs.set(slug, now() + UNKNOWN_SLUG_TTL_MS);
      const [oldest] = unknownUntilMs.keys();
      if (unknownUntilMs.size > MAX_UNKNOWN_SLUGS && oldest !== undefined) unknownUntilMs.delete(oldest);
      return;
    }
    held.set(slug, snapshot);
    heldLength += snapshot.body.length;
    for (const leastUsed of held.values()) {
      if (held.size === 1 || (held.size <= maxTenants && heldLength <= maxLength)) return;
      drop(leastUsed);
    }
  }

  function drop(snapshot: CachedSnapshot): void {
    held.delete(snapshot.slug);
    heldLength -= snapshot.body.length;
  }

  return {
    get,
    peek,
    invalidate(move) {
      unknownUntilMs.delete(move.slug);
      const snapshot = held.get(move.slug);
      if (snapshot !== undefined && !holdsMove(snapshot.version, move)) drop(snapshot);
      const flight = flights.get(move.slug);
      if (flight !== undefined) overtake(flight, move);
    },
    discard(snapshot) {
      if (held.get(snapshot.slug) === snapshot) drop(snapshot);
    },
    held: () => [...held.values()],
    clear() {
      held.clear();
      heldLength = 0;
      unknownUntilMs.clear();
      for (const flight of flights.values()) flight.void = true;
    },
  };
}

/** A load under way. */
interface Flight {
  readonly landing: Promise<{ readonly snapshot: CachedSnapshot | undefined; readonly beaten: boolean }>;
  /** The furthest move that came while it ran: what its result must hold. */
  overtaker: TenantMove | undefined;
  /** Whether no result can be trusted: two lineages moved and their order is not known, or the cache was cleared. */
  void: boolean;
}

function overtake(flight: Flight, move: TenantMove): void {
  const { overtaker } = flight;
  if (overtaker !== undefined && overtaker.lineage !== move.lineage) flight.void = true;
  else if (overtaker === undefined || !holdsMove(overtaker, move)) flight.overtaker = move;
}

function isBeaten({ overtaker, void: isVoid }: Flight, snapshot: CachedSnapshot | undefined): boolean {
  if (isVoid || overtaker === undefined) return isVoid;
  return snapshot === undefined || !holdsMove(snapshot.version, overtaker);
}
