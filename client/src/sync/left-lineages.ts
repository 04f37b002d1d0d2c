import type { Settings } from '../settings.js';

/**
 * Lineages that tenants were decided by and are no more, because another took their place or the tenant went. A node that lags still
 * tells of them, and what was removed must not come back by it.
 *
 * Lineages have no order: that the new one came from the node that lags cannot be ruled out. So one that was left is believed again
 * once nothing has spoken against it for a while, longer than any node lags: without that, one wrong turn would last for ever.
 */
export interface LeftLineages {
  add(slug: string, lineage: string): void;
  /** The tenant is decided by it again. */
  delete(slug: string, lineage: string): void;
  /** The service said once more that there is no such tenant. */
  renew(slug: string): void;
  /** @param heldConfirmedAtMs when what is held instead was last shown to be current; absent = none is held. */
  has(slug: string, lineage: string, heldConfirmedAtMs?: number): boolean;
}

/** Of one tenant; beyond it the oldest is forgotten. */
const MAX_LINEAGES = 8;
/** Beyond it the one that left a lineage longest ago is forgotten. */
const MAX_SLUGS = 2_000;
const BELIEVED_AFTER_MS = 60_000;
/** What is held is confirmed by each poll, and one or two may fail. */
const BELIEVED_AFTER_POLLS = 3;

export function createLeftLineages({ deps, pollIntervalMs }: Settings): LeftLineages {
  /** Of each slug, and of each lineage when it was left. Both in order of age. */
  const slugs = new Map<string, Map<string, number>>();

  return {
    add(slug, lineage) {
      const lineages = slugs.get(slug) ?? new Map<string, number>();
      // Taken out first, so that the maps stay in order.
      slugs.delete(slug);
      slugs.set(slug, lineages);
      lineages.delete(lineage);
      lineages.set(lineage, deps.now());
      if (lineages.size > MAX_LINEAGES) deleteFirst(lineages);
      if (slugs.size > MAX_SLUGS) deleteFirst(slugs);
    },
    delete(slug, lineage) {
      const lineages = slugs.get(slug);
      lineages?.delete(lineage);
      if (lineages?.size === 0) slugs.delete(slug);
    },
    renew(slug) {
      const lineages = slugs.get(slug);
      for (const lineage of lineages?.keys() ?? []) lineages?.set(lineage, deps.now());
    },
    has(slug, lineage, heldConfirmedAtMs) {
      const leftAtMs = slugs.get(slug)?.get(lineage);
      if (leftAtMs === undefined) return false;
      const isHeld = heldConfirmedAtMs !== undefined;
      const doubtMs = isHeld
        ? Math.max(BELIEVED_AFTER_MS, BELIEVED_AFTER_POLLS * pollIntervalMs)
        : BELIEVED_AFTER_MS;
      const spokenAgainstAtMs = isHeld ? Math.max(leftAtMs, heldConfirmedAtMs) : leftAtMs;
      return deps.now() - spokenAgainstAtMs <= doubtMs;
    },
  };
}

function deleteFirst(map: Map<string, unknown>): void {
  const first = map.keys().next();
  if (first.done !== true) map.delete(first.value);
}
