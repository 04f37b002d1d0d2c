import type { Conflict, Conflicts } from './conflicts.js';
import type { Counters } from './counters.js';
import type { Settings } from './settings.js';
import type { LinkReport } from './sync/link.js';
import type { SyncParts } from './sync/loader.js';
import type { ServerClock } from './sync/server-clock.js';

/** What a client holds and how it stands with the service. */
export interface AllowlistStatus {
  /** What this client calls itself to the service: another at each start. */
  readonly instance: string;
  readonly service?: string;
  readonly transport: LinkReport;
  /** How far the service's clock is ahead of this machine's, in ms. */
  readonly serverClockOffsetMs: number;
  readonly tenants: readonly TenantStatus[];
  readonly counters: Readonly<Counters>;
  /** Other code that writes CORS headers, as it was first met with by each adapter; absent when there is none. */
  readonly conflicts?: readonly Conflict[];
}

/** One list in memory. */
export interface TenantStatus {
  readonly tenant: string;
  readonly lineage: string;
  readonly revision: number;
  /** Since the service last confirmed it. */
  readonly ageMs: number;
  /** Whether that is longer than `maxStalenessMs`. */
  readonly stale: boolean;
}

/** Reads everything at one moment. */
export function readStatus(
  settings: Settings,
  instance: string,
  parts: SyncParts,
  serverClock: ServerClock,
  conflicts: Conflicts,
): AllowlistStatus {
  const nowMs = settings.deps.now();
  return {
    instance,
    ...(settings.service !== undefined && { service: settings.service }),
    transport: parts.link.report(),
    serverClockOffsetMs: serverClock.offsetMs(),
    tenants: parts.tenants.all().map(({ slug, compiled, confirmedAtMs }) => ({
      tenant: slug,
      lineage: compiled.lineage,
      revision: compiled.revision,
      ageMs: nowMs - confirmedAtMs,
      stale: nowMs - confirmedAtMs > settings.maxStalenessMs,
    })),
    counters: { ...parts.counters },
    ...(conflicts.all().length > 0 && { conflicts: conflicts.all() }),
  };
}
