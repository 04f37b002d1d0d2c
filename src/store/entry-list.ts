import { inTurns } from '../turns.js';
import type { Mutation } from './change-log.js';
import {
  draftEntry,
  type EntryInput,
  type EntryPattern,
  patchEntry,
  replaceEntry,
  requireInputs,
} from './entry-input.js';
import { applyEdits, BULK_EDITS, loadEntries } from './entry-rows.js';
import { type ListWriteContext, type RequestedEdit, reviewEdits } from './list-review.js';
import type { EntryRow } from './rows.js';
import type { TenantWrite } from './tenant-lock.js';

/** One operation of a batch. */
export type BatchOperation =
  | ({ readonly op: 'put' } & EntryInput)
  | { readonly op: 'delete'; readonly pattern: EntryPattern };

/** What a write of many entries did. */
export interface ListCounts {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly unchanged: number;
}

/** Edits entries by their patterns. Two operations on one pattern, or a policy that is missing: AppError, nothing written. */
export async function mutateBatch(
  write: TenantWrite,
  operations: readonly BatchOperation[],
  context: ListWriteContext,
): Promise<Mutation<ListCounts>> {
  if (operations.length > BULK_EDITS) await write.transaction.allowBulk();
  const pointed = operations.map((input, index) => ({
    pointer: `/operations/${index}`,
    pattern: input.pattern.text,
    input,
  }));
  await requireInputs(write, pointed);
  const existing = byPattern(
    await loadEntries(
      write,
      pointed.map(({ pattern }) => pattern),
    ),
  );

  const edits: RequestedEdit[] = [];
  const unchanged: RequestedEdit[] = [];
  for (const [index, operation] of operations.entries()) {
    const pointer = `/operations/${index}`;
    const before = existing.get(operation.pattern.text);
    if (operation.op === 'put') {
      const { op: _op, ...input } = operation;
      const after = before === undefined ? draftEntry(write, input) : patchEntry(write, before, input);
      (after === before ? unchanged : edits).push({ pointer, before: before ?? null, after });
    } else if (before !== undefined) {
      edits.push({ pointer, before, after: null });
    }
  }
  await reviewEdits(write, context, edits, { unchanged });
  return {
    operations: await applyEdits(write, edits),
    value: count(edits, operations.length - edits.length),
  };
}

/** Edits, creates and deletes entries until the list is `inputs`. The same errors. */
export async function mutateList(
  write: TenantWrite,
  inputs: readonly EntryInput[],
  context: ListWriteContext,
): Promise<Mutation<ListCounts>> {
  const pointed = inputs.map((input, index) => ({
    pointer: `/entries/${index}`,
    pattern: input.pattern.text,
    input,
  }));
  await write.transaction.allowBulk();
  await requireInputs(write, pointed);
  const listed = await loadEntries(write, 'all');
  const existing = byPattern(listed);

  const edits: RequestedEdit[] = [];
  for await (const turn of inTurns(pointed)) {
    for (const { pointer, input } of turn) {
      const before = existing.get(input.pattern.text);
      existing.delete(input.pattern.text);
      const after = before === undefined ? draftEntry(write, input) : replaceEntry(write, before, input);
      if (after !== before) edits.push({ pointer, before: before ?? null, after });
    }
  }
  const unchanged = inputs.length - edits.length;
  for (const before of existing.values()) edits.push({ pointer: '', before, after: null });
  await reviewEdits(write, context, edits, { listed });
  return { operations: await applyEdits(write, edits), value: count(edits, unchanged) };
}

function byPattern(entries: readonly EntryRow[]): Map<string, EntryRow> {
  return new Map(entries.map((entry) => [entry.pattern, entry]));
}

/** What the edits do, beside what they leave as it is. */
export function count(
  edits: readonly { readonly before: object | null; readonly after: object | null }[],
  unchanged: number,
): ListCounts {
  const created = edits.filter(({ before }) => before === null).length;
  const deleted = edits.filter(({ after }) => after === null).length;
  return { created, updated: edits.length - created - deleted, deleted, unchanged };
}
