import { type Allowlist, createAllowlist } from '@origin-allowlist/client';
import type { SnapshotEntry, SnapshotPolicy } from '@origin-allowlist/client/core';
import { type FakeService, startFakeService } from '../test/client/fake-service.js';

/** Clients that load their lists from a service on this machine, as an application does. */
export interface Sdks {
  readonly service: Pick<FakeService, 'url' | 'key'>;
  /** A client that holds a list. */
  load(entries: readonly SnapshotEntry[], policies: readonly SnapshotPolicy[]): Promise<Allowlist>;
  close(): Promise<void>;
}

/** No look at the service while something is measured. */
const POLL_INTERVAL_MS = 3_600_000;
const READY_TIMEOUT_MS = 60_000;

/** Starts the service; `load` as many lists as needed. */
export async function startSdks(): Promise<Sdks> {
  const service = await startFakeService();
  const clients: Allowlist[] = [];
  return {
    service,
    async load(entries, policies) {
      const tenant = `list-${clients.length}`;
      service.write(tenant, { entries, policies });
      const { url, key } = service;
      const client = createAllowlist({ url, key, tenant, pollIntervalMs: POLL_INTERVAL_MS });
      clients.push(client);
      await client.ready({ timeoutMs: READY_TIMEOUT_MS });
      return client;
    },
    async close() {
      for (const client of clients) await client.close();
      await service.close();
    },
  };
}
