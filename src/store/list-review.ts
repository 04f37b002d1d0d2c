import { type EntryLimits, requireWithinLimits } from './entry-limits.js';
import { BULK_EDITS, type EntryEdit, loadEntries } from './entry-rows.js';
import type { Environment } from './generated/client.js';
import type { EntryRow, PolicyRow } from './rows.js';
import type { TenantWrite } from './tenant-lock.js';
import type { WriteContext } from './write-context.js';

/** An edit, and where it stands in the request: an RFC 6901 pointer, empty for the request itself. */
export type RequestedEdit = EntryEdit & { readonly pointer: string };

/** An entry that a write puts into the list, or leaves as it is. */
export interface WrittenEntry {
  readonly pointer: string;
  /** `null` = it is new. The same object as `after` = nothing changes. */
  readonly before: EntryRow | null;
  readonly after: EntryRow;
}

/** Policies, so far as entries are judged by them. */
export type PolicyCredentials = readonly Pick<PolicyRow, 'name' | 'credentials'>[];

/** What a write is about to do to a tenant's list. */
export interface ListWrite {
  readonly environment: Environment;
  /** The policies after the write. */
  readonly policies: PolicyCredentials;
  /** The policies before it. */
  readonly policiesBefore: PolicyCredentials;
  /** The database's time, epoch milliseconds. */
  readonly atMs: number;
  readonly written: readonly WrittenEntry[];
  /** Patterns that go. */
  readonly removed: ReadonlySet<string>;
  /** The list before the write, where all of it has been read already. */
  readonly listed: readonly EntryRow[] | undefined;
  /** The entries that the list has before the write under these patterns. */
  readonly find: (patterns: readonly string[] | 'all') => Promise<readonly EntryRow[]>;
}

/**
 * Looks at a write before its rows are touched, within its transaction: what it throws refuses the write. It sees the tenant
 * as the write will find it, since nobody else can write meanwhile.
 */
export type ListReview = (write: ListWrite) => Promise<void>;

/** Who writes entries, within which limits, and who looks at them first. */
export interface ListWriteContext extends WriteContext {
  /** Absent: none. */
  readonly limits?: EntryLimits | undefined;
  /** Absent: the store's own writes, which no admin made. */
  readonly review?: ListReview | undefined;
}

/** What is known of a write beside its edits. */
interface KnownOfWrite {
  /** All entries, where they have been read already. */
  readonly listed?: readonly EntryRow[] | undefined;
  /** The policies there will be, where the write changes them too. */
  readonly policies?: PolicyCredentials | undefined;
  /** Edits that were asked for and change nothing: they are not looked at, but who may not make them must not learn that. */
  readonly unchanged?: readonly RequestedEdit[] | undefined;
}

/**
 * Has the edits looked at: first whether their author may make them. One whose `after` is its `before` is of an entry for which
 * more changes than its own settings.
 *
 * @throws AppError `scope_missing`; what `review` throws.
 */
export async function reviewEdits(
  write: TenantWrite,
  context: ListWriteContext,
  edits: readonly RequestedEdit[],
  { listed, policies, unchanged = [] }: KnownOfWrite = {},
): Promise<void> {
  await requireWithinLimits(write, context, [...edits, ...unchanged]);
  const { review } = context;
  if (review === undefined) return;
  const written: WrittenEntry[] = [];
  const removed = new Set<string>();
  for (const { pointer, before, after } of edits) {
    if (after !== null) written.push({ pointer, before, after });
    if (before !== null && before.pattern !== after?.pattern) removed.add(before.pattern);
  }
  if (written.length === 0) return;
  // Another entry may take over the pattern of one that goes.
  for (const { after } of written) removed.delete(after.pattern);
  if (written.length > BULK_EDITS) await write.transaction.allowBulk();
  const policiesBefore = await loadCredentials(write);
  await review({
    environment: write.tenant.environment,
    policies: policies ?? policiesBefore,
    policiesBefore,
    atMs: write.at.getTime(),
    written,
    removed,
    listed,
    find: (patterns) => loadEntries(write, patterns),
  });
}

/** The policies of the tenant, so far as entries are judged by them. */
export function loadCredentials({ transaction, tenant }: TenantWrite): Promise<PolicyCredentials> {
  return transaction.query<PolicyCredentials[number]>(
    'SELECT name, credentials FROM policies WHERE tenant_id = $1',
    [tenant.id],
  );
}
