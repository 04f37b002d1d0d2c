import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../errors.js';
import { inTurns } from '../turns.js';
import type { TenantWrite } from './change-log.js';
import type { ChangeOperation } from './change-rows.js';
import { isOfItsKind, toEntryOperand } from './entry-rows.js';
import { toPolicyOperand } from './policy-rows.js';
import type { EntryRow, PolicyRow } from './rows.js';

/** The rows of a tenant, now or at a revision. */
export interface TenantRows {
  readonly entries: readonly EntryRow[];
  readonly policies: readonly PolicyRow[];
}

/**
 * Whether `past`, read from what history keeps, is what the trail says there was at `revision`: a row that later changes are about
 * is as the first of them found it, and any other as it is now. Who restores would otherwise bring in whatever somebody wrote
 * among the kept rows. What it costs grows with what was done since. The tenant must be locked.
 *
 * @throws AppError `history_mismatch`, with the first row that differs.
 */
export async function requireTold(
  { transaction, tenant }: TenantWrite,
  revision: number,
  past: TenantRows,
  present: TenantRows,
): Promise<void> {
  const told = await transaction.query<Told>(READ_TOLD, [tenant.id, revision]);
  const different =
    (await findDifference(told, past.policies, present.policies, POLICY)) ??
    (await findDifference(told, past.entries, present.entries, ENTRY));
  if (different === undefined) return;
  throw new AppError(
    'history_mismatch',
    `What is kept of revision ${revision} is not what the trail says of ${different}. Nothing was written; check the trail.`,
  );
}

/** How a row was when the first change after the revision found it; `null` = not there. */
interface Told extends Pick<ChangeOperation, 'before'> {
  /** `entry` and an id, or `policy` and a name. */
  readonly row: string;
}

// By the bytes: by the rules of a language it would take longer. What the tenant is called does not come back.
const READ_TOLD = `
  SELECT DISTINCT ON (k.row) k.row, o.operation -> 'before' AS before
  FROM changes c, jsonb_array_elements(c.ops) AS o(operation), LATERAL (SELECT (CASE o.operation ->> 'subject'
    WHEN 'entry' THEN 'entry ' || coalesce(o.operation #>> '{before,id}', o.operation #>> '{after,id}')
    WHEN 'policy' THEN 'policy ' || coalesce(o.operation #>> '{before,name}', o.operation #>> '{after,name}')
    END) COLLATE "C") AS k(row)
  WHERE c.tenant_id = $1 AND c.revision > $2 AND k.row IS NOT NULL
  ORDER BY k.row, c.revision`;

interface Kind<Row> {
  readonly subject: string;
  readonly keyOf: (row: Row) => string;
  readonly operandOf: (row: Row) => object;
  /** Whether what follows from the content does so. */
  readonly isSound: (row: Row) => boolean;
}

const ENTRY: Kind<EntryRow> = {
  subject: 'entry',
  keyOf: ({ id }) => id,
  operandOf: toEntryOperand,
  isSound: isOfItsKind,
};

const POLICY: Kind<PolicyRow> = {
  subject: 'policy',
  keyOf: ({ name }) => name,
  operandOf: (policy) => toPolicyOperand(policy.name, policy),
  isSound: () => true,
};

/** The first row that is in `past` and ought not to be, is another there, or is not there; `undefined` = none. */
async function findDifference<Row>(
  told: readonly Told[],
  past: readonly Row[],
  present: readonly Row[],
  { subject, keyOf, operandOf, isSound }: Kind<Row>,
): Promise<string | undefined> {
  const nameOf = (row: Row) => `${subject} ${keyOf(row)}`;
  const expected = new Map<string, object | null>();
  for (const row of present) expected.set(nameOf(row), operandOf(row));
  for (const { row, before } of told) if (row.startsWith(`${subject} `)) expected.set(row, before);
  for await (const turn of inTurns(past)) {
    for (const row of turn) {
      const name = nameOf(row);
      const operand = expected.get(name);
      // Twice in the past is once too often.
      expected.delete(name);
      if (!isDeepStrictEqual(operandOf(row), operand) || !isSound(row)) return name;
    }
  }
  for (const [name, operand] of expected) if (operand !== null) return name;
  return undefined;
}
