import { AppError } from '../errors.js';
import { CHANGE_COLUMNS, type ChangeRecord, type ChangeRow, toChangeRow } from './change-rows.js';
import type { Database } from './database.js';
import type { PageRequest } from './rows.js';
import { requireTenant, type TenantScope } from './tenants.js';
import type { Trail, TrailPage, TrailQuery } from './trail.js';
import type { TrailOrder } from './trail-position.js';

/** Which changes; `tenantIds`: of these tenants, absent or `null` = all. */
export interface ChangeQuery extends TrailQuery, PageRequest {
  readonly tenantIds?: readonly string[] | null | undefined;
  readonly order?: TrailOrder | undefined;
}

/** The trail without its events. Every method: AppError `store_unavailable`. */
export interface Changes {
  /** As {@link Trail.list}. `scope`: by default the `tenantIds` of the query. */
  list(query: ChangeQuery, scope?: TenantScope): Promise<TrailPage<ChangeRow>>;
  /** One change with all its operations. @throws AppError `tenant_not_found`, `change_not_found`. */
  get(slug: string, revision: number, scope?: TenantScope): Promise<ChangeRow>;
}

export function createChanges(db: Database, trail: Trail): Changes {
  return {
    async list({ tenantIds = null, limit, cursor, order, ...query }, scope = { tenantIds }) {
      const page = await trail.list({ ...query, type: 'change' }, { limit, cursor, order }, scope);
      return { ...page, items: page.items.filter((row) => row.type === 'change') };
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
