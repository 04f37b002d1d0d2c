import { AppError } from '../errors.js';
import {
  type ChangeLog,
  type Mutation,
  type Precondition,
  requireRevision,
  type Written,
} from './change-log.js';
import type { Database } from './database.js';
import type { EntryFilters } from './entry-filter.js';
import {
  draftEntry,
  type EntryFields,
  type EntryInput,
  type EntryPattern,
  patchEntry,
  requirePolicies,
} from './entry-input.js';
import { type BatchOperation, type ListCounts, mutateBatch, mutateList } from './entry-list.js';
import { readEntryPage } from './entry-page.js';
import { applyEdits, loadEntries, loadEntry } from './entry-rows.js';
import { type ListWriteContext, type RequestedEdit, reviewEdits } from './list-review.js';
import { type EntryRow, type Page, type PageRequest, toEntryRow } from './rows.js';
import { requireSlug, type TenantWrite } from './tenant-lock.js';
import { liveTenant, requireTenant, type TenantScope } from './tenants.js';
import { type Usage, usageOf } from './usage.js';
import { isUuid } from './uuid.js';

/** What to change of an entry; absent = keep. */
export interface EntryPatch extends EntryFields {
  readonly pattern?: EntryPattern | undefined;
}

/**
 * The entries of a tenant. Patterns come parsed and canonical. Every method: AppError `store_unavailable`,
 * `tenant_not_found`; every write that names policies: `policy_unknown`; every `ifMatch`: `revision_mismatch`; every write with
 * a `review`: what that throws; every write with `limits`: `scope_missing`.
 */
export interface Entries {
  /** @throws AppError `entry_not_found`. */
  get(slug: string, id: string, scope?: TenantScope): Promise<EntryRow>;
  /** By pattern, in code unit order. `revision` is the tenant's, or an earlier one when it is written to meanwhile. */
  list(
    slug: string,
    filters: EntryFilters,
    page: PageRequest,
    scope?: TenantScope,
  ): Promise<Page<EntryRow> & { readonly revision: number; readonly usage: Usage }>;
  /** @throws AppError `pattern_taken`, with `existingId`. */
  create(slug: string, input: EntryInput, context: ListWriteContext): Promise<Written<EntryRow>>;
  /** @throws AppError `entry_not_found`, `pattern_taken`. */
  update(
    slug: string,
    id: string,
    patch: EntryPatch,
    condition: Precondition,
    context: ListWriteContext,
  ): Promise<Written<EntryRow>>;
  /** @throws AppError `entry_not_found`. */
  remove(
    slug: string,
    id: string,
    condition: Precondition,
    context: ListWriteContext,
  ): Promise<Written<EntryRow>>;
  /** Creates the entry with the pattern of `input`, or changes the fields of it that `input` has. */
  upsert(
    slug: string,
    input: EntryInput,
    condition: Precondition,
    context: ListWriteContext,
  ): Promise<Written<EntryRow> & { readonly created: boolean }>;
  /** @throws AppError `entry_not_found`. */
  removeByPattern(
    slug: string,
    pattern: string,
    condition: Precondition,
    context: ListWriteContext,
  ): Promise<Written<EntryRow>>;
  /**
   * All of the operations with one revision, or none. `put` does as {@link Entries.upsert}; `delete` of a pattern that is
   * not in the list changes nothing. `ifMatch` is the tenant's revision. Made for up to 10,000 operations.
   *
   * @throws AppError `invalid_input` for a pattern that is there twice.
   */
  batch(
    slug: string,
    operations: readonly BatchOperation[],
    options: Precondition & { readonly dryRun?: boolean | undefined },
    context: ListWriteContext,
  ): Promise<Written<ListCounts>>;
  /**
   * Makes the list exactly `inputs`; an entry whose pattern stays keeps its id. `ifMatch` is the tenant's revision. Made
   * for up to 100,000 entries.
   *
   * @throws AppError `invalid_input` for a pattern that is there twice.
   */
  replaceAll(
    slug: string,
    inputs: readonly EntryInput[],
    condition: Precondition,
    context: ListWriteContext,
  ): Promise<Written<ListCounts>>;
}

export function createEntries(db: Database, changeLog: ChangeLog, now: () => number): Entries {
  function change<T>(
    slug: string,
    action: string,
    context: ListWriteContext,
    mutate: (write: TenantWrite) => Promise<Mutation<T>>,
  ): Promise<Written<T>> {
    return changeLog.writeTenant(slug, context, { action }, mutate);
  }

  return {
    async get(slug, id, scope) {
      requireSlug(slug);
      if (isUuid(id)) {
        const found = await db.read((prisma) =>
          prisma.entry.findFirst({ where: { id, tenant: liveTenant(slug, scope) } }),
        );
        if (found !== null) return toEntryRow(found);
      }
      await requireTenant(db, slug, scope);
      throw entryNotFound();
    },

    async list(slug, filters, page, scope) {
      // The revision first: a write in between makes it too old for If-Match, which is refused; too new would lose that write.
      const tenant = await requireTenant(db, slug, scope);
      const own = { table: '(SELECT * FROM entries WHERE tenant_id = $1)', values: [tenant.id] };
      const found = await readEntryPage(db.query, own, filters, new Date(now()), page);
      return { revision: tenant.revision, usage: usageOf(tenant), ...found };
    },

    create: (slug, input, context) =>
      change(slug, 'entry.create', context, async (write) => {
        await requireFree(write, input.pattern);
        await requirePolicies(write, [{ pointer: '', input }]);
        return edit(write, { pointer: '', before: null, after: draftEntry(write, input) }, context);
      }),

    update: (slug, id, patch, { ifMatch }, context) =>
      change(slug, 'entry.update', context, async (write) => {
        const before = await requireEntry(write, id);
        requireRevision(before.revision, ifMatch);
        if (patch.pattern !== undefined && patch.pattern.text !== before.pattern) {
          await requireFree(write, patch.pattern);
        }
        await requirePolicies(write, [{ pointer: '', input: patch }]);
        return edit(write, { pointer: '', before, after: patchEntry(write, before, patch) }, context);
      }),

    remove: (slug, id, { ifMatch }, context) =>
      change(slug, 'entry.delete', context, async (write) => {
        const before = await requireEntry(write, id);
        requireRevision(before.revision, ifMatch);
        return edit(write, { pointer: '', before, after: null }, context);
      }),

    async upsert(slug, input, { ifMatch }, context) {
      const { value, ...written } = await change(slug, 'entry.upsert', context, async (write) => {
        const [before = null] = await loadEntries(write, [input.pattern.text]);
        requireMatch(before, ifMatch);
        await requirePolicies(write, [{ pointer: '', input }]);
        const after = before === null ? draftEntry(write, input) : patchEntry(write, before, input);
        const { operations, value } = await edit(write, { pointer: '', before, after }, context);
        return { operations, value: { value, created: before === null } };
      });
      return { ...written, ...value };
    },

    removeByPattern: (slug, pattern, { ifMatch }, context) =>
      change(slug, 'entry.delete', context, async (write) => {
        const [before] = await loadEntries(write, [pattern]);
        if (before === undefined) throw entryNotFound();
        requireRevision(before.revision, ifMatch);
        return edit(write, { pointer: '', before, after: null }, context);
      }),

    batch: (slug, operations, { ifMatch, dryRun }, context) =>
      changeLog.writeTenant(slug, context, { action: 'entries.batch', ifMatch, dryRun }, (write) =>
        mutateBatch(write, operations, context),
      ),

    replaceAll: (slug, inputs, { ifMatch }, context) =>
      changeLog.writeTenant(slug, context, { action: 'entries.replace', ifMatch }, (write) =>
        mutateList(write, inputs, context),
      ),
  };
}

/** One edit; `after` equal to `before` is none. The value is the entry after it, or the one that was deleted. */
async function edit(
  write: TenantWrite,
  requested: RequestedEdit,
  context: ListWriteContext,
): Promise<Mutation<EntryRow>> {
  const { before, after } = requested;
  // Also when nothing changes: the answer shows the entry.
  await reviewEdits(write, context, [requested]);
  const operations = before === after ? [] : await applyEdits(write, [requested]);
  return { operations, value: after ?? before };
}

async function requireEntry(write: TenantWrite, id: string): Promise<EntryRow> {
  const entry = isUuid(id) ? await loadEntry(write, id) : undefined;
  if (entry === undefined) throw entryNotFound();
  return entry;
}

// Nobody else can take it before this write ends: the tenant's row is locked.
async function requireFree(write: TenantWrite, pattern: EntryPattern): Promise<void> {
  const [existing] = await loadEntries(write, [pattern.text]);
  if (existing === undefined) return;
  throw new AppError('pattern_taken', `The list has ${JSON.stringify(pattern.text)} already.`, {
    extra: { existingId: existing.id },
  });
}

function requireMatch(entry: EntryRow | null, ifMatch: Precondition['ifMatch']): void {
  if (entry !== null) requireRevision(entry.revision, ifMatch);
  else if (ifMatch !== undefined) throw new AppError('revision_mismatch', 'There is no such entry to match.');
}

function entryNotFound(): AppError {
  return new AppError('entry_not_found', 'There is no such entry.');
}
