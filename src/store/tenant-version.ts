/** One tenant's version. A lineage belongs to one tenant row, so lineage and revision name the content exactly. */
export interface TenantVersion {
  readonly tenantId: string;
  readonly lineage: string;
  /** From 1. */
  readonly revision: number;
}

/** A committed write that took a tenant to a version or, when `deleted`, away. */
export interface TenantMove extends TenantVersion {
  /** The slug the tenant has or, deleted, had. */
  readonly slug: string;
  readonly deleted: boolean;
}

/** Whether two versions name the same content. */
export function isSameVersion(a: TenantVersion, b: TenantVersion): boolean {
  return a.tenantId === b.tenantId && a.lineage === b.lineage && a.revision === b.revision;
}

/**
 * Whether content at `version` holds what `move` did. Lineages are compared for equality only: which of two is the
 * newer, the primary alone knows. Nothing holds a deletion.
 */
export function holdsMove(version: TenantVersion, move: TenantMove): boolean {
  return !move.deleted && version.lineage === move.lineage && version.revision >= move.revision;
}
