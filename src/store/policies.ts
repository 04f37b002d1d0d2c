import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_POLICY, isPolicyName } from '@origin-allowlist/client/core';
import { AppError } from '../errors.js';
import { mapInTurns } from '../turns.js';
import {
  type ChangeLog,
  type Mutation,
  type Precondition,
  requireRevision,
  type Written,
} from './change-log.js';
import type { Database } from './database.js';
import type { Entry, Environment, Policy } from './generated/client.js';
import { loadCredentials } from './list-review.js';
import { deletePolicies, type PolicyInput, toPolicyOperand, writePolicy } from './policy-rows.js';
import { keepPolicies } from './row-versions.js';
import {
  ENTRY_COLUMNS,
  type EntryRow,
  POLICY_COLUMNS,
  type PolicyRow,
  toEntryRow,
  toPolicyRow,
} from './rows.js';
import { requireSlug, type TenantWrite, tenantNotFound } from './tenant-lock.js';
import { liveTenant, requireTenant, type TenantScope } from './tenants.js';
import type { WriteContext } from './write-context.js';

/** What a write is about to do to a policy. */
export interface PolicyWrite {
  readonly environment: Environment;
  /** All policies of the tenant as they are before the write. */
  readonly policies: readonly Pick<PolicyRow, 'name' | 'credentials'>[];
  readonly after: Pick<PolicyRow, 'name' | 'credentials'>;
  /** The entries the policy applies to, but for those that have expired. */
  readonly covered: () => Promise<readonly EntryRow[]>;
}

/** Who writes a policy, and who looks at it first, as {@link ListReview} does at a list. */
export interface PolicyWriteContext extends WriteContext {
  readonly review?: ((write: PolicyWrite) => Promise<void>) | undefined;
}

/** The policies of a tenant. Every method: AppError `store_unavailable`, `tenant_not_found`. */
export interface Policies {
  /** All of them, by name. */
  list(slug: string, scope?: TenantScope): Promise<PolicyRow[]>;
  /** @throws AppError `policy_not_found`. */
  get(slug: string, name: string, scope?: TenantScope): Promise<PolicyRow>;
  /**
   * Creates the policy, or replaces all its settings.
   *
   * @throws AppError `revision_mismatch`, also when there is no such policy to match; what the review throws.
   */
  put(
    slug: string,
    name: string,
    settings: PolicyInput,
    condition: Precondition,
    context: PolicyWriteContext,
  ): Promise<Written<PolicyRow> & { readonly created: boolean }>;
  /** @throws AppError `policy_not_found`, `default_policy_required`, `policy_in_use`, `revision_mismatch`. */
  remove(
    slug: string,
    name: string,
    condition: Precondition,
    context: WriteContext,
  ): Promise<Written<PolicyRow>>;
}

export function createPolicies(db: Database, changeLog: ChangeLog): Policies {
  return {
    async list(slug, scope) {
      requireSlug(slug);
      const found = await db.read((prisma) =>
        prisma.policy.findMany({ where: { tenant: liveTenant(slug, scope) }, orderBy: { name: 'asc' } }),
      );
      // Every live tenant has a policy: `default` cannot be deleted.
      if (found.length === 0) throw tenantNotFound(slug);
      return found.map(toPolicyRow);
    },

    async get(slug, name, scope) {
      const { id: tenantId } = await requireTenant(db, slug, scope);
      if (!isPolicyName(name)) throw policyNotFound(name);
      const found = await db.read((prisma) => prisma.policy.findFirst({ where: { tenantId, name } }));
      if (found === null) throw policyNotFound(name);
      return toPolicyRow(found);
    },

    async put(slug, name, settings, { ifMatch }, context) {
      const { value, ...written } = await changeLog.writeTenant(
        slug,
        context,
        { action: 'policy.put' },
        (write) => putPolicy(write, name, settings, ifMatch, context.review),
      );
      return { ...written, ...value };
    },

    remove: (slug, name, { ifMatch }, context) =>
      changeLog.writeTenant(slug, context, { action: 'policy.delete' }, (write) =>
        removePolicy(write, name, ifMatch),
      ),
  };
}

async function putPolicy(
  write: TenantWrite,
  name: string,
  settings: PolicyInput,
  ifMatch: Precondition['ifMatch'],
  review: PolicyWriteContext['review'],
): Promise<Mutation<{ readonly value: PolicyRow; readonly created: boolean }>> {
  const { transaction, tenant, revision } = write;
  const before = await findPolicy(write, name);
  if (before === undefined && ifMatch !== undefined) {
    throw new AppError('revision_mismatch', `There is no policy ${JSON.stringify(name)} to match.`);
  }
  if (before !== undefined) requireRevision(before.revision, ifMatch);
  const operand = toPolicyOperand(name, settings);
  if (before !== undefined && isDeepStrictEqual(toPolicyOperand(name, before), operand)) {
    return { operations: [], value: { value: before, created: false } };
  }
  await review?.({
    environment: tenant.environment,
    policies: await loadCredentials(write),
    after: operand,
    covered: () => loadCovered(write, name),
  });
  const at = write.at.toISOString();
  const after = { ...operand, revision, createdAt: before?.createdAt ?? at, updatedAt: at };
  if (before !== undefined) await keepPolicies(transaction, { tenantId: tenant.id, revision }, [name]);
  await writePolicy(transaction, tenant.id, after);
  return {
    operations: [
      {
        subject: 'policy',
        before: before === undefined ? null : toPolicyOperand(name, before),
        after: operand,
      },
    ],
    value: { value: after, created: before === undefined },
  };
}

async function removePolicy(
  write: TenantWrite,
  name: string,
  ifMatch: Precondition['ifMatch'],
): Promise<Mutation<PolicyRow>> {
  const { transaction, tenant, revision } = write;
  const before = await findPolicy(write, name);
  if (before === undefined) throw policyNotFound(name);
  requireRevision(before.revision, ifMatch);
  if (name === DEFAULT_POLICY.name) {
    throw new AppError(
      'default_policy_required',
      'Every tenant has the policy `default`; change it instead.',
    );
  }
  const [entry] = await transaction.query<{ readonly pattern: string }>(
    'SELECT pattern FROM entries WHERE tenant_id = $1 AND policies @> ARRAY[$2] ORDER BY pattern LIMIT 1',
    [tenant.id, name],
  );
  if (entry !== undefined) {
    throw new AppError('policy_in_use', `Entries name it, ${JSON.stringify(entry.pattern)} for one.`);
  }
  await deletePolicies(transaction, { tenantId: tenant.id, revision }, [name]);
  return {
    operations: [{ subject: 'policy', before: toPolicyOperand(name, before), after: null }],
    value: before,
  };
}

async function findPolicy(
  { transaction, tenant }: TenantWrite,
  name: string,
): Promise<PolicyRow | undefined> {
  if (!isPolicyName(name)) return undefined;
  const [policy] = await transaction.query<Policy>(
    `SELECT ${POLICY_COLUMNS} FROM policies WHERE tenant_id = $1 AND name = $2`,
    [tenant.id, name],
  );
  return policy && toPolicyRow(policy);
}

async function loadCovered({ transaction, tenant, at }: TenantWrite, name: string): Promise<EntryRow[]> {
  await transaction.allowBulk();
  const found = await transaction.query<Entry>(
    `SELECT ${ENTRY_COLUMNS} FROM entries
     WHERE tenant_id = $1 AND (policies = '{}' OR policies @> ARRAY[$2]) AND (expires_at IS NULL OR expires_at > $3)
     ORDER BY pattern`,
    [tenant.id, name, at],
  );
  return mapInTurns(found, toEntryRow);
}

function policyNotFound(name: string): AppError {
  return new AppError('policy_not_found', `There is no policy ${JSON.stringify(name)}.`);
}
