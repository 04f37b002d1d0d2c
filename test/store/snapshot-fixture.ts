import { randomUUID } from 'node:crypto';
import { compileSnapshot, DEFAULT_POLICY, type Snapshot } from '@origin-allowlist/client/core';
import type { CachedSnapshot } from '../../src/store/snapshot-cache.js';
import type { TenantMove, TenantVersion } from '../../src/store/tenant-version.js';

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

/** The same as the caches hold it; the digest is not a real one. */
export function cachedAt(slug: string, version: TenantVersion): CachedSnapshot {
  const snapshot = snapshotAt(slug, version);
  const body = JSON.stringify(snapshot);
  return { version, slug, body, digest: 'not computed', compiled: compileSnapshot(snapshot) };
}

/** What is announced after a write that led to `version`. */
export function moveTo(slug: string, version: TenantVersion): TenantMove {
  return { slug, ...version, deleted: false };
}
