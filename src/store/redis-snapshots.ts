import { createHash } from 'node:crypto';
import type { Logger } from '../log.js';
import { type Seal, SIGNATURE_LENGTH } from './node-secret.js';
import type { RedisConnection } from './redis-connection.js';
import { holdsMove, type TenantMove, type TenantVersion } from './tenant-version.js';

/** The JSON of a snapshot and the version it is of. */
export interface VersionedBody {
  readonly version: TenantVersion;
  readonly body: string;
  /** SHA-256 of `body` in UTF-8, base64. */
  readonly digest: string;
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
 * Snapshot bodies in Redis by tenant id, and a pointer from each slug to its tenant id. Both are believed only with the seal of
 * a node, which names the tenant, the version and when the primary confirmed it: whoever else writes to Redis can take a body
 * away, or bring back one of the same tenant from before, and no other. Nothing here throws: what Redis cannot answer is
 * `undefined`. Calls may overlap.
 */
export interface RedisSnapshots {
  /** The body held for a tenant, of whatever age; `undefined` when there is none, or it was invalidated. */
  read(tenantId: string): Promise<VersionedBody | undefined>;
  /** What the slug's pointer leads to, if the primary confirmed it within the hour. The caller checks that the body says this slug. */
  findBody(slug: string): Promise<VersionedBody | undefined>;
  /** The version the slug's pointer leads to, with or without a body; `undefined` also when it was deleted. */
  findVersion(slug: string): Promise<TenantVersion | undefined>;
  /** Keeps a body just read from the primary for an hour; one that Redis knows to be outdated is not kept. */
  store(slug: string, snapshot: VersionedBody): Promise<void>;
  /** Gives a body the primary has just confirmed another hour. `false`: Redis holds no such body. */
  confirm(slug: string, snapshot: Omit<VersionedBody, 'body'>): Promise<boolean | undefined>;
  /**
   * Raises the version and drops the body. Until Redis acknowledges it, the reads above take nothing of that tenant
   * from Redis on this node. Sent before the call returns; never rejects.
   */
  invalidate(move: TenantMove): Promise<void>;
  /** Sends again what Redis has not acknowledged, a bounded number per call. */
  resendInvalidations(): Promise<void>;
}

/** What {@link createRedisSnapshots} stands on. */
export interface RedisSnapshotsOptions {
  readonly redis: RedisConnection;
  readonly seal: Seal;
  readonly log: Logger;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** The keys are `{…}`-tagged by tenant id, and each command uses one key: fit for Redis Cluster. */
export function createRedisSnapshots({
  redis,
  seal,
  log,
  now = Date.now,
}: RedisSnapshotsOptions): RedisSnapshots {
  const owed = new Map<string, TenantMove>();

  function write(
    mode: 'store' | 'confirm' | 'invalidate',
    version: TenantVersion,
    revision: string,
    { body = '', digest }: { readonly body?: string; readonly digest?: string } = {},
  ) {
    const key = hashKey(version.tenantId);
    const checkedAt = String(now());
    const signature = digest === undefined ? '' : seal.sign(sealedText(version, checkedAt, digest));
    return redis.attempt((client) =>
      client.writeSnapshot(
        key,
        mode,
        version.lineage,
        revision,
        body,
        checkedAt,
        signature,
        String(REDIS_ENTRY_TTL_MS),
      ),
    );
  }

  function point(slug: string, tenantId: string) {
    const sealed = seal.sign(pointerText(slug, tenantId)) + tenantId;
    return redis.attempt((client) => client.set(slugKey(slug), sealed, 'PX', REDIS_ENTRY_TTL_MS));
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

  async function readAged(
    tenantId: string,
  ): Promise<(VersionedBody & { readonly ageMs: number }) | undefined> {
    const fields = await redis.attempt((client) =>
      client.hmget(hashKey(tenantId), 'lineage', 'rev', 'body', 'checkedAt', 'seal'),
    );
    if (fields === undefined) return undefined;
    const [lineage, revision, body, checkedAt, signature] = fields;
    const version = toVersion(tenantId, lineage, revision);
    if (version === undefined || body == null) return undefined;
    const digest = createHash('sha256').update(body).digest('base64');
    if (checkedAt == null || !seal.isSigned(sealedText(version, checkedAt, digest), signature ?? '')) {
      log.warn({ version }, 'dropped a body in redis that no node of ours has sealed');
      // All of it: a revision that a stranger set could keep every true body out.
      await redis.attempt((client) => client.del(hashKey(tenantId)));
      return undefined;
    }
    return { version, body, digest, ageMs: now() - Number(checkedAt) };
  }

  async function read(tenantId: string): Promise<VersionedBody | undefined> {
    const aged = await readAged(tenantId);
    if (aged === undefined) return undefined;
    const { version, body, digest } = aged;
    return { version, body, digest };
  }

  async function pointer(slug: string): Promise<string | undefined> {
    const sealed = await redis.attempt((client) => client.get(slugKey(slug)));
    if (sealed == null) return undefined;
    const tenantId = sealed.slice(SIGNATURE_LENGTH);
    return seal.isSigned(pointerText(slug, tenantId), sealed.slice(0, SIGNATURE_LENGTH))
      ? tenantId
      : undefined;
  }

  return {
    read,
    async findBody(slug) {
      const tenantId = await pointer(slug);
      const aged = tenantId === undefined ? undefined : await readAged(tenantId);
      // By the sealed time, not by the entry's expiry, which a stranger can put off.
      if (aged === undefined || aged.ageMs > REDIS_ENTRY_TTL_MS) return undefined;
      const { version, body, digest } = aged;
      return { version, body, digest };
    },
    async findVersion(slug) {
      const tenantId = await pointer(slug);
      if (tenantId === undefined) return undefined;
      const fields = await redis.attempt((client) => client.hmget(hashKey(tenantId), 'lineage', 'rev'));
      return toVersion(tenantId, fields?.[0], fields?.[1]);
    },
    async store(slug, { version, body, digest }) {
      if (body.length > MAX_REDIS_BODY_LENGTH) return;
      await Promise.all([
        write('store', version, String(version.revision), { body, digest }),
        point(slug, version.tenantId),
      ]);
    },
    async confirm(slug, { version, digest }) {
      const [reply] = await Promise.all([
        write('confirm', version, String(version.revision), { digest }),
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

function sealedText(
  { tenantId, lineage, revision }: TenantVersion,
  checkedAt: string,
  digest: string,
): string {
  return ['snapshot', tenantId, lineage, revision, checkedAt, digest].join('\0');
}

function pointerText(slug: string, tenantId: string): string {
  return ['slug', slug, tenantId].join('\0');
}

function hashKey(tenantId: string): string {
  return `origin-allowlist:snapshot:{${tenantId}}`;
}

function slugKey(slug: string): string {
  return `origin-allowlist:slug:${slug}`;
}
