import { AppError } from '../errors.js';
import type { Operation } from './change-hash.js';
import { decodeCursor, toPage } from './cursor.js';
import type { Database } from './database.js';
import type { Page, PageRequest } from './rows.js';
import { requireTenant, type TenantScope } from './tenants.js';

/** A change as callers see it. `hash` covers everything here but `tenant` and `operationCount`; see `sealChange`. */
export interface ChangeRow {
  /** The tenant's slug; its lineage tells it from a later tenant of that slug. */
  readonly tenant: string;
  readonly lineage: string;
  readonly revision: number;
  readonly at: string;
  readonly actor: string;
  readonly requestId: string;
  readonly action: string;
  /** In a list: none when there are more than {@link LISTED_OPERATIONS}. */
  readonly operations: ChangeOperation[];
  /** How many operations the change has. */
  readonly operationCount: number;
  /** `null` for a tenant's first change. */
  readonly prevHash: string | null;
  readonly hash: string;
}

/** An operation as read back. */
export interface ChangeOperation {
  readonly subject: Operation['subject'];
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
}

/** Whose changes: those of the live tenant `slug`, or everybody's, also of deleted tenants; `tenantIds` narrows that. */
export interface ChangeQuery extends PageRequest {
  readonly slug?: string | undefined;
  readonly tenantIds?: readonly string[] | null | undefined;
}

/** The trail. Every method: AppError `store_unavailable`. */
export interface Changes {
  /** Newest first. `scope`: by default the `tenantIds` of the query. @throws AppError `tenant_not_found`, with a slug. */
  list(query: ChangeQuery, scope?: TenantScope): Promise<Page<ChangeRow>>;
  /** One change with all its operations. @throws AppError `tenant_not_found`, `change_not_found`. */
  get(slug: string, revision: number, scope?: TenantScope): Promise<ChangeRow>;
}

/** A change with more operations is listed without them: a page of replaced lists would be gigabytes. */
export const LISTED_OPERATIONS = 100;

const ID = /^\d{1,19}$/;
const MAX_BIGINT = 2n ** 63n - 1n;

export function createChanges(db: Database): Changes {
  return {
    async list({ slug, tenantIds = null, limit, cursor }, scope = { tenantIds }) {
      const before = decodeCursor(cursor, isId) ?? null;
      const [condition, tenants] =
        slug === undefined
          ? withTenants(scope.tenantIds)
          : ['c.tenant_id = $1', (await requireTenant(db, slug, scope)).id];
      const found = await db.query<ChangeRecord>(
        `SELECT ${CHANGE_COLUMNS}, CASE WHEN c.op_count <= $4 THEN c.ops ELSE '[]' END AS operations
         FROM changes c JOIN tenants t ON t.id = c.tenant_id
         WHERE ${condition} AND ($2::bigint IS NULL OR c.id < $2)
         ORDER BY c.id DESC LIMIT $3`,
        [tenants, before, limit + 1, LISTED_OPERATIONS],
      );
      const { rows, nextCursor } = toPage(found, limit, (change) => change.id);
      return { items: rows.map(toChangeRow), nextCursor };
    },

    async get(slug, revision, scope) {
      const { id } = await requireTenant(db, slug, scope);
      const [found] = await db.readConsistently(async (transaction) => {
        await transaction.allowBulk();
        return transaction.query<ChangeRecord>(
          `SELECT ${CHANGE_COLUMNS}, c.ops AS operations FROM changes c JOIN tenants t ON t.id = c.tenant_id
           WHERE c.tenant_id = $1 AND c.revision = $2::bigint`,
          [id, revision],
        );
      });
      if (found === undefined) throw new AppError('change_not_found', `There is no revision ${revision}.`);
      return toChangeRow(found);
    },
  };
}

function isId(text: string): boolean {
  return ID.test(text) && BigInt(text) <= MAX_BIGINT;
}

function withTenants(ids: readonly string[] | null) {
  return ids === null
    ? (['$1::text IS NULL', null] as const)
    : (['c.tenant_id = ANY($1::uuid[])', ids] as const);
}

interface ChangeRecord extends Omit<ChangeRow, 'at'> {
  /** A bigint, as pg gives it. */
  readonly id: string;
  readonly at: Date;
}

const CHANGE_COLUMNS = `c.id, t.slug AS tenant, c.lineage, c.revision, c.at, c.actor, c.request_id AS "requestId", c.action,
  c.op_count AS "operationCount", c.prev_hash AS "prevHash", c.hash`;

function toChangeRow({ id: _id, at, ...change }: ChangeRecord): ChangeRow {
  return { ...change, at: at.toISOString() };
}
