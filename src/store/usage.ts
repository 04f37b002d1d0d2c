import { parsePattern } from '@origin-allowlist/client/core';
import { AppError } from '../errors.js';
import type { Quotas } from '../limits.js';
import { inTurns } from '../turns.js';
import type { Operation } from './change-hash.js';
import type { TenantWrite } from './tenant-lock.js';

/** How much of what a quota bounds a tenant has. */
export type Usage = { readonly [Name in keyof Quotas]: number };

/** What a tenant's row says of it. */
export interface CountedTenant {
  readonly entryCount: number;
  readonly wildcardCount: number;
  readonly policyCount: number;
}

const NAMES = ['entries', 'wildcards', 'policies'] as const satisfies readonly (keyof Quotas)[];

export function usageOf({ entryCount, wildcardCount, policyCount }: CountedTenant): Usage {
  return { entries: entryCount, wildcards: wildcardCount, policies: policyCount };
}

/**
 * What the tenant has after the operations, which must fit its quotas so far as they make it grow: a quota that was lowered
 * later takes nothing away, and keeps nobody from editing or deleting.
 *
 * @throws AppError `quota_exceeded`, with `quota`, `limit`, `used` (before) and `wanted` (after).
 */
export async function fitQuotas(
  before: Usage,
  operations: readonly Operation[],
  quotas: Quotas,
): Promise<Usage> {
  const after = { ...before };
  for await (const turn of inTurns(operations)) {
    for (const operation of turn) {
      count(operation.after, operation, +1, after);
      count(operation.before, operation, -1, after);
    }
  }
  for (const name of NAMES) {
    if (after[name] <= before[name] || after[name] <= quotas[name]) continue;
    const detail = `A tenant may have ${quotas[name]} ${name}; this would make it ${after[name]}.`;
    throw new AppError('quota_exceeded', detail, {
      extra: { quota: name, limit: quotas[name], used: before[name], wanted: after[name] },
    });
  }
  return after;
}

/** Keeps the counts that only few writes change. (`entry_count` is kept with the revision.) */
export async function keepUsage({ transaction, tenant }: TenantWrite, usage: Usage): Promise<void> {
  if (usage.wildcards === tenant.wildcardCount && usage.policies === tenant.policyCount) return;
  await transaction.query('UPDATE tenants SET wildcard_count = $2, policy_count = $3 WHERE id = $1', [
    tenant.id,
    usage.wildcards,
    usage.policies,
  ]);
}

function count(
  row: object | null,
  { subject }: Operation,
  by: 1 | -1,
  usage: { -readonly [Name in keyof Usage]: number },
): void {
  if (row === null) return;
  if (subject === 'policy') usage.policies += by;
  if (subject !== 'entry') return;
  usage.entries += by;
  if ('pattern' in row && typeof row.pattern === 'string' && isWildcard(row.pattern)) usage.wildcards += by;
}

/** Whether the pattern is of any kind but `exact`. Most are told by one look: 100,000 of them are counted in a write. */
function isWildcard(pattern: string): boolean {
  if (!pattern.includes('*') && pattern !== 'null') return false;
  const parsed = parsePattern(pattern);
  return parsed.ok && parsed.pattern.kind !== 'exact';
}
