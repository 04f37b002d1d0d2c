import { parsePattern } from '@origin-allowlist/client/core';
import { mapInTurns } from '../turns.js';
import type { Operation } from './change-hash.js';
import type { Entry } from './generated/client.js';
import { keepEntries } from './row-versions.js';
import { ENTRY_COLUMNS, type EntryRow, toEntryRow } from './rows.js';
import type { TenantWrite } from './tenant-lock.js';
import { BULK_BYTES, type Transaction } from './transaction.js';

/** What becomes of one entry: created (`before` is `null`), changed, or deleted (`after` is `null`). */
export type EntryEdit =
  | { readonly before: EntryRow | null; readonly after: EntryRow }
  | { readonly before: EntryRow; readonly after: null };

/** Rows sent in one statement: it bounds what a statement holds in memory and how long it runs. */
const ROWS_PER_STATEMENT = 10_000;
/** From how many edits on they take the time of a bulk write. */
export const BULK_EDITS = 1_000;

/** The entries of the tenant with these patterns, or all of them. */
export async function loadEntries(
  { transaction, tenant }: TenantWrite,
  patterns: readonly string[] | 'all',
): Promise<readonly EntryRow[]> {
  const select = `SELECT ${ENTRY_COLUMNS} FROM entries WHERE tenant_id = $1`;
  const found =
    patterns === 'all'
      ? await transaction.query<Entry>(select, [tenant.id])
      : await transaction.query<Entry>(`${select} AND pattern = ANY($2)`, [tenant.id, patterns]);
  return mapInTurns(found, toEntryRow);
}

/** The entry of the tenant with this id, which must be a UUID. */
export async function loadEntry(
  { transaction, tenant }: TenantWrite,
  id: string,
): Promise<EntryRow | undefined> {
  const [found] = await transaction.query<Entry>(
    `SELECT ${ENTRY_COLUMNS} FROM entries WHERE tenant_id = $1 AND id = $2`,
    [tenant.id, id],
  );
  return found && toEntryRow(found);
}

/**
 * Writes the edits, after which no two entries have one pattern, keeps what was there as versions, and gives the operations for
 * the trail in their order.
 */
export async function applyEdits(
  { transaction, tenant, revision }: TenantWrite,
  edits: readonly EntryEdit[],
): Promise<readonly Operation[]> {
  if (edits.length > BULK_EDITS) await transaction.allowBulk();
  const created: EntryRow[] = [];
  const changed: EntryRow[] = [];
  const deletedIds: string[] = [];
  for (const { before, after } of edits) {
    if (after === null) deletedIds.push(before.id);
    else if (before === null) created.push(after);
    else if (before.pattern === after.pattern || edits.length === 1) changed.push(after);
    else {
      // Two entries may change their patterns for one another's, which no order of updates lets the unique index pass.
      deletedIds.push(before.id);
      created.push(after);
    }
  }
  if (deletedIds.length > 0) await transaction.query(DELETE, [tenant.id, deletedIds, revision]);
  await sendRows(transaction, UPDATE, tenant.id, changed, [revision]);
  await sendRows(transaction, INSERT, tenant.id, created);
  return mapInTurns(edits, ({ before, after }) => ({
    after: after && toEntryOperand(after),
    before: before && toEntryOperand(before),
    subject: 'entry',
  }));
}

async function sendRows(
  transaction: Transaction,
  statement: string,
  tenantId: string,
  rows: readonly EntryRow[],
  values: readonly unknown[] = [],
): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    const chunk = JSON.stringify(rows.slice(start, start + ROWS_PER_STATEMENT));
    if (Buffer.byteLength(chunk) > BULK_BYTES) await transaction.allowBulk();
    await transaction.query(statement, [tenantId, chunk, ...values]);
  }
}

const RECORDS = `jsonb_to_recordset($2::jsonb) AS r(id uuid, pattern text, kind pattern_kind, "anyPort" boolean,
  enabled boolean, "expiresAt" timestamptz, ref text, note text, labels text[], policies text[], "acceptedRisks" jsonb,
  revision integer, "createdAt" timestamptz, "createdBy" text, "updatedAt" timestamptz, "updatedBy" text)`;

const INSERT = `
  INSERT INTO entries (id, tenant_id, pattern, kind, any_port, enabled, expires_at, ref, note, labels, policies,
    accepted_risks, revision, created_at, created_by, updated_at, updated_by)
  SELECT r.id, $1, r.pattern, r.kind, r."anyPort", r.enabled, r."expiresAt", r.ref, r.note, r.labels, r.policies,
    r."acceptedRisks", r.revision, r."createdAt", r."createdBy", r."updatedAt", r."updatedBy"
  FROM ${RECORDS}`;

const UPDATE = `
  WITH r AS MATERIALIZED (SELECT * FROM ${RECORDS}),
  kept AS (${keepEntries('(SELECT e.* FROM entries e JOIN r ON r.id = e.id WHERE e.tenant_id = $1)', '$3')})
  UPDATE entries e SET pattern = r.pattern, kind = r.kind, any_port = r."anyPort", enabled = r.enabled,
    expires_at = r."expiresAt", ref = r.ref, note = r.note, labels = r.labels, policies = r.policies,
    accepted_risks = r."acceptedRisks", revision = r.revision, updated_at = r."updatedAt", updated_by = r."updatedBy"
  FROM r
  WHERE e.tenant_id = $1 AND e.id = r.id`;

const DELETE = `
  WITH gone AS (DELETE FROM entries WHERE tenant_id = $1 AND id = ANY($2::uuid[]) RETURNING *)
  ${keepEntries('gone', '$3')}`;

/**
 * An entry as the trail shows it: what the admin decided. Kind and port follow from the pattern, the rest from the change. The
 * keys are in the order of the trail's canonical JSON, which saves sorting those of 100,000 entries.
 */
export function toEntryOperand(entry: EntryRow) {
  const { acceptedRisks, enabled, expiresAt, id, labels, note, pattern, policies, ref } = entry;
  return { acceptedRisks, enabled, expiresAt, id, labels, note, pattern, policies, ref };
}

/** Whether kind and port are those of the pattern, from which they follow. */
export function isOfItsKind({ pattern, kind, anyPort }: EntryRow): boolean {
  const parsed = parsePattern(pattern);
  return parsed.ok && parsed.pattern.kind === kind && parsed.pattern.anyPort === anyPort;
}
