import type { Snapshot, SnapshotEntry, SnapshotPolicy } from '@origin-allowlist/client/core';
import type { Database } from './database.js';
import type { Moment } from './moments.js';
import { entriesAt, policiesAt, revisionValues } from './row-versions.js';

/** A tenant's snapshot as read from the primary: all of one revision. */
export interface SnapshotRow {
  readonly tenantId: string;
  readonly snapshot: Snapshot;
}

/** Which version a tenant is at. */
export interface VersionRow {
  readonly tenantId: string;
  readonly slug: string;
  readonly lineage: string;
  readonly revision: number;
}

/**
 * Reads a tenant's snapshot: policies sorted by name, entries by pattern (both by code unit), fields at their defaults left
 * out. Version, policies and entries are of one moment, whatever is written meanwhile.
 *
 * @returns `undefined` when there is no such tenant, or it was deleted.
 * @throws AppError `store_unavailable`: within two seconds when Postgres does not answer, later only in the middle of a long list.
 */
export async function readSnapshot(db: Database, slug: string): Promise<SnapshotRow | undefined> {
  // Not one statement: the first answers at once or the server hangs, so that only the second needs time for a long list.
  return db.readConsistently(async (transaction) => {
    const [head] = await transaction.query<SnapshotHead>(
      `SELECT id, lineage, revision,
         (SELECT coalesce(json_agg(${POLICY_JSON} ORDER BY p.name), '[]') FROM policies p WHERE p.tenant_id = t.id) AS policies
       FROM tenants t WHERE slug = $1 AND deleted_at IS NULL`,
      [slug],
    );
    if (head === undefined) return undefined;
    await transaction.allowBulk();
    const [list] = await transaction.query<{ readonly entries: readonly SnapshotEntry[] }>(
      `SELECT coalesce(json_agg(${ENTRY_JSON} ORDER BY e.pattern), '[]') AS entries FROM entries e WHERE e.tenant_id = $1`,
      [head.id],
    );
    const entries = list?.entries ?? [];
    const { id: tenantId, lineage, revision, policies } = head;
    return {
      tenantId,
      snapshot: { tenant: slug, lineage, revision, count: entries.length, policies, entries },
    };
  });
}

/** The same as of a moment in the tenant's past, under the lineage it had then. @throws AppError `store_unavailable`. */
export async function readPastSnapshot(db: Database, moment: Moment): Promise<Snapshot> {
  return db.readConsistently(async (transaction) => {
    await transaction.allowBulk();
    const values = revisionValues(moment);
    const [row] = await transaction.query<Pick<Snapshot, 'policies' | 'entries'>>(
      `SELECT (SELECT coalesce(json_agg(${POLICY_JSON} ORDER BY p.name), '[]') FROM ${policiesAt()} p) AS policies,
         (SELECT coalesce(json_agg(${ENTRY_JSON} ORDER BY e.pattern), '[]') FROM ${entriesAt()} e) AS entries`,
      values,
    );
    if (row === undefined) throw new Error('a SELECT without FROM gave no row');
    const { slug: tenant, lineage, revision } = moment;
    return {
      tenant,
      lineage,
      revision,
      count: row.entries.length,
      policies: row.policies,
      entries: row.entries,
    };
  });
}

/**
 * Which version each of the tenants is at, in one statement and in no order; a tenant that does not exist or was deleted is
 * not among the rows.
 *
 * @throws AppError `store_unavailable`.
 */
export async function readVersions(db: Database, slugs: readonly string[]): Promise<readonly VersionRow[]> {
  return db.query<VersionRow>(
    `SELECT id AS "tenantId", slug, lineage, revision FROM tenants WHERE slug = ANY($1) AND deleted_at IS NULL`,
    [slugs],
  );
}

interface SnapshotHead {
  readonly id: string;
  readonly lineage: string;
  readonly revision: number;
  readonly policies: readonly SnapshotPolicy[];
}

// json, not jsonb: it keeps the order in which keys are written, so that equal lists have equal bodies on every node.
const POLICY_JSON = `json_strip_nulls(json_build_object('name', p.name, 'paths', p.paths, 'credentials', p.credentials,
  'methods', p.methods, 'allowedHeaders', p.allowed_headers, 'exposedHeaders', p.exposed_headers,
  'maxAgeSeconds', p.max_age_seconds, 'privateNetwork', p.private_network, 'alwaysSend', p.always_send,
  'enforcement', p.enforcement))`;

const ENTRY_JSON = `json_strip_nulls(json_build_object('pattern', e.pattern,
  'enabled', CASE WHEN e.enabled THEN NULL ELSE false END,
  'expiresAt', to_char(e.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'policies', CASE WHEN cardinality(e.policies) > 0 THEN e.policies END))`;
