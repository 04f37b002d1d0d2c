import { AppError } from '../errors.js';
import type { Database } from './database.js';
import type { TenantRevision } from './row-versions.js';
import { requireSlug, tenantNotFound } from './tenant-lock.js';
import type { TenantScope } from './tenants.js';

/** A point in a tenant's past: a revision, or what there was at an instant (ISO 8601). */
export type PastPoint = { readonly atRevision: number } | { readonly at: string };

/** A tenant as of a point in its past. It never changes, whatever is written meanwhile. */
export interface Moment extends TenantRevision {
  readonly slug: string;
  /** The lineage of that revision: an older one than the tenant has, when the database was restored since. */
  readonly lineage: string;
  /** The instant by which expiry is judged: the one asked for, or that of the revision's change. ISO 8601. */
  readonly at: string;
  /** `hash` of the revision's change. It covers every change until then, so it names the content. */
  readonly hash: string;
}

/** By how much a caller's clock may be ahead of the database's. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Finds a point in the past of a live tenant.
 *
 * @returns with it, as `head`, the revision the tenant is at now.
 * @throws AppError `tenant_not_found`; `revision_not_found`, with the tenant's `revision`, for one that never was, for an
 * instant before the first and for one that is yet to come; `store_unavailable`.
 */
export async function findMoment(
  query: Database['query'],
  slug: string,
  point: PastPoint,
  scope: TenantScope = { tenantIds: null },
): Promise<Moment & { readonly head: number }> {
  requireSlug(slug);
  const value = 'at' in point ? point.at : point.atRevision;
  const [found] = await query<FoundMoment>('at' in point ? FIND_BY_INSTANT : FIND_BY_REVISION, [
    slug,
    scope.tenantIds,
    value,
  ]);
  if (found === undefined) throw tenantNotFound(slug);
  const { tenantId, lineage, revision, at, hash, head } = found;
  if (lineage === null || revision === null || at === null || hash === null) {
    const what = 'at' in point ? `no list of this tenant at ${value}` : `no revision ${value} of this tenant`;
    const extra = { revision: head };
    throw new AppError('revision_not_found', `There is ${what}; it is at revision ${head} now.`, { extra });
  }
  return {
    slug,
    tenantId,
    lineage,
    revision,
    at: 'at' in point ? new Date(point.at).toISOString() : at.toISOString(),
    hash,
    head,
  };
}

/** A live tenant, and the change asked for, all `null` when there is none. */
interface FoundMoment {
  readonly tenantId: string;
  /** The revision it is at now. */
  readonly head: number;
  readonly lineage: string | null;
  readonly revision: number | null;
  readonly at: Date | null;
  readonly hash: string | null;
}

// The revision a tenant is at has the lineage of the tenant: a renewed one names the same list under another name.
const find = (change: string) => `
  SELECT t.id AS "tenantId", t.revision AS head, c.revision, c.at, c.hash,
    CASE WHEN c.revision = t.revision THEN t.lineage ELSE c.lineage END AS lineage
  FROM tenants t LEFT JOIN LATERAL (SELECT revision, lineage, at, hash FROM changes WHERE tenant_id = t.id AND ${change}) c ON true
  WHERE t.slug = $1 AND t.deleted_at IS NULL AND ($2::uuid[] IS NULL OR t.id = ANY($2))`;

const FIND_BY_REVISION = find('revision = $3::bigint');

const FIND_BY_INSTANT = find(`at <= $3::timestamptz
  AND $3::timestamptz <= clock_timestamp() + interval '${CLOCK_TOLERANCE_MS} milliseconds'
  ORDER BY at DESC, revision DESC LIMIT 1`);
