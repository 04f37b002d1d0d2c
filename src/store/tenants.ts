import { randomUUID } from 'node:crypto';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { AppError } from '../errors.js';
import type { ChangeLog, Mutation, Precondition, Written } from './change-log.js';
import { decodeCursor, toPage } from './cursor.js';
import type { Database } from './database.js';
import { violatedIndex } from './database-error.js';
import type { Environment, Prisma, Tenant } from './generated/client.js';
import { toPolicyOperand, writePolicy } from './policy-rows.js';
import { keepTenant } from './row-versions.js';
import { type Page, type PageRequest, type TenantRow, toTenantRow } from './rows.js';
import { requireSlug, type TenantWrite, tenantNotFound } from './tenant-lock.js';
import type { Transaction } from './transaction.js';
import type { WriteContext } from './write-context.js';

/** A tenant to be. */
export interface TenantInput {
  readonly slug: string;
  readonly name: string;
  /** Default `production`. */
  readonly environment?: Environment | undefined;
}

/** What to change of a tenant; absent = keep. Its slug is its address and stays. */
export type TenantPatch = Partial<Pick<TenantInput, 'name' | 'environment'>>;

/** Which tenants a reader may see, by id; `null` = all. Any other tenant is not found. */
export interface TenantScope {
  readonly tenantIds: readonly string[] | null;
}

/** Whether a reader may see the tenant at all. */
export function isInScope({ tenantIds }: TenantScope, tenantId: string): boolean {
  return tenantIds === null || tenantIds.includes(tenantId);
}

/** The tenants. Every method: AppError `store_unavailable`; every method that takes a slug of one: `tenant_not_found`. */
export interface Tenants {
  /**
   * Creates a tenant with its `default` policy and an empty list, at revision 1.
   *
   * @throws AppError `slug_taken`, with `existingId`.
   */
  create(input: TenantInput, context: WriteContext): Promise<Written<TenantRow>>;
  get(slug: string, scope?: TenantScope): Promise<TenantRow>;
  /** By slug. `ids` restricts the list to those tenants; absent or `null` = all. */
  list(page: PageRequest & { readonly ids?: readonly string[] | null | undefined }): Promise<Page<TenantRow>>;
  /** @throws AppError `revision_mismatch`. */
  update(
    slug: string,
    patch: TenantPatch,
    condition: Precondition,
    context: WriteContext,
  ): Promise<Written<TenantRow>>;
  /**
   * Deletes a tenant: its rows and its trail are kept, its slug is free for a new one.
   *
   * @throws AppError `revision_mismatch`.
   */
  remove(slug: string, condition: Precondition, context: WriteContext): Promise<Written<TenantRow>>;
}

const SLUG_KEY = /^[a-z0-9-]{1,63}$/;

export function createTenants(db: Database, changeLog: ChangeLog): Tenants {
  async function slugTaken(slug: string, cause: unknown): Promise<AppError> {
    const existing = await findTenant(db, slug);
    return new AppError('slug_taken', `There is a tenant ${JSON.stringify(slug)} already.`, {
      cause,
      extra: { existingId: existing?.id },
    });
  }

  return {
    async create({ slug, name, environment = 'production' }, context) {
      const identity = { id: randomUUID(), lineage: randomUUID(), slug, name, environment };
      const operations = [
        { subject: 'tenant', before: null, after: toTenantOperand(identity) },
        { subject: 'policy', before: null, after: toPolicyOperand(DEFAULT_POLICY.name, DEFAULT_POLICY) },
      ] as const;
      const tenant = await changeLog
        .createTenant(identity, context, operations, insertTenant)
        .catch(async (error: unknown) => {
          throw violatedIndex(error) === 'tenants_slug_live_key' ? await slugTaken(slug, error) : error;
        });
      const { revision, headHash } = tenant;
      return { revision, headHash, changed: true, value: toTenantRow(tenant) };
    },

    get: async (slug, scope) => toTenantRow(await requireTenant(db, slug, scope)),

    async list({ limit, cursor, ids }) {
      const after = decodeCursor(cursor, (text) => SLUG_KEY.test(text));
      const found = await db.read((prisma) =>
        prisma.tenant.findMany({
          where: { deletedAt: null, slug: { gt: after }, id: idWithin(ids) },
          orderBy: { slug: 'asc' },
          take: limit + 1,
        }),
      );
      const { rows, nextCursor } = toPage(found, limit, (tenant) => tenant.slug);
      return { items: rows.map(toTenantRow), nextCursor };
    },

    async update(slug, patch, { ifMatch }, context) {
      const written = await changeLog.writeTenant(
        slug,
        context,
        { action: 'tenant.update', ifMatch },
        (write) => updateTenant(write, patch),
      );
      return withHead(written);
    },

    async remove(slug, { ifMatch }, context) {
      const written = await changeLog.writeTenant(
        slug,
        context,
        { action: 'tenant.delete', ifMatch },
        deleteTenant,
      );
      return withHead(written);
    },
  };
}

/** The live tenant with this slug. @throws AppError `tenant_not_found`, `store_unavailable`. */
export async function requireTenant(db: Database, slug: string, scope?: TenantScope): Promise<Tenant> {
  requireSlug(slug);
  const tenant = await findTenant(db, slug, scope);
  if (tenant === null) throw tenantNotFound(slug);
  return tenant;
}

/**
 * The condition for the live tenant with this slug. The scope belongs into the statement that reads: the slug may have gone
 * to another tenant since the caller was let in.
 */
export function liveTenant(slug: string, scope: TenantScope | undefined) {
  return { slug, deletedAt: null, id: idWithin(scope?.tenantIds) } satisfies Prisma.TenantWhereInput;
}

function findTenant(db: Database, slug: string, scope?: TenantScope): Promise<Tenant | null> {
  return db.read((prisma) => prisma.tenant.findFirst({ where: liveTenant(slug, scope) }));
}

// To Prisma, `undefined` is no condition and an empty list is one that nothing meets.
function idWithin(ids: readonly string[] | null | undefined) {
  return { in: ids ? [...ids] : undefined };
}

async function insertTenant(transaction: Transaction, tenant: Tenant): Promise<void> {
  const { id, lineage, slug, name, environment, revision, headHash, createdAt } = tenant;
  await transaction.query(
    `INSERT INTO tenants (id, lineage, slug, name, environment, revision, head_hash, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
    [id, lineage, slug, name, environment, revision, headHash, createdAt],
  );
  const at = createdAt.toISOString();
  const policy = toPolicyOperand(DEFAULT_POLICY.name, DEFAULT_POLICY);
  await writePolicy(transaction, id, { ...policy, revision, createdAt: at, updatedAt: at });
}

async function updateTenant(write: TenantWrite, patch: TenantPatch): Promise<Mutation<TenantRow>> {
  const { transaction, tenant, revision, at } = write;
  const { name = tenant.name, environment = tenant.environment } = patch;
  if (name === tenant.name && environment === tenant.environment) {
    return { operations: [], value: toTenantRow(tenant) };
  }
  await keepTenant(transaction, { tenantId: tenant.id, revision });
  await transaction.query('UPDATE tenants SET name = $2, environment = $3 WHERE id = $1', [
    tenant.id,
    name,
    environment,
  ]);
  const after = { ...tenant, name, environment, revision, updatedAt: at };
  return {
    operations: [{ subject: 'tenant', before: toTenantOperand(tenant), after: toTenantOperand(after) }],
    value: toTenantRow(after),
  };
}

async function deleteTenant({
  transaction,
  tenant,
  revision,
  at,
}: TenantWrite): Promise<Mutation<TenantRow>> {
  await transaction.query('UPDATE tenants SET deleted_at = $2 WHERE id = $1', [tenant.id, at]);
  return {
    operations: [{ subject: 'tenant', before: toTenantOperand(tenant), after: null }],
    value: toTenantRow({ ...tenant, revision, updatedAt: at }),
  };
}

// The hash covers what the mutation gave, so the mutation cannot know it.
function withHead(written: Written<TenantRow>): Written<TenantRow> {
  return { ...written, value: { ...written.value, headHash: written.headHash } };
}

/** A tenant as the trail shows it. */
export function toTenantOperand({
  id,
  slug,
  name,
  environment,
}: Pick<Tenant, 'id' | 'slug' | 'name' | 'environment'>) {
  return { id, slug, name, environment };
}
