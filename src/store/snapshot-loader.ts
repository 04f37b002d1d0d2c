import { createHash } from 'node:crypto';
import { compileSnapshot, parseSnapshot, type Snapshot } from '@origin-allowlist/client/core';
import { AppError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Primary } from './primary.js';
import type { RedisSnapshots, VersionedBody } from './redis-snapshots.js';
import type { CachedSnapshot } from './snapshot-cache.js';
import { isSameVersion, type TenantVersion } from './tenant-version.js';

/** What {@link createSnapshotLoader} reads from. */
export interface SnapshotLoaderOptions {
  readonly primary: Primary;
  /** Absent: Postgres alone. */
  readonly redis: RedisSnapshots | undefined;
  readonly log: Logger;
}

/**
 * Gives the read of one tenant for a memory that lacks it; `undefined` = no such tenant.
 *
 * The primary is asked for the version first, which is one index look-up; a body in Redis counts only when it is of
 * exactly that version, so an invalidation that Redis missed cannot bring back a removed origin. Only when the primary
 * does not answer is Redis believed by itself: nothing can be committed then, its body was confirmed within the hour,
 * and the version check compares it as soon as the primary is back. What neither has is AppError `store_unavailable`.
 */
export function createSnapshotLoader({ primary, redis, log }: SnapshotLoaderOptions) {
  async function load(slug: string): Promise<CachedSnapshot | undefined> {
    let version: TenantVersion | undefined;
    try {
      version = (await primary.readVersions([slug])).get(slug);
    } catch (cause) {
      return loadFromRedisAlone(slug, cause);
    }
    if (version === undefined) return undefined;
    const kept = await redis?.read(version.tenantId);
    const current =
      kept !== undefined && isSameVersion(kept.version, version) ? revive(slug, kept) : undefined;
    return current ?? loadFromPrimary(slug);
  }

  async function loadFromPrimary(slug: string): Promise<CachedSnapshot | undefined> {
    const read = await primary.readSnapshot(slug).catch((cause: unknown) => {
      throw unavailable(cause);
    });
    if (read === undefined) return undefined;
    const body = JSON.stringify(read.snapshot);
    const digest = createHash('sha256').update(body).digest('base64');
    const snapshot = toCached(read.tenantId, read.snapshot, body, digest);
    // Not waited for: the reader has its answer, and `store` never rejects.
    void redis?.store(slug, snapshot);
    return snapshot;
  }

  async function loadFromRedisAlone(slug: string, cause: unknown): Promise<CachedSnapshot> {
    const kept = await redis?.findBody(slug);
    const snapshot = kept === undefined ? undefined : revive(slug, kept);
    if (snapshot === undefined) throw unavailable(cause);
    return snapshot;
  }

  /** A body from Redis is checked like any input, though sealed: it may be of a node of another version. */
  function revive(slug: string, { version, body, digest }: VersionedBody): CachedSnapshot | undefined {
    try {
      const snapshot = parseSnapshot(JSON.parse(body));
      const { tenant, lineage, revision } = snapshot;
      if (tenant === slug && lineage === version.lineage && revision === version.revision) {
        return toCached(version.tenantId, snapshot, body, digest);
      }
      log.warn(
        { slug, version, found: { tenant, lineage, revision } },
        'a body in redis is not what its key says',
      );
    } catch (err) {
      log.warn({ err, slug, version }, 'a body in redis is broken');
    }
    return undefined;
  }

  return load;
}

/** A snapshot made ready to be sent, as `body`, and to decide with. `digest`: SHA-256 of the body, base64. */
export function toCached(tenantId: string, snapshot: Snapshot, body: string, digest: string): CachedSnapshot {
  return {
    version: { tenantId, lineage: snapshot.lineage, revision: snapshot.revision },
    slug: snapshot.tenant,
    body,
    digest,
    compiled: compileSnapshot(snapshot),
  };
}

function unavailable(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError('store_unavailable', 'The tenant cannot be read at the moment.', { cause });
}
