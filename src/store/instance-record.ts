import { DEFAULT_STALENESS_MS, STALENESS_MARGIN, settle } from './instance-rows.js';
import type { TenantScope } from './tenants.js';
import type { Transaction } from './transaction.js';

/** Who an instance says it is. Its id is its own to choose, so it counts only together with the key. */
export interface InstanceName {
  /** The actor that the key is in the trail. */
  readonly keyId: string;
  readonly instance: string;
}

/** The version of a tenant by which an instance decides; `null` = it holds nothing of it. */
export interface HeldVersion {
  readonly slug: string;
  readonly lineage: string | null;
  readonly revision: number | null;
}

/** What an instance tells of itself. */
export interface InstanceReport extends InstanceName {
  readonly service?: string | undefined;
  readonly sdk?: string | undefined;
  readonly transport: 'stream' | 'poll';
  readonly onStale: 'serve' | 'refuse';
  readonly maxStalenessMs: number;
  readonly applied: readonly HeldVersion[];
  /** Whether `applied` is all there is, so that the instance is forgotten for any other tenant. Default false. */
  readonly isAll?: boolean | undefined;
}

/** What is written of an instance itself; what it has not told stays as it was. */
export interface InstanceNote
  extends Pick<InstanceReport, 'keyId' | 'instance' | 'service' | 'sdk' | 'transport'>,
    Partial<Pick<InstanceReport, 'onStale' | 'maxStalenessMs'>> {
  readonly isAll: boolean;
  readonly isFollowing: boolean;
}

/** Over it an instance is refused. */
export const MAX_INSTANCES_PER_KEY = 1_000;

/**
 * Writes down one instance and what it holds.
 *
 * @returns Ids of the tenants of which it told something new; `refused` when it is one too many of its key, which is then
 *   written down for its tenants.
 */
export async function recordInstance(
  transaction: Transaction,
  note: InstanceNote,
  held: readonly HeldVersion[],
  { tenantIds }: TenantScope,
): Promise<readonly string[] | 'refused'> {
  const versions = toJson(held);
  const known = await touch(transaction, note);
  if (known?.isLeaving) return [];
  const id = known?.id ?? (await register(transaction, note));
  if (id === undefined) {
    const { maxStalenessMs = DEFAULT_STALENESS_MS, keyId, instance } = note;
    await transaction.query(MARK_REFUSED, [versions, tenantIds, maxStalenessMs, keyId, instance]);
    return 'refused';
  }
  const moved = await transaction.query<{ readonly tenantId: string }>(WRITE_VERSIONS, [
    versions,
    tenantIds,
    id,
    note.isAll,
    note.isFollowing,
    note.maxStalenessMs,
    note.keyId,
    note.instance,
  ]);
  return moved.map(({ tenantId }) => tenantId);
}

// By slug, the last one counts: one statement cannot write a row twice. Half a version is none.
function toJson(held: readonly HeldVersion[]): string {
  const bySlug = new Map(
    held.map(({ slug, lineage, revision }) => [
      slug,
      lineage === null || revision === null
        ? { slug, lineage: null, revision: null }
        : { slug, lineage, revision },
    ]),
  );
  return JSON.stringify([...bySlug.values()]);
}

// Locks the row until the commit, so that two reports of one instance take turns.
async function touch(transaction: Transaction, note: InstanceNote) {
  const [row] = await transaction.query<{ readonly id: string; readonly isLeaving: boolean }>(
    `UPDATE instances SET service = coalesce($3, service), sdk = coalesce($4, sdk), transport = $5,
       on_stale = coalesce($6, on_stale), max_staleness_ms = coalesce($7, max_staleness_ms), last_seen_at = clock_timestamp(),
       bye_at = CASE WHEN bye_at > clock_timestamp() - ${LEAVING_FOR} THEN bye_at END
     WHERE key_id = $1 AND instance = $2 RETURNING id, bye_at IS NOT NULL AS "isLeaving"`,
    [note.keyId, note.instance, note.service, note.sdk, note.transport, note.onStale, note.maxStalenessMs],
  );
  return row;
}

/** `undefined` when the key has as many as it may. */
async function register(transaction: Transaction, note: InstanceNote): Promise<string | undefined> {
  // One at a time for a key, or its limit would not hold. A statement of its own: the next must see what the last wrote.
  await transaction.query(`SELECT pg_advisory_xact_lock(${REGISTRATION_LOCK}, hashtext($1))`, [note.keyId]);
  const { onStale = 'serve', maxStalenessMs = DEFAULT_STALENESS_MS } = note;
  const [row] = await transaction.query<{ readonly id: string }>(
    `INSERT INTO instances (key_id, instance, service, sdk, transport, on_stale, max_staleness_ms, first_seen_at, last_seen_at)
     SELECT $1, $2, $3, $4, $5, $6, $7::bigint, clock_timestamp(), clock_timestamp()
     WHERE (SELECT count(*) FROM instances WHERE key_id = $1 AND bye_at IS NULL) < $8
     ON CONFLICT (key_id, instance) DO UPDATE SET last_seen_at = clock_timestamp() RETURNING id`,
    [
      note.keyId,
      note.instance,
      note.service,
      note.sdk,
      note.transport,
      onStale,
      maxStalenessMs,
      MAX_INSTANCES_PER_KEY,
    ],
  );
  return row?.id;
}

/**
 * Forgets what an instance holds that says good-bye. Itself it is kept for a moment, also if it was not known: its last report
 * may still be under way.
 *
 * @returns Ids of the tenants it served.
 */
export async function recordBye(
  transaction: Transaction,
  { keyId, instance }: InstanceName,
): Promise<readonly string[]> {
  await transaction.query(FORGET_REFUSALS, [keyId, instance]);
  const [row] = await transaction.query<{ readonly id: string }>(RECORD_BYE, [
    keyId,
    instance,
    DEFAULT_STALENESS_MS,
    2 * MAX_INSTANCES_PER_KEY,
  ]);
  if (row === undefined) return [];
  const gone = await transaction.query<{ readonly tenantId: string }>(FORGET_VERSIONS, [row.id]);
  return gone.map(({ tenantId }) => tenantId);
}

/** How long a report may be under way. One that comes later is of an instance that goes on after all. */
const LEAVING_FOR = `interval '5 seconds'`;

const RECORD_BYE = `
  INSERT INTO instances (key_id, instance, transport, on_stale, max_staleness_ms, first_seen_at, last_seen_at, bye_at)
  SELECT $1, $2, 'poll', 'serve', $3::bigint, clock_timestamp(), clock_timestamp(), clock_timestamp()
  WHERE (SELECT count(*) FROM instances WHERE key_id = $1) < $4
  ON CONFLICT (key_id, instance) DO UPDATE SET bye_at = clock_timestamp() RETURNING id`;

const FORGET_VERSIONS = `
  WITH gone AS (
    DELETE FROM instance_versions v WHERE v.instance_id = $1
    RETURNING v.tenant_id, v.lineage, v.revision, clock_timestamp() AS left_at
  ), counts AS (SELECT tenant_id, 0 AS registered, 1 AS forgotten FROM gone), ${settle()}
  SELECT tenant_id AS "tenantId" FROM gone`;

/** The first of the two numbers of an advisory lock: which registration is under way. */
const REGISTRATION_LOCK = 72_707_370;

const NAMED = `SELECT t.id AS tenant_id, n.lineage, n.revision
  FROM jsonb_to_recordset($1::jsonb) AS n(slug text, lineage uuid, revision integer)
  JOIN tenants t ON t.slug = n.slug AND t.deleted_at IS NULL
  WHERE $2::uuid[] IS NULL OR t.id = ANY($2)`;

// Rows that say the same already are not even locked: a heartbeat of a thousand tenants writes one row.
const WRITE_VERSIONS = `
  WITH named AS (${NAMED}), held AS (
    SELECT tenant_id, lineage, revision FROM instance_versions WHERE instance_id = $3
  ), changed AS (
    INSERT INTO instance_versions AS v (tenant_id, instance_id, lineage, revision, applied_at)
    SELECT n.tenant_id, $3::uuid, n.lineage, n.revision, clock_timestamp() FROM named n LEFT JOIN held h USING (tenant_id)
    WHERE h.tenant_id IS NULL OR CASE
      WHEN $5::boolean THEN n.lineage IS NOT NULL AND (h.lineage IS DISTINCT FROM n.lineage OR h.revision < n.revision)
      ELSE (h.lineage, h.revision) IS DISTINCT FROM (n.lineage, n.revision) END
    ORDER BY n.tenant_id
    ON CONFLICT (tenant_id, instance_id) DO UPDATE
    SET lineage = excluded.lineage, revision = excluded.revision, applied_at = excluded.applied_at
    RETURNING v.tenant_id, v.xmax = 0 AS is_new
  ), dropped AS (
    DELETE FROM instance_versions v WHERE $4::boolean AND v.instance_id = $3 AND v.tenant_id NOT IN (SELECT tenant_id FROM named)
    RETURNING v.tenant_id
  ), gone AS (
    SELECT h.tenant_id, h.lineage, h.revision, clock_timestamp() AS left_at FROM held h
    WHERE h.tenant_id IN (SELECT tenant_id FROM changed UNION ALL SELECT tenant_id FROM dropped)
  ), counts AS (
    SELECT tenant_id, 1 AS registered, 0 AS forgotten FROM changed WHERE is_new
    UNION ALL SELECT tenant_id, 0, 1 FROM dropped
    UNION ALL SELECT n.tenant_id, 0, 0 FROM named n LEFT JOIN instance_tallies y USING (tenant_id)
      WHERE coalesce(y.longest_staleness_ms, -1) < $6::bigint
  ), ${settle('$6::bigint')}, accepted AS (
    DELETE FROM instance_refusals f WHERE f.key_id = $7 AND f.instance = $8
      AND ($4::boolean OR f.tenant_id IN (SELECT tenant_id FROM named))
  )
  SELECT tenant_id AS "tenantId" FROM changed UNION ALL SELECT tenant_id FROM dropped`;

/** Refused ones written down by name of one key; over it the mark of a tenant bears no name, and stays for its time. */
const MAX_REFUSALS_PER_KEY = 10_000;

/** A refused instance that goes on serving may be cut off at any time, and is accounted for nowhere. */
const MARK_REFUSED = `
  WITH refused AS (
    SELECT n.tenant_id, clock_timestamp() + $3::bigint * interval '1 millisecond' + ${STALENESS_MARGIN} AS refused_until,
      (SELECT count(*) FROM instance_refusals WHERE key_id = $4) < ${MAX_REFUSALS_PER_KEY} AS is_named
    FROM (${NAMED}) n
  ), named AS (
    INSERT INTO instance_refusals AS f (key_id, instance, tenant_id, refused_until)
    SELECT $4, $5, tenant_id, refused_until FROM refused WHERE is_named ORDER BY tenant_id
    ON CONFLICT (key_id, instance, tenant_id) DO UPDATE SET refused_until = greatest(f.refused_until, excluded.refused_until)
  )
  INSERT INTO instance_tallies AS t (tenant_id, registered, forgotten, refused_until)
  SELECT tenant_id, 0, 0, refused_until FROM refused WHERE NOT is_named ORDER BY tenant_id
  ON CONFLICT (tenant_id) DO UPDATE SET refused_until = greatest(t.refused_until, excluded.refused_until)`;

const FORGET_REFUSALS = 'DELETE FROM instance_refusals WHERE key_id = $1 AND instance = $2';
