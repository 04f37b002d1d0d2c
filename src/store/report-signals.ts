/** Wakes those who wait for instances to report, on this node and on others. Hints only: who waits also looks by itself. */
export interface ReportSignals {
  /** Somewhere a writer waits for a tenant's instances. */
  expect(tenantId: string): void;
  /** An instance told this node something new of these tenants. */
  reported(tenantIds: readonly string[]): void;
  /** It told another node. */
  heard(tenantIds: readonly string[]): void;
  /** Calls `listener` at each news of the tenant, until the function it gives is called. */
  listen(tenantId: string, listener: () => void): () => void;
}

/** Longer than any writer waits. */
const EXPECTED_FOR_MS = 60_000;
const MAX_EXPECTED = 10_000;

/** @param publish tells the other nodes; called only of tenants for which a writer waits. */
export function createReportSignals(options: {
  readonly publish: (tenantIds: readonly string[]) => void;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}): ReportSignals {
  const { publish, now } = options;
  /** By tenant id, until when; in the order of these times. */
  const expected = new Map<string, number>();
  const listeners = new Map<string, Set<() => void>>();

  function heard(tenantIds: readonly string[]): void {
    for (const tenantId of tenantIds) for (const listener of listeners.get(tenantId) ?? []) listener();
  }

  return {
    expect(tenantId) {
      expected.delete(tenantId);
      expected.set(tenantId, now() + EXPECTED_FOR_MS);
      for (const [id, untilMs] of expected) {
        if (untilMs > now() && expected.size <= MAX_EXPECTED) break;
        expected.delete(id);
      }
    },
    reported(tenantIds) {
      heard(tenantIds);
      const awaited = tenantIds.filter((id) => (expected.get(id) ?? 0) > now());
      if (awaited.length > 0) publish(awaited);
    },
    heard,
    listen(tenantId, listener) {
      const own = listeners.get(tenantId) ?? new Set();
      listeners.set(tenantId, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0) listeners.delete(tenantId);
      };
    },
  };
}
