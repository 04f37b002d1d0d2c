import { isSlug } from '@origin-allowlist/client/core';
import { AppError } from '../errors.js';
import type { Tenant } from './generated/client.js';
import { TENANT_COLUMNS } from './rows.js';
import type { Transaction } from './transaction.js';
import type { WriteContext } from './write-context.js';

/** The locked tenant and what its next revision is made of. */
export interface TenantWrite {
  readonly transaction: Transaction;
  readonly tenant: Tenant;
  /** The revision this write makes, if it changes anything. */
  readonly revision: number;
  /** The database's time: one clock for all nodes. Never before the change before, should that clock be set back. */
  readonly at: Date;
  readonly actor: string;
}

/**
 * Locks a tenant until the transaction ends, so that writes to it take turns.
 *
 * @throws AppError `tenant_not_found`.
 */
export async function lockTenant(
  transaction: Transaction,
  slug: string,
  { actor, tenantIds = null }: WriteContext,
): Promise<TenantWrite> {
  requireSlug(slug);
  // After a wait for the lock, Postgres gives the columns of the row as the write before left it. That holds for this row
  // only: anything else read in the same statement would be from before the wait. Hence head_hash in the tenant's row.
  const [row] = await transaction.query<Tenant & { readonly at: Date }>(
    `SELECT ${TENANT_COLUMNS}, greatest(${NOW}, updated_at) AS at FROM tenants
     WHERE slug = $1 AND deleted_at IS NULL AND ($2::uuid[] IS NULL OR id = ANY($2)) FOR UPDATE`,
    [slug, tenantIds],
  );
  if (row === undefined) throw tenantNotFound(slug);
  const { at, ...tenant } = row;
  return { transaction, tenant, revision: tenant.revision + 1, at, actor };
}

/** The same error for a tenant that is not there and for one that the caller may not see. */
export function tenantNotFound(slug: string): AppError {
  return new AppError('tenant_not_found', `There is no tenant ${JSON.stringify(slug)}.`);
}

/** A text that is no slug names no tenant; Postgres could not even look for some. @throws AppError `tenant_not_found`. */
export function requireSlug(slug: string): void {
  if (!isSlug(slug)) throw tenantNotFound(slug);
}

/** The time by the database's clock. */
export async function databaseTime(transaction: Transaction): Promise<Date> {
  const [row] = await transaction.query<{ readonly at: Date }>(`SELECT ${NOW} AS at`);
  if (row === undefined) throw new Error('the database did not tell the time');
  return row.at;
}

// Milliseconds, as the columns keep and the hash covers; now() would be the time before the wait for the lock. Within a tenant
// time never goes back, whatever the server's clock does: revisions are in the order of their instants.
const NOW = `date_trunc('milliseconds', clock_timestamp())`;
