import type { ChangeRecord } from './change-rows.js';
import { subjectsIn } from './change-subject.js';
import type { Database } from './database.js';
import { ROWS_PER_LOOKUP, type TracedTable, traceIn } from './trace-table.js';
import type { Break } from './trail-chain.js';
import type { ReplacedRow } from './trail-replay.js';
import { SUBJECTS } from './trail-subjects.js';
import { ENTRY_VERSIONS, POLICY_VERSIONS, TENANT_VERSIONS } from './trail-versions.js';
import type { Transaction } from './transaction.js';

/**
 * What the changes of a tenant have left besides the rows in use: the rows as they were, and what changes are found by. All that a
 * change must have left is looked up, and at the end there must be no more than that.
 */
export interface Traces {
  /** Notes what a change must have left, and compares what was noted when that is enough for a look-up. */
  follow(
    reader: Pick<Transaction, 'query'>,
    change: ChangeRecord,
    replaced: readonly ReplacedRow[],
  ): Promise<Break | undefined>;
  /** Compares the rest of what was noted. @returns the first that is not as it was left. */
  compare(reader: Pick<Transaction, 'query'>): Promise<Break | undefined>;
  /** Whether there is nothing else, as of the moment that `transaction` sees, in which `revision` is the newest. */
  compareTotals(
    db: Pick<Database, 'readConsistently'>,
    transaction: Pick<Transaction, 'query'>,
    revision: number,
  ): Promise<Break | undefined>;
}

export function createTraces(tenantId: string): Traces {
  const versions = {
    entry: traceIn(ENTRY_VERSIONS, tenantId),
    policy: traceIn(POLICY_VERSIONS, tenantId),
    tenant: traceIn(TENANT_VERSIONS, tenantId),
  };
  const subjects = traceIn(SUBJECTS, tenantId);
  const tables: readonly TracedTable[] = [...Object.values(versions), subjects];

  async function compare(reader: Pick<Transaction, 'query'>): Promise<Break | undefined> {
    const breaks: Break[] = [];
    for (const table of tables) breaks.push(...asList(await table.compare(reader)));
    return breaks.toSorted((a, b) => a.revision - b.revision)[0];
  }

  return {
    async follow(reader, { operations, revision }, replaced) {
      for (const row of replaced) {
        // A tenant that is deleted keeps its row.
        if (row.subject !== 'tenant' || !row.isDeleted) versions[row.subject].note(row);
      }
      for (const subject of subjectsIn(operations)) subjects.note({ subject, revision });
      const waiting = tables.reduce((sum, table) => sum + table.waiting, 0);
      return waiting < ROWS_PER_LOOKUP ? undefined : compare(reader);
    },
    compare,
    async compareTotals(db, transaction, revision) {
      for (const table of tables) {
        const broken = await table.compareTotal(db, transaction, revision);
        if (broken !== undefined) return broken;
      }
      return undefined;
    },
  };
}

function asList(broken: Break | undefined): readonly Break[] {
  return broken === undefined ? [] : [broken];
}
