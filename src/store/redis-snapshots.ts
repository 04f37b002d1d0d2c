import type { RedisConnection } from './redis-connection.js';
import { holdsMove, type TenantMove, type TenantVersion } from './tenant-version.js';

/** The JSON of a snapshot and the version it is of. */
export interface VersionedBody {
  readonly version: TenantVersion;
  readonly body: string;
}

/** How long Redis keeps a body that the primary has not confirmed again, in milliseconds. */
const REDIS_ENTRY_TTL_MS = 3_600_000;
/** A longer body is not kept in Redis: its transfer would not end within a command's time. In UTF-16 units. */
const MAX_REDIS_BODY_LENGTH = 33_554_432;
/** Invalidations without an acknowledgement, one per tenant; past it the oldest is left to the entry's expiry. */
const MAX_OWED_INVALIDATIONS = 10_000;
/** Owed invalidations sent again per call: an outage is not followed by a burst. */
const RESENT_PER_CALL = 500;
/** The top of Postgres' bigint, above every revision: what a deleted tenant is raised to, so that no body returns. */
const DELETED_REVISION = '9223372036854775807';

/**
 * Snapshot bodies in Redis by tenant id, and a pointer from each slug to its tenant id. Nothing here throws: what
 * Redis cannot answer is `undefined`. Calls may overlap.
 */
export interface RedisSnapshots {
  /** The body held for a tenant; `undefined` when there is none, or it was invalidated. */
  read(tenantId: string): Promise<VersionedBody | undefined>;
  /** What the slug's pointer leads to. Only a hint: the caller checks that the body says this slug. */
  findBody(slug: string): Promise<VersionedBody | undefined>;
  /** The version the slug's pointer leads to, with or without a body; `undefined` also when it was deleted. */
  findVersion(slug: string): Promise<TenantVersion | undefined>;
  /** Keeps a body just read from the primary for an hour; one that Redis knows to be outdated is not kept. */
  store(slug: string, snapshot: VersionedBody): Promise<void>;
  /** Gives a body the primary has just confirmed another hour. `false`: Redis holds no such body. */
  confirm(slug: string, version: TenantVersion): Promise<boolean | undefined>;
  /**
   * Raises the version and drops the body. Until Redis acknowledges it, the reads above take nothing of that tenant
   * from Redis on this node. Sent before the call returns; never rejects.
   */
  invalidate(move: TenantMove): Promise<void>;
  /** Sends again what Redis has not acknowledged, a bounded number per call. */
  resendInvalidations(): Promise<void>;
}

/** The keys are `{…}`-tagged by tenant id, and each command uses one key: fit for Redis Cluster. */
export function createRedisSnapshots(redis: RedisConnection): RedisSnapshots {
  const owed = new Map<string, TenantMove>();

  function write(
    mode: 'store' | 'confirm' | 'invalidate',
    version: TenantVersion,
    revision: string,
    body = '',
  ) {
    const key = hashKey(version.tenantId);
    const checkedAt = String(Date.now());
    return redis.attempt((client) =>
      client.writeSnapshot(key, mode, version.lineage, revision, body, checkedAt, String(REDIS_ENTRY_TTL_MS)),
    );
  }

  function point(slug: string, tenantId: string) {
    return redis.attempt((client) => client.set(slugKey(slug), tenantId, 'PX', REDIS_ENTRY_TTL_MS));
  }

  async function send(move: TenantMove): Promise<void> {
    const reply = await write('invalidate', move, move.deleted ? DELETED_REVISION : String(move.revision));
    if (reply !== undefined && owed.get(move.tenantId) === move) owed.delete(move.tenantId);
  }

  /** `undefined` for a tenant that was deleted, or whose invalidation Redis may not have seen. */
  function toVersion(tenantId: string, lineage: Text, revision: Text): TenantVersion | undefined {
    if (lineage == null || revision == null || revision === DELETED_REVISION || owed.has(tenantId))
      return undefined;
    return { tenantId, lineage, revision: Number(revision) };
  }

  async function read(tenantId: string): Promise<VersionedBody | undefined> {
    const fields = await redis.attempt((client) => client.hmget(hashKey(tenantId), 'lineage', 'rev', 'body'));
    const version = toVersion(tenantId, fields?.[0], fields?.[1]);
    const body = fields?.[2];
    return version === undefined || body == null ? undefined : { version, body };
  }

  function pointer(slug: string) {
    return redis.attempt((client) => client.get(slugKey(slug)));
  }

  return {
    read,
    async findBody(slug) {
      const tenantId = await pointer(slug);
      return tenantId == null ? undefined : read(tenantId);
    },
    async findVersion(slug) {
      const tenantId = await pointer(slug);
      if (tenantId == null) return undefined;
      const fields = await redis.attempt((client) => client.hmget(hashKey(tenantId), 'lineage', 'rev'));
      return toVersion(tenantId, fields?.[0], fields?.[1]);
    },
    async store(slug, { version, body }) {
      if (body.length > MAX_REDIS_BODY_LENGTH) return;
      await Promise.all([
        write('store', version, String(version.revision), body),
        point(slug, version.tenantId),
      ]);
    },
    async confirm(slug, version) {
      const [reply] = await Promise.all([
        write('confirm', version, String(version.revision)),
        point(slug, version.tenantId),
      ]);
      return reply === undefined ? undefined : reply === 1;
    },
    async invalidate(move) {
      if (includes(owed.get(move.tenantId), move)) return;
      owed.set(move.tenantId, move);
      const [oldest] = owed.keys();
      if (owed.size > MAX_OWED_INVALIDATIONS && oldest !== undefined) owed.delete(oldest);
      await send(move);
    },
    async resendInvalidations() {
      await Promise.all([...owed.values()].slice(0, RESENT_PER_CALL).map(send));
    },
  };
}

type Text = string | null | undefined;

/** Whether acknowledging `owed` will also have done what `move` asks. */
function includes(owed: TenantMove | undefined, move: TenantMove): boolean {
  if (owed === undefined || owed.lineage !== move.lineage) return false;
  return owed.deleted || holdsMove(owed, move);
}

function hashKey(tenantId: string): string {
  return `origin-allowlist:snapshot:{${tenantId}}`;
}

function slugKey(slug: string): string {
  return `origin-allowlist:slug:${slug}`;
}
