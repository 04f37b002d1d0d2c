import { forksOver } from './revision-tree.js';
import type { Transaction } from './transaction.js';

/** A tenant at one of its revisions. */
export interface TenantRevision {
  readonly tenantId: string;
  readonly revision: number;
}

/** Columns of entries, which `entry_versions` has too. */
const ENTRY_COLUMNS = `id, tenant_id, pattern, kind, any_port, enabled, expires_at, ref, note, labels, policies, accepted_risks,
  revision, created_at, created_by, updated_at, updated_by`;
/** Columns of policies that `policy_versions` has too. */
const POLICY_COLUMNS = `tenant_id, name, paths, credentials, methods, allowed_headers, exposed_headers, max_age_seconds,
  private_network, always_send, enforcement, revision, created_at, updated_at`;

/**
 * A statement that keeps rows of `source`, which has the columns of entries, as they were before a revision.
 *
 * @param until the placeholder of the revision that changes or deletes them.
 */
export function keepEntries(source: string, until: string): string {
  return `INSERT INTO entry_versions (${ENTRY_COLUMNS}, until_revision, fork)
    SELECT ${prefixed('o', ENTRY_COLUMNS)}, ${until}::integer, version_fork(o.revision, ${until}) FROM ${source} o`;
}

/** Keeps the policies of these names as they were before `revision`, which is about to change or delete them. */
export async function keepPolicies(
  transaction: Transaction,
  { tenantId, revision }: TenantRevision,
  names: readonly string[],
): Promise<void> {
  await transaction.query(
    `INSERT INTO policy_versions (${POLICY_COLUMNS}, until_revision, fork)
     SELECT ${POLICY_COLUMNS}, $2::integer, version_fork(revision, $2) FROM policies
     WHERE tenant_id = $1 AND name = ANY($3)`,
    [tenantId, revision, names],
  );
}

/** Keeps what the tenant is called before `revision`, which is about to change it. */
export async function keepTenant(
  transaction: Transaction,
  { tenantId, revision }: TenantRevision,
): Promise<void> {
  await transaction.query(
    `INSERT INTO tenant_versions (tenant_id, until_revision, name, environment)
     SELECT id, $2::integer, name, environment FROM tenants WHERE id = $1`,
    [tenantId, revision],
  );
}

/** How many placeholders {@link entriesAt} and {@link policiesAt} take: those of {@link revisionValues}. */
export const REVISION_VALUES = 4;

/** The values for the placeholders from `first` on of {@link entriesAt}, {@link policiesAt} and {@link tenantAt}. */
export function revisionValues({ tenantId, revision }: TenantRevision): readonly unknown[] {
  const { before, after } = forksOver(revision);
  return [tenantId, revision, before, after];
}

/** The entries a tenant had at a revision: a table with the columns of `entries`, to stand in a FROM clause. */
export function entriesAt(first = 1): string {
  return rowsAt('entries', 'entry_versions', ENTRY_COLUMNS, first);
}

/** The policies it had: a table with the columns of `policies` but for the id. */
export function policiesAt(first = 1): string {
  return rowsAt('policies', 'policy_versions', POLICY_COLUMNS, first);
}

/** What it was called: one row with id, slug, name and environment. */
export function tenantAt(first = 1): string {
  return `(SELECT t.id, t.slug, coalesce(v.name, t.name) AS name, coalesce(v.environment, t.environment) AS environment
    FROM tenants t LEFT JOIN LATERAL (
      SELECT name, environment FROM tenant_versions WHERE tenant_id = t.id AND until_revision > $${first + 1}::integer
      ORDER BY until_revision LIMIT 1
    ) v ON true WHERE t.id = $${first})`;
}

// What is in the table since then or earlier, was there; the rest is among the versions. One statement sees both as of one
// moment, so a row that a write moves over meanwhile is neither missed nor found twice.
function rowsAt(table: string, versions: string, columns: string, first: number): string {
  const [tenant, revision, before, after] = [0, 1, 2, 3].map((offset) => `$${first + offset}`);
  return `(SELECT ${columns} FROM ${table} WHERE tenant_id = ${tenant} AND revision <= ${revision}
    UNION ALL SELECT ${columns} FROM ${versions}
    WHERE tenant_id = ${tenant} AND fork = ANY(${before}::integer[]) AND until_revision > ${revision}
    UNION ALL SELECT ${columns} FROM ${versions}
    WHERE tenant_id = ${tenant} AND fork = ANY(${after}::integer[]) AND revision <= ${revision})`;
}

function prefixed(alias: string, columns: string): string {
  return columns.replaceAll(/\w+/g, (column) => `${alias}.${column}`);
}
