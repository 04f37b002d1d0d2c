import { isSlug } from '@origin-allowlist/client/core';
import { AppError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Primary } from './primary.js';
import type { RedisSnapshots } from './redis-snapshots.js';
import type { CachedSnapshot, SnapshotCache } from './snapshot-cache.js';
import type { TenantVersion } from './tenant-version.js';
import type { VersionCheck } from './version-check.js';

/** Snapshots as the service reads them: from memory, else Redis, else Postgres. Calls may overlap. */
export interface Snapshots {
  /**
   * The tenant's snapshot; `undefined` = no such tenant. On the node that acknowledged a write it is of that revision
   * or later; elsewhere it may be older for as long as an announcement travels, or a second when it was lost, and while
   * Postgres does not answer it is what memory or Redis hold. AppError `store_unavailable`: none of them has it.
   */
  bySlug(slug: string): Promise<CachedSnapshot | undefined>;
  /** The version of each slug, `null` = no such tenant; as fresh as {@link Snapshots.bySlug}, same error. */
  versions(slugs: readonly string[]): Promise<ReadonlyMap<string, TenantVersion | null>>;
  /** The id of the live tenant with this slug; `undefined` = none. As fresh as {@link Snapshots.bySlug}, same error. */
  tenantId(slug: string): Promise<string | undefined>;
  /** Compares what memory holds of a tenant with Postgres now, not within the second. Never rejects. */
  refresh(slug: string): Promise<void>;
  /** Drops everything this node holds in memory, as a restart would; the next read loads again. */
  clearMemory(): void;
}

/** What {@link createSnapshots} reads from. */
export interface SnapshotsOptions {
  readonly cache: SnapshotCache;
  readonly check: VersionCheck;
  readonly primary: Primary;
  readonly redis: RedisSnapshots | undefined;
  readonly log: Logger;
}

/** The reading side of the caches. */
export function createSnapshots({ cache, check, primary, redis, log }: SnapshotsOptions): Snapshots {
  async function versions(slugs: readonly string[]): Promise<ReadonlyMap<string, TenantVersion | null>> {
    const known = new Map<string, TenantVersion | null>();
    const rest: string[] = [];
    for (const slug of slugs) {
      const snapshot = isSlug(slug) ? cache.peek(slug) : null;
      if (snapshot === undefined) rest.push(slug);
      else known.set(slug, snapshot?.version ?? null);
    }
    if (rest.length === 0) return known;
    for (const [slug, version] of await readVersions(rest)) known.set(slug, version);
    return known;
  }

  async function readVersions(
    slugs: readonly string[],
  ): Promise<readonly (readonly [string, TenantVersion | null])[]> {
    try {
      const found = await primary.readVersions(slugs);
      return slugs.map((slug) => [slug, found.get(slug) ?? null]);
    } catch (cause) {
      return Promise.all(slugs.map(async (slug) => [slug, await findKeptVersion(slug, cause)]));
    }
  }

  // Redis can say what a tenant's version is, never that there is no tenant: that would make SDKs drop it.
  async function findKeptVersion(slug: string, cause: unknown): Promise<TenantVersion> {
    const version = await redis?.findVersion(slug);
    if (version === undefined) {
      throw new AppError('store_unavailable', 'The version cannot be read at the moment.', { cause });
    }
    return version;
  }

  return {
    bySlug: async (slug) => (isSlug(slug) ? cache.get(slug) : undefined),
    versions,
    tenantId: async (slug) => (await versions([slug])).get(slug)?.tenantId,
    async refresh(slug) {
      const snapshot = cache.peek(slug);
      if (!snapshot) return;
      await check.compare([snapshot]).catch((err: unknown) => log.debug({ err, slug }, 'could not refresh'));
    },
    clearMemory: cache.clear,
  };
}
