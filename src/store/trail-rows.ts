import { inTurns } from '../turns.js';
import { isOfItsKind, toEntryOperand } from './entry-rows.js';
import type { Entry, Policy, Tenant } from './generated/client.js';
import { toPolicyOperand } from './policy-rows.js';
import { ENTRY_COLUMNS, type EntryRow, POLICY_COLUMNS, toEntryRow, toPolicyRow } from './rows.js';
import { toTenantOperand } from './tenants.js';
import type { Break, Chain } from './trail-chain.js';
import type { Replay } from './trail-replay.js';
import type { Transaction } from './transaction.js';

const ENTRIES_PER_READ = 5_000;

/** How the rows in use differ from what the changes made of them; nothing for a chain that was not walked from its first change. */
export async function compareRows(
  transaction: Transaction,
  chain: Chain,
  tenant: Tenant,
): Promise<Break | undefined> {
  const { replay, revision } = chain;
  if (replay === undefined) return undefined;
  const difference =
    compareTenant(replay, tenant) ??
    (await comparePolicies(transaction, replay, tenant)) ??
    (await compareEntries(transaction, replay, tenant)) ??
    replay.missing();
  return difference === undefined ? undefined : { revision, kind: 'rows_mismatch', detail: difference };
}

function compareTenant(replay: Replay, tenant: Tenant): string | undefined {
  return tenant.deletedAt === null ? replay.compare('tenant', toTenantOperand(tenant), {}) : undefined;
}

async function comparePolicies(
  transaction: Transaction,
  replay: Replay,
  { id, policyCount }: Tenant,
): Promise<string | undefined> {
  const policies = await transaction.query<Policy>(
    `SELECT ${POLICY_COLUMNS} FROM policies WHERE tenant_id = $1`,
    [id],
  );
  for (const policy of policies.map(toPolicyRow)) {
    const difference = replay.compare('policy', toPolicyOperand(policy.name, policy), policy);
    if (difference !== undefined) return difference;
  }
  return compareCount(policyCount, policies.length, 'policies');
}

async function compareEntries(
  transaction: Transaction,
  replay: Replay,
  tenant: Tenant,
): Promise<string | undefined> {
  let after = '';
  let count = 0;
  let wildcards = 0;
  for (;;) {
    const entries = await transaction.query<Entry>(
      `SELECT ${ENTRY_COLUMNS} FROM entries WHERE tenant_id = $1 AND pattern > $2 ORDER BY pattern LIMIT $3`,
      [tenant.id, after, ENTRIES_PER_READ],
    );
    for await (const turn of inTurns(entries)) {
      for (const entry of turn.map(toEntryRow)) {
        const difference = compareEntry(replay, entry);
        if (difference !== undefined) return difference;
        if (entry.kind !== 'exact') wildcards += 1;
      }
    }
    count += entries.length;
    const last = entries.at(-1);
    if (last === undefined) break;
    after = last.pattern;
  }
  return (
    compareCount(tenant.entryCount, count, 'entries') ??
    compareCount(tenant.wildcardCount, wildcards, 'wildcards')
  );
}

function compareEntry(replay: Replay, entry: EntryRow): string | undefined {
  if (!isOfItsKind(entry)) return `entry ${entry.id} is not of the kind of its pattern`;
  return replay.compare('entry', toEntryOperand(entry), entry);
}

/** Quotas go by what the tenant says it has. */
function compareCount(said: number, count: number, what: string): string | undefined {
  return said === count ? undefined : `the tenant says it has ${said} ${what}, and has ${count}`;
}
