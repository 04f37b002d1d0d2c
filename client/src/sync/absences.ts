import { type Deps, jitter } from '../deps.js';
import { backoffMs } from './backoff.js';

/** Why a tenant has no list: the service does not know it, or what it sent could not be used. */
export type Absence = 'unknown' | 'failed';

/** Tenants known to have no list for now, so that a flood of made-up slugs costs one call each and then nothing. */
export interface Absences {
  /** @returns `undefined` when it is time to ask the service. */
  get(slug: string): Absence | undefined;
  /** Remembers for 30 s ± 20 % that there is no such tenant. */
  setUnknown(slug: string): void;
  /** Remembers, 1 s doubling to 30 s, that the tenant's list could not be used. */
  setFailed(slug: string): void;
  delete(slug: string): void;
}

/** Beyond it the oldest is forgotten. */
const MAX_ABSENCES = 10_000;
const UNKNOWN_MS = 30_000;
const JITTER = 0.2;

interface Entry {
  readonly absence: Absence;
  readonly sinceMs: number;
  readonly forMs: number;
  readonly failures: number;
}

export function createAbsences(deps: Deps): Absences {
  const entries = new Map<string, Entry>();

  function put(slug: string, entry: Entry): void {
    // Taken out first, so that the map stays in order of age.
    entries.delete(slug);
    entries.set(slug, entry);
    if (entries.size <= MAX_ABSENCES) return;
    const oldest = entries.keys().next();
    if (oldest.done !== true) entries.delete(oldest.value);
  }

  return {
    get(slug) {
      const entry = entries.get(slug);
      if (entry === undefined) return undefined;
      return Math.abs(deps.now() - entry.sinceMs) < entry.forMs ? entry.absence : undefined;
    },
    setUnknown(slug) {
      const forMs = jitter(deps, UNKNOWN_MS, JITTER);
      put(slug, { absence: 'unknown', sinceMs: deps.now(), forMs, failures: 0 });
    },
    setFailed(slug) {
      const failures = (entries.get(slug)?.failures ?? 0) + 1;
      put(slug, { absence: 'failed', sinceMs: deps.now(), forMs: backoffMs(deps, failures), failures });
    },
    delete: (slug) => void entries.delete(slug),
  };
}
