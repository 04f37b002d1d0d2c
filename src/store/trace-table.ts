import type { Database } from './database.js';
import type { Break } from './trail-chain.js';
import type { Transaction } from './transaction.js';

/** How many rows are looked up at once, and so about how much is held. */
export const ROWS_PER_LOOKUP = 2_000;

/** A table in which every change leaves rows that follow from it. `Trace` is what is known of such a row. */
export interface TraceTable<Trace> {
  readonly name: string;
  /** What it is when a row is not as it was left. */
  readonly kind: Break['kind'];
  /** Looks the traces up, at most {@link ROWS_PER_LOOKUP}. @returns the first that is not there as it was left. */
  compare(
    reader: Pick<Transaction, 'query'>,
    tenantId: string,
    traces: readonly Trace[],
  ): Promise<Break | undefined>;
  /** SQL: `key` and `revision` of the rows of the tenant `$1` that no change has left. */
  readonly unexplained: string;
  /** A row, for people. */
  describe(key: string, revision: number): string;
}

/** The traces of one tenant in one table. */
export interface Traced<Trace> extends TracedTable {
  note(trace: Trace): void;
}

/** The same, of whatever kind they are. */
export interface TracedTable {
  /** How many were noted and are yet to be compared. */
  readonly waiting: number;
  /** Compares them. */
  compare(reader: Pick<Transaction, 'query'>): Promise<Break | undefined>;
  /**
   * Whether there are no more rows than were noted, as of the moment that `transaction` sees.
   *
   * @param revision the newest.
   */
  compareTotal(
    db: Pick<Database, 'readConsistently'>,
    transaction: Pick<Transaction, 'query'>,
    revision: number,
  ): Promise<Break | undefined>;
}

export function traceIn<Trace>(table: TraceTable<Trace>, tenantId: string): Traced<Trace> {
  const { name, kind } = table;
  let waiting: Trace[] = [];
  let total = 0;

  return {
    note(trace) {
      waiting.push(trace);
      total += 1;
    },
    get waiting() {
      return waiting.length;
    },
    async compare(reader) {
      const noted = waiting;
      waiting = [];
      for (let start = 0; start < noted.length; start += ROWS_PER_LOOKUP) {
        const broken = await table.compare(reader, tenantId, noted.slice(start, start + ROWS_PER_LOOKUP));
        if (broken !== undefined) return broken;
      }
      return undefined;
    },
    async compareTotal(db, transaction, revision) {
      const [row] = await transaction.query<{ readonly count: string }>(
        `SELECT count(*) FROM ${name} WHERE tenant_id = $1`,
        [tenantId],
      );
      if (Number(row?.count) === total) return undefined;
      const surplus = await findUnexplained(db, tenantId, table);
      if (surplus !== undefined) {
        const detail = `${table.describe(surplus.key, surplus.revision)} is of no change`;
        return { revision: surplus.revision, kind, detail };
      }
      return { revision, kind, detail: `${name} has ${row?.count} rows, and the changes left ${total}` };
    },
  };
}

interface Unexplained {
  readonly key: string;
  readonly revision: number;
}

/** Goes through all changes once more, which for very long trails may take too long: then the row has no name. */
async function findUnexplained(
  db: Pick<Database, 'readConsistently'>,
  tenantId: string,
  { unexplained }: Pick<TraceTable<never>, 'unexplained'>,
): Promise<Unexplained | undefined> {
  const found = await db
    .readConsistently(async (transaction) => {
      await transaction.allowBulk();
      return transaction.query<Unexplained>(`${unexplained} ORDER BY revision LIMIT 1`, [tenantId]);
    })
    .catch(() => []);
  return found[0];
}
