import type { Operation } from './change-hash.js';

/**
 * A change as callers see it. `hash` covers action, actor, at, lineage, operations, prevHash, requestId and revision: see
 * `sealChange`.
 */
export interface ChangeRow {
  readonly type: 'change';
  /** The tenant's slug; its id tells it from a later tenant of that slug. */
  readonly tenant: string;
  readonly tenantId: string;
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

/** A change with more operations is listed without them: a page of replaced lists would be gigabytes. */
export const LISTED_OPERATIONS = 100;

/** A change as read. */
export interface ChangeRecord extends Omit<ChangeRow, 'at' | 'type'> {
  /** A bigint, as pg gives it. */
  readonly id: string;
  readonly at: Date;
}

export const CHANGE_COLUMNS = `c.id, t.slug AS tenant, t.id AS "tenantId", c.lineage, c.revision, c.at, c.actor, c.request_id AS "requestId", c.action,
  c.op_count AS "operationCount", c.prev_hash AS "prevHash", c.hash`;

export function toChangeRow({ id: _id, at, ...change }: ChangeRecord): ChangeRow {
  return { type: 'change', ...change, at: at.toISOString() };
}
