import { CHANGE_COLUMNS, type ChangeRecord } from './change-rows.js';
import type { Database } from './database.js';
import type { Break, Chain } from './trail-chain.js';
import type { Transaction } from './transaction.js';

const CHANGES_PER_READ = 200;
/** Changes with more operations are read one by one, so that what is held does not grow with what was written. */
const SMALL_CHANGE_OPERATIONS = 10;

/** A walk along the changes of a tenant. */
export interface Walk {
  readonly tenantId: string;
  readonly chain: Chain;
  /** Is shown each change that holds, and may find what does not. */
  readonly follow: ((reader: Reader, change: ChangeRecord) => Promise<Break | undefined>) | undefined;
}

/** Reads on the database at large or within a transaction. */
export type Reader = Pick<Transaction, 'query'> | Database;

type ReadChange = Omit<ChangeRecord, 'operations'> & {
  readonly operations: ChangeRecord['operations'] | null;
};

/** Changes from a revision on, those with many operations without them. */
export async function readChanges(
  reader: Pick<Transaction, 'query'>,
  tenantId: string,
  fromRevision: number,
  limit: number,
): Promise<readonly ReadChange[]> {
  return reader.query<ReadChange>(
    `SELECT ${CHANGE_COLUMNS}, CASE WHEN c.op_count <= $4 THEN c.ops END AS operations
     FROM changes c JOIN tenants t ON t.id = c.tenant_id
     WHERE c.tenant_id = $1 AND c.revision >= $2 ORDER BY c.revision LIMIT $3`,
    [tenantId, fromRevision, limit, SMALL_CHANGE_OPERATIONS],
  );
}

/** Steps on the next changes, up to the first that does not hold. None: the end was reached. */
export async function stepOn(
  reader: Reader,
  { tenantId, chain, follow }: Walk,
): Promise<{ readonly count: number; readonly broken: Break | undefined }> {
  const changes = await readChanges(reader, tenantId, chain.revision + 1, CHANGES_PER_READ);
  for (const read of changes) {
    const change = { ...read, operations: read.operations ?? (await readOperations(reader, read.id)) };
    const broken = (await chain.step(change)) ?? (await follow?.(reader, change));
    if (broken !== undefined) return { count: changes.length, broken };
  }
  return { count: changes.length, broken: undefined };
}

export async function stepToEnd(reader: Reader, walk: Walk): Promise<Break | undefined> {
  for (;;) {
    const { count, broken } = await stepOn(reader, walk);
    if (count === 0 || broken !== undefined) return broken;
  }
}

async function readOperations(reader: Reader, id: string): Promise<ChangeRecord['operations']> {
  const read = (transaction: Pick<Transaction, 'query'>) =>
    transaction.query<Pick<ChangeRecord, 'operations'>>(
      'SELECT ops AS operations FROM changes WHERE id = $1',
      [id],
    );
  const [row] =
    'readConsistently' in reader
      ? await reader.readConsistently(async (transaction) => {
          await transaction.allowBulk();
          return read(transaction);
        })
      : await read(reader);
  return row?.operations ?? [];
}
