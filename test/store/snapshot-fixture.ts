import { createHash, randomUUID } from 'node:crypto';
import { compileSnapshot, DEFAULT_POLICY, type Snapshot } from '@origin-allowlist/client/core';
import { createSeal } from '../../src/store/node-secret.js';
import type { VersionedBody } from '../../src/store/redis-snapshots.js';
import type { CachedSnapshot } from '../../src/store/snapshot-cache.js';
import type { TenantMove, TenantVersion } from '../../src/store/tenant-version.js';

/** The seal of the nodes of a test. */
export const CACHE_SEAL = createSeal(Buffer.alloc(32, 1), 'cache');

/** A tenant's first version. */
export function newVersion(): TenantVersion {
  return { tenantId: randomUUID(), lineage: randomUUID(), revision: 1 };
}

/** The same tenant and lineage at another revision. */
export function atRevision(version: TenantVersion, revision: number): TenantVersion {
  return { ...version, revision };
}

/** A snapshot with one entry that names its revision. */
export function snapshotAt(slug: string, { lineage, revision }: TenantVersion): Snapshot {
  const entries = [{ pattern: `https://r${revision}.example.com` }];
  return { tenant: slug, lineage, revision, count: 1, policies: [DEFAULT_POLICY], entries };
}

/** A body as the caches hold it. */
export function keptBody(version: TenantVersion, body: string): VersionedBody {
  return { version, body, digest: createHash('sha256').update(body).digest('base64') };
}

/** The same as the caches hold it. */
export function cachedAt(slug: string, version: TenantVersion): CachedSnapshot {
  const snapshot = snapshotAt(slug, version);
  const body = JSON.stringify(snapshot);
  return { ...keptBody(version, body), slug, compiled: compileSnapshot(snapshot) };
}

/** What is announced after a write that led to `version`. */
export function moveTo(slug: string, version: TenantVersion): TenantMove {
  return { slug, ...version, deleted: false };
}
