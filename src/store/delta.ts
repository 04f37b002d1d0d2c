import type { Delta, DeltaOperation } from '@origin-allowlist/client/core';
import { z } from 'zod';
import type { Operation } from './change-hash.js';
import type { Database } from './database.js';

/** What leads from one revision of a tenant to a later one. */
export type TenantDelta = Omit<Delta, 'tenant' | 'lineage'>;

/** A delta of more operations, or of more bytes, costs a reader more than the snapshot does. */
export const MAX_DELTA_OPERATIONS = 1_000;
const MAX_DELTA_BYTES = 256 * 1_024;

/**
 * The decision fields of what one write did, or several one after the other; notes, labels and actors stay behind.
 *
 * @returns `undefined` when there is more than a delta carries, or a tenant itself came or went.
 */
export function toDeltaOperations(
  ...writes: readonly (readonly Operation[])[]
): readonly DeltaOperation[] | undefined {
  if (writes.reduce((sum, { length }) => sum + length, 0) > MAX_DELTA_OPERATIONS) return undefined;
  const steps = createSteps();
  for (const operations of writes) {
    if (operations.some(isComingOrGoing)) return undefined;
    // What goes, first: of two entries that change their patterns for one another's, each pattern goes and comes at once.
    for (const { subject, before, after } of operations) {
      if (subject === 'entry') removeEntry(steps, parseEntry(before), parseEntry(after));
    }
    for (const { subject, before, after } of operations) {
      if (subject === 'entry') putEntry(steps, parseEntry(before), parseEntry(after));
      if (subject === 'policy') addPolicy(steps, parsePolicy(before), parsePolicy(after));
    }
  }
  const result = steps.all();
  return Buffer.byteLength(JSON.stringify(result)) > MAX_DELTA_BYTES ? undefined : result;
}

/**
 * Reads what leads from a revision to the one the tenant is at, out of its changes.
 *
 * @returns `undefined` when there is no such tenant of that lineage at a later revision, when changes are missing, and when it
 *   is more than a delta carries.
 * @throws AppError `store_unavailable`.
 */
export async function readDelta(
  db: Database,
  { tenantId, lineage, from }: { readonly tenantId: string; readonly lineage: string; readonly from: number },
): Promise<TenantDelta | undefined> {
  const [row] = await db.query<{
    readonly to: number;
    readonly count: number;
    readonly changes: number;
    readonly operations: readonly (readonly Operation[])[] | null;
  }>(READ_DELTA, [tenantId, lineage, from, MAX_DELTA_OPERATIONS]);
  // Revisions have no gaps: fewer changes than revisions is a trail that somebody has cut.
  if (row === undefined || row.changes === 0 || row.changes !== row.to - from) return undefined;
  const ops = row.operations === null ? undefined : toDeltaOperations(...row.operations);
  return ops && { from, to: row.to, ops, count: row.count };
}

// One statement, so that revision, count and changes are of one moment.
const READ_DELTA = `
  SELECT t.revision AS "to", t.entry_count AS count, s.changes,
    CASE WHEN s.operations <= $4 THEN (
      SELECT json_agg(c.ops ORDER BY c.revision) FROM changes c WHERE c.tenant_id = t.id AND c.revision > $3
    ) END AS operations
  FROM tenants t, LATERAL (
    SELECT count(*)::integer AS changes, coalesce(sum(c.op_count), 0)::integer AS operations
    FROM changes c WHERE c.tenant_id = t.id AND c.lineage = t.lineage AND c.revision > $3
  ) s
  WHERE t.id = $1 AND t.lineage = $2 AND t.deleted_at IS NULL`;

const EntryOperand = z.object({
  pattern: z.string(),
  enabled: z.boolean(),
  expiresAt: z.string().nullable(),
  policies: z.array(z.string()),
});

const PolicyOperand = z.object({
  name: z.string(),
  paths: z.array(z.string()),
  credentials: z.boolean(),
  methods: z.array(z.string()),
  allowedHeaders: z.array(z.string()),
  exposedHeaders: z.array(z.string()),
  maxAgeSeconds: z.number().nullable(),
  privateNetwork: z.boolean(),
  alwaysSend: z.boolean(),
  enforcement: z.enum(['report', 'headers', 'block']),
});

function parseEntry(operand: object | null): z.infer<typeof EntryOperand> | null {
  return operand === null ? null : EntryOperand.parse(operand);
}

function parsePolicy(operand: object | null): z.infer<typeof PolicyOperand> | null {
  return operand === null ? null : PolicyOperand.parse(operand);
}

function isComingOrGoing({ subject, before, after }: Operation): boolean {
  return subject === 'tenant' && (before === null || after === null);
}

/** Operations by what they are about: of several on one pattern or policy only the last counts. */
interface Steps {
  /** @param existed whether it was there before this operation. */
  put(key: string, existed: boolean, operation: DeltaOperation): void;
  delete(key: string, operation: DeltaOperation): void;
  all(): readonly DeltaOperation[];
}

function createSteps(): Steps {
  const steps = new Map<string, DeltaOperation>();
  /** What was not there at the first revision: when it goes again, there is nothing to delete. */
  const made = new Set<string>();
  return {
    put(key, existed, operation) {
      if (!existed && !steps.has(key)) made.add(key);
      steps.set(key, operation);
    },
    delete(key, operation) {
      if (made.has(key)) steps.delete(key);
      else steps.set(key, operation);
    },
    all: () => [...steps.values()],
  };
}

type Entry = z.infer<typeof EntryOperand>;

function removeEntry(steps: Steps, before: Entry | null, after: Entry | null): void {
  if (before === null || before.pattern === after?.pattern) return;
  steps.delete(`entry ${before.pattern}`, { op: 'delete', pattern: before.pattern });
}

function putEntry(steps: Steps, before: Entry | null, after: Entry | null): void {
  if (after === null) return;
  const { pattern, enabled, expiresAt, policies } = after;
  const entry = {
    pattern,
    ...(!enabled && { enabled }),
    ...(expiresAt !== null && { expiresAt }),
    ...(policies.length > 0 && { policies }),
  };
  steps.put(`entry ${pattern}`, before?.pattern === pattern, { op: 'put', entry });
}

function addPolicy(
  steps: Steps,
  before: z.infer<typeof PolicyOperand> | null,
  after: z.infer<typeof PolicyOperand> | null,
): void {
  if (after === null) {
    if (before !== null) steps.delete(`policy ${before.name}`, { op: 'deletePolicy', name: before.name });
    return;
  }
  const { maxAgeSeconds, ...settings } = after;
  const policy = maxAgeSeconds === null ? settings : { ...settings, maxAgeSeconds };
  steps.put(`policy ${policy.name}`, before !== null, { op: 'putPolicy', policy });
}
