import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../errors.js';
import { inTurns } from '../turns.js';
import { isOfItsKind, toEntryOperand } from './entry-rows.js';
import { toPolicyOperand } from './policy-rows.js';
import type { EntryRow, PolicyRow } from './rows.js';
import type { TenantWrite } from './tenant-lock.js';
import { type TrailSince, toldName } from './trail-since.js';

/** The rows of a tenant, now or at a revision. */
export interface TenantRows {
  readonly entries: readonly EntryRow[];
  readonly policies: readonly PolicyRow[];
}

/**
 * Whether `past`, read from what history keeps, is what the trail says there was then: a row that later changes are about is as the
 * first of them found it, and any other as it is now. Who restores would otherwise bring in, under their own name, whatever somebody
 * wrote among the kept rows. That the changes are hashed anew keeps them from doing so with both edited, and from putting all back
 * after, when no check could tell any more. What it costs grows with what was done since. The tenant must be locked.
 *
 * @throws AppError `history_mismatch`, with the first change that does not hold or the first row that differs.
 */
export async function requireTold(
  { transaction, tenant }: TenantWrite,
  trail: TrailSince,
  past: TenantRows,
  present: TenantRows,
): Promise<void> {
  await trail.readOn(transaction);
  trail.requireHead(tenant);
  const different =
    (await findDifference(trail.told, past.policies, present.policies, POLICY)) ??
    (await findDifference(trail.told, past.entries, present.entries, ENTRY));
  if (different === undefined) return;
  throw new AppError(
    'history_mismatch',
    `What is kept of revision ${trail.moment.revision} is not what the trail says of ${different}. Nothing was written; check the trail.`,
  );
}

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
  told: TrailSince['told'],
  past: readonly Row[],
  present: readonly Row[],
  { subject, keyOf, operandOf, isSound }: Kind<Row>,
): Promise<string | undefined> {
  const nameOf = (row: Row) => toldName(subject, keyOf(row));
  const expected = new Map<string, object | null>();
  for (const row of present) expected.set(nameOf(row), operandOf(row));
  for (const [row, before] of told) if (row.startsWith(toldName(subject, ''))) expected.set(row, before);
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
