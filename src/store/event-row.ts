import type { Transaction } from './transaction.js';
import type { WriteContext } from './write-context.js';

/**
 * Writes down what happened outside a tenant's revisions.
 *
 * @param tenantIds the tenants it is about: of a key, those the key is bound to. `null` = not of any tenants: only who may see
 *   all tenants is shown it.
 */
export async function insertEvent(
  transaction: Transaction,
  { actor, requestId }: WriteContext,
  action: string,
  detail: object,
  tenantIds: readonly string[] | null,
): Promise<void> {
  await transaction.query(
    `INSERT INTO events (at, actor, request_id, action, detail, tenants)
     VALUES (date_trunc('milliseconds', clock_timestamp()), $1, $2, $3, $4, $5)`,
    [actor, requestId, action, JSON.stringify(detail), tenantIds],
  );
}
