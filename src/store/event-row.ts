import type { WriteContext } from './change-log.js';
import type { Transaction } from './transaction.js';

/** Writes down what happened outside a tenant's revisions. */
export async function insertEvent(
  transaction: Transaction,
  { actor, requestId }: WriteContext,
  action: string,
  detail: object,
): Promise<void> {
  await transaction.query(
    'INSERT INTO events (at, actor, request_id, action, detail) VALUES (clock_timestamp(), $1, $2, $3, $4)',
    [actor, requestId, action, JSON.stringify(detail)],
  );
}
