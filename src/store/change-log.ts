import { AppError } from '../errors.js';
import type { Quotas } from '../limits.js';
import type { Logger } from '../log.js';
import { type ChangeHead, type Operation, type SealedChange, sealChange } from './change-hash.js';
import { subjectsOf } from './change-subject.js';
import type { Database } from './database.js';
import type { Tenant } from './generated/client.js';
import { requireStandingKey } from './key-rows.js';
import { databaseTime, lockTenant, type TenantWrite } from './tenant-lock.js';
import type { TenantMove } from './tenant-version.js';
import { BULK_BYTES, type Transaction } from './transaction.js';
import { fitQuotas, keepUsage, usageOf } from './usage.js';
import type { ChainHead, WriteContext } from './write-context.js';

/** What came of a write. */
export interface Written<T> extends ChainHead {
  /** The tenant's revision after the request: one more than before, or the same when nothing changed. */
  readonly revision: number;
  readonly changed: boolean;
  readonly value: T;
}

/** The revision the row must be at to be written; `any` = it must exist; absent = no condition. */
export interface Precondition {
  readonly ifMatch?: number | 'any' | undefined;
}

/** How to write. `ifMatch` is the revision of the tenant. */
export interface WriteOptions extends Precondition {
  /** The action's name in the trail. */
  readonly action: string;
  /** Does everything, then rolls it back. Default false. */
  readonly dryRun?: boolean | undefined;
}

/** What a mutation did. No operations: nothing changed. */
export interface Mutation<T> {
  readonly operations: readonly Operation[];
  readonly value: T;
}

/** The one way to write to a tenant. */
export interface ChangeLog {
  /**
   * Locks the tenant, lets `mutate` change rows, and appends its operations as one change with one new revision: all in one
   * transaction. When there are no operations, no revision is spent. Writes to one tenant take turns.
   *
   * @throws AppError `tenant_not_found`; `revision_mismatch`; `quota_exceeded`; `store_unavailable`; `unauthorized`, when the
   * caller's key has ended meanwhile; whatever `mutate` throws. Nothing is written then.
   */
  writeTenant<T>(
    slug: string,
    context: WriteContext,
    options: WriteOptions,
    mutate: (write: TenantWrite) => Promise<Mutation<T>>,
  ): Promise<Written<T>>;
  /**
   * Inserts a tenant by `insert`, which is given the row to insert, with its first change.
   *
   * @throws AppError `store_unavailable`; `unauthorized`, as above; whatever `insert` throws.
   */
  createTenant(
    tenant: Pick<Tenant, 'id' | 'lineage' | 'slug' | 'name' | 'environment'>,
    context: WriteContext,
    operations: readonly Operation[],
    insert: (transaction: Transaction, tenant: Tenant) => Promise<void>,
  ): Promise<Tenant>;
  /** Hears of every write this node has committed, before its caller does. Must not throw; is not awaited. */
  onCommitted(listener: CommitListener): void;
}

/** What was written, for whoever tells others of it. */
export interface CommittedWrite {
  readonly operations: readonly Operation[];
  /** Entries the tenant has after it. */
  readonly entryCount: number;
  readonly ack: boolean;
}

type CommitListener = (move: TenantMove, write: CommittedWrite) => void;

const FIRST_REVISION = 1;
/** From how many operations on sealing and inserting a change takes the time of a bulk write. */
const BULK_OPERATIONS = 1_000;

/** The change log over a database. A listener that throws is logged: the write it heard of is committed all the same. */
export function createChangeLog(db: Database, quotas: Quotas, log: Logger): ChangeLog {
  const listeners: CommitListener[] = [];

  function announce({ id, slug, lineage }: Tenant, revision: number, write: CommittedWrite): void {
    const deleted = write.operations.some(isTenantDeletion);
    for (const listener of listeners) {
      try {
        listener({ tenantId: id, slug, lineage, revision, deleted }, write);
      } catch (error) {
        log.error({ err: error, slug, revision }, 'a listener failed on a committed write');
      }
    }
  }

  return {
    async writeTenant(slug, context, options, mutate) {
      const { tenant, mutation, head, usage } = await db.write(async (transaction) => {
        const write = await lockTenant(transaction, slug, context);
        requireRevision(write.tenant.revision, options.ifMatch);
        const mutation = await (options.dryRun ? undone(write, mutate) : mutate(write));
        const spent = mutation.operations.length > 0 && !options.dryRun;
        const before = usageOf(write.tenant);
        context.onUsage?.(before);
        const after = await fitQuotas(before, mutation.operations, quotas);
        if (spent) await keepUsage(write, after);
        const head = spent ? await append(write, context, options.action, mutation.operations) : write.tenant;
        await requireStandingKey(transaction, context);
        return {
          tenant: write.tenant,
          mutation,
          head,
          usage: spent ? after : before,
        };
      });
      context.onUsage?.(usage);
      const { operations, value } = mutation;
      const { revision, headHash } = head;
      if (revision !== tenant.revision) {
        const entryCount = tenant.entryCount + growth(operations);
        announce(tenant, revision, { operations, entryCount, ack: context.ack === true });
      }
      context.onWritten?.({ revision, headHash });
      return { revision, headHash, changed: operations.length > 0, value };
    },

    async createTenant(identity, context, operations, insert) {
      const tenant = await db.write(async (transaction) => {
        const at = await databaseTime(transaction);
        const { lineage } = identity;
        const head = {
          ...context,
          lineage,
          revision: FIRST_REVISION,
          at: at.toISOString(),
          action: 'tenant.create',
          prevHash: null,
        };
        const sealed = await sealChange(head, operations);
        const created = { createdAt: at, updatedAt: at, deletedAt: null };
        const row = {
          ...identity,
          ...created,
          revision: FIRST_REVISION,
          entryCount: 0,
          wildcardCount: 0,
          policyCount: 1,
          headHash: sealed.hash,
        };
        await insert(transaction, row);
        await insertChange(transaction, row.id, head, sealed, operations.length);
        await requireStandingKey(transaction, context);
        return row;
      });
      announce(tenant, FIRST_REVISION, { operations, entryCount: 0, ack: false });
      context.onWritten?.({ revision: FIRST_REVISION, headHash: tenant.headHash });
      return tenant;
    },

    onCommitted: (listener) => listeners.push(listener),
  };
}

/** @throws AppError `revision_mismatch` unless `ifMatch` is absent, `any` or equal to the row's `revision`. */
export function requireRevision(revision: number, ifMatch: Precondition['ifMatch']): void {
  if (ifMatch === undefined || ifMatch === 'any' || ifMatch === revision) return;
  throw new AppError('revision_mismatch', `It has changed since: it is at revision ${revision}.`, {
    extra: { revision },
  });
}

async function undone<T>(
  write: TenantWrite,
  mutate: (write: TenantWrite) => Promise<Mutation<T>>,
): Promise<Mutation<T>> {
  await write.transaction.query('SAVEPOINT dry_run');
  const mutation = await mutate(write);
  await write.transaction.query('ROLLBACK TO SAVEPOINT dry_run');
  return mutation;
}

async function append(
  { transaction, tenant, revision, at }: TenantWrite,
  context: WriteContext,
  action: string,
  operations: readonly Operation[],
): Promise<ChainHead> {
  if (operations.length > BULK_OPERATIONS) await transaction.allowBulk();
  const { lineage, headHash: prevHash } = tenant;
  const head = { ...context, lineage, revision, at: at.toISOString(), action, prevHash };
  const sealed = await sealChange(head, operations);
  if (Buffer.byteLength(sealed.operations) > BULK_BYTES) await transaction.allowBulk();
  await insertChange(transaction, tenant.id, head, sealed, operations.length, growth(operations));
  return { revision, headHash: sealed.hash };
}

/** By how many entries the list grows. */
function growth(operations: readonly Operation[]): number {
  let count = 0;
  for (const { subject, before, after } of operations) {
    if (subject === 'entry') count += Number(after !== null) - Number(before !== null);
  }
  return count;
}

async function insertChange(
  transaction: Transaction,
  tenantId: string,
  { lineage, revision, at, actor, requestId, action, prevHash }: ChangeHead,
  { operations, hash }: SealedChange,
  operationCount: number,
  newEntries = 0,
): Promise<void> {
  await transaction.query(
    `WITH tenant AS (UPDATE tenants SET revision = $3, head_hash = $10, updated_at = $4,
       entry_count = entry_count + $11 WHERE id = $1),
     subjects AS (INSERT INTO change_subjects (tenant_id, subject, revision)
       SELECT DISTINCT $1::uuid, s.subject, $3::integer FROM ${subjectsOf('$8::jsonb', operationCount)})
     INSERT INTO changes (tenant_id, lineage, revision, at, actor, request_id, action, ops, op_count, prev_hash, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, jsonb_array_length($8::jsonb), $9, $10)`,
    [tenantId, lineage, revision, at, actor, requestId, action, operations, prevHash, hash, newEntries],
  );
}

function isTenantDeletion({ subject, after }: Operation): boolean {
  return subject === 'tenant' && after === null;
}
