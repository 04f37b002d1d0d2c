import { decodeCursor, toPage } from './cursor.js';
import { type EntryFilters, toEntryCondition } from './entry-filter.js';
import type { Entry } from './generated/client.js';
import { ENTRY_COLUMNS, type EntryRow, type Page, type PageRequest, toEntryRow } from './rows.js';
import type { Transaction } from './transaction.js';

/** A table of one tenant's entries, now or then, to stand in a FROM clause, and the values of its placeholders. */
export interface EntryTable {
  readonly table: string;
  readonly values: readonly unknown[];
}

/** Any pattern; what it says is compared, never run. */
const PATTERN_KEY = /^[\x20-\x7e]{1,2000}$/;

/** A page of the entries, by pattern in code unit order. `now`: the instant by which their status is judged. */
export async function readEntryPage(
  query: Transaction['query'],
  { table, values: given }: EntryTable,
  filters: EntryFilters,
  now: Date,
  { limit, cursor }: PageRequest,
): Promise<Page<EntryRow>> {
  const values = [...given];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const after = decodeCursor(cursor, (text) => PATTERN_KEY.test(text));
  const conditions = [
    ...(after === undefined ? [] : [`pattern > ${bind(after)}`]),
    ...toEntryCondition(filters, now, bind),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map((text) => `(${text})`).join(' AND ')}`;
  const found = await query<Entry>(
    `SELECT ${ENTRY_COLUMNS} FROM ${table} e ${where} ORDER BY pattern LIMIT ${bind(limit + 1)}`,
    values,
  );
  const { rows, nextCursor } = toPage(found, limit, (entry) => entry.pattern);
  return { items: rows.map(toEntryRow), nextCursor };
}
