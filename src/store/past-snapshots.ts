import { createHash } from 'node:crypto';
import type { Snapshot } from '@origin-allowlist/client/core';
import type { Moment } from './moments.js';
import type { CachedSnapshot } from './snapshot-cache.js';
import { toCached } from './snapshot-loader.js';

/** Past snapshots held at most, the least recently used going first, and their text in UTF-16 units. */
const MAX_HELD = 100;
const MAX_HELD_LENGTH = 33_554_432;

/** What {@link createPastSnapshots} reads by; `maxHeld` is 100 by default. */
export interface PastSnapshotsOptions {
  /** Called at most once at a time for a moment's content. */
  readonly load: (moment: Moment) => Promise<Snapshot>;
  readonly maxHeld?: number;
}

/**
 * Snapshots of the past, apart from those of the present: whoever looks back displaces nothing that requests are decided by.
 * What is held cannot be out of date, since the hash of a change names its content: a database that was restored from a backup
 * and written to again has other hashes.
 */
export interface PastSnapshots {
  /** Rejects as `load` does. Calls may overlap. */
  get(moment: Moment): Promise<CachedSnapshot>;
}

/** Holds none at first. */
export function createPastSnapshots({ load, maxHeld = MAX_HELD }: PastSnapshotsOptions): PastSnapshots {
  const held = new Map<string, CachedSnapshot>();
  const flights = new Map<string, Promise<CachedSnapshot>>();
  let heldLength = 0;

  function keep(key: string, snapshot: CachedSnapshot): void {
    held.set(key, snapshot);
    heldLength += snapshot.body.length;
    for (const [oldest, { body }] of held) {
      if (held.size === 1 || (held.size <= maxHeld && heldLength <= MAX_HELD_LENGTH)) return;
      held.delete(oldest);
      heldLength -= body.length;
    }
  }

  function depart(key: string, moment: Moment): Promise<CachedSnapshot> {
    const flight = load(moment)
      .then((snapshot) => {
        const body = JSON.stringify(snapshot);
        const digest = createHash('sha256').update(body).digest('base64');
        const cached = toCached(moment.tenantId, snapshot, body, digest);
        keep(key, cached);
        return cached;
      })
      .finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  }

  return {
    async get(moment) {
      const key = `${moment.hash} ${moment.lineage}`;
      const known = held.get(key);
      if (known === undefined) return flights.get(key) ?? depart(key, moment);
      held.delete(key);
      held.set(key, known);
      return known;
    },
  };
}
