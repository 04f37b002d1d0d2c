import { isDeepStrictEqual } from 'node:util';
import { AppError } from '../errors.js';
import { inTurns, mapInTurns } from '../turns.js';
import type { Operation } from './change-hash.js';
import type { Mutation, Precondition } from './change-log.js';
import { signRisk } from './entry-input.js';
import { count, type ListCounts } from './entry-list.js';
import { applyEdits, loadEntries, toEntryOperand } from './entry-rows.js';
import type { Entry, Policy } from './generated/client.js';
import { type ListWriteContext, type RequestedEdit, reviewEdits } from './list-review.js';
import { deletePolicies, toPolicyOperand, writePolicy } from './policy-rows.js';
import { entriesAt, keepPolicies, policiesAt, revisionValues } from './row-versions.js';
import {
  type AcceptedRisk,
  ENTRY_COLUMNS,
  type EntryRow,
  POLICY_COLUMNS,
  type PolicyRow,
  toEntryRow,
  toPolicyRow,
} from './rows.js';
import { type TenantWrite, tenantNotFound } from './tenant-lock.js';
import { requireTold, type TenantRows } from './told-rows.js';
import type { TrailSince } from './trail-since.js';

/** A risk taken on for one of the entries that come back. */
export interface RestoredRisk extends Pick<AcceptedRisk, 'code' | 'note'> {
  /** The entry's pattern. */
  readonly pattern: string;
}

/** How to restore. `ifMatch` is the tenant's revision. */
export interface RestoreOptions extends Precondition {
  /** Does everything, then rolls it back. Default false. */
  readonly dryRun?: boolean | undefined;
  /** On top of those that were accepted then. */
  readonly acceptedRisks?: readonly RestoredRisk[] | undefined;
}

/** Where what comes back stands in the request: the revision names all of it. */
const POINTER = '/params/revision';

/** What came of the rows. */
export interface RestoreCounts {
  readonly entries: ListCounts;
  readonly policies: ListCounts;
}

/**
 * Makes the tenant's entries and policies what they were at a revision: under the ids they had, with what was accepted then, and
 * also where an entry has expired since. What the tenant is called stays. The tenant must be locked.
 *
 * @param trail since that revision. Best read already: 100,000 changes take seconds, in which nobody else could write to the tenant.
 * @throws AppError `tenant_not_found` when another tenant has the slug by now; `history_mismatch` when what is kept of the revision is
 * not what the trail says, or the trail does not hold; `scope_missing` for a risk accepted then, and not now, by one who may accept
 * none; `invalid_input` for a risk whose pattern does not come back; what the review throws.
 */
export async function restoreRevision(
  write: TenantWrite,
  trail: TrailSince,
  risks: readonly RestoredRisk[],
  context: ListWriteContext,
): Promise<Mutation<RestoreCounts>> {
  const { tenantId, slug, revision } = trail.moment;
  if (tenantId !== write.tenant.id) throw tenantNotFound(slug);
  await write.transaction.allowBulk();
  const past = await readPast(write, revision);
  const present = { entries: await loadEntries(write, 'all'), policies: await loadPolicies(write) };
  await requireTold(write, trail, past, present);
  requireListed(past.entries, risks);
  const listed = present.entries;
  const policies = policyEdits(write, present.policies, past.policies);
  const { edits, unchanged } = await entryEdits(write, listed, past.entries, risks);

  // A policy that gets credentials may make an entry unsafe that itself stays as it is.
  const reviewed = policies.edits.some(turnsCredentialsOn) ? [...edits, ...unchanged] : edits;
  await reviewEdits(write, context, reviewed, { listed, policies: past.policies });
  return {
    operations: [...(await applyPolicyEdits(write, policies.edits)), ...(await applyEdits(write, edits))],
    value: {
      entries: count(edits, unchanged.length),
      policies: count(policies.edits, policies.unchanged),
    },
  };
}

async function readPast({ transaction, tenant }: TenantWrite, revision: number): Promise<TenantRows> {
  const values = revisionValues({ tenantId: tenant.id, revision });
  const entries = await transaction.query<Entry>(`SELECT ${ENTRY_COLUMNS} FROM ${entriesAt()} e`, values);
  const policies = await transaction.query<Policy>(
    `SELECT ${POLICY_COLUMNS} FROM ${policiesAt()} p ORDER BY name`,
    values,
  );
  return { entries: await mapInTurns(entries, toEntryRow), policies: policies.map(toPolicyRow) };
}

function requireListed(entries: readonly EntryRow[], risks: readonly RestoredRisk[]): void {
  if (risks.length === 0) return;
  const patterns = new Set(entries.map(({ pattern }) => pattern));
  const errors = risks.flatMap(({ pattern }, index) =>
    patterns.has(pattern)
      ? []
      : [
          {
            pointer: `/acceptedRisks/${index}/pattern`,
            code: 'pattern_unknown',
            detail: `The list to restore does not have ${JSON.stringify(pattern)}.`,
          },
        ],
  );
  if (errors.length > 0) {
    throw new AppError('invalid_input', 'A risk is accepted for an entry that does not come back.', {
      errors,
    });
  }
}

async function entryEdits(
  write: TenantWrite,
  listed: readonly EntryRow[],
  past: readonly EntryRow[],
  risks: readonly RestoredRisk[],
): Promise<{ readonly edits: readonly RequestedEdit[]; readonly unchanged: readonly RequestedEdit[] }> {
  const present = new Map(listed.map((entry) => [entry.id, entry]));
  const accepted = new Map<string, readonly RestoredRisk[]>();
  for (const risk of risks) accepted.set(risk.pattern, [...(accepted.get(risk.pattern) ?? []), risk]);
  const edits: RequestedEdit[] = [];
  const unchanged: RequestedEdit[] = [];
  for await (const turn of inTurns(past)) {
    for (const entry of turn) {
      const before = present.get(entry.id) ?? null;
      present.delete(entry.id);
      const after = restored(
        write,
        before,
        withRisks(write, before, entry, accepted.get(entry.pattern) ?? []),
      );
      (after === before ? unchanged : edits).push({ pointer: POINTER, before, after });
    }
  }
  for (const before of present.values()) edits.push({ pointer: POINTER, before, after: null });
  return { edits, unchanged };
}

/** The entry with the risks accepted besides, each once. */
function withRisks(
  write: TenantWrite,
  before: EntryRow | null,
  entry: EntryRow,
  risks: readonly RestoredRisk[],
): EntryRow {
  const acceptedRisks = [...entry.acceptedRisks];
  for (const { code, note } of risks) {
    const risk = signRisk(write, [...acceptedRisks, ...(before?.acceptedRisks ?? [])], { code, note });
    if (!acceptedRisks.includes(risk)) acceptedRisks.push(risk);
  }
  return { ...entry, acceptedRisks };
}

/** `before` itself when it is as `entry` was. One that comes back has been there since now, not since then. */
function restored(write: TenantWrite, before: EntryRow | null, entry: EntryRow): EntryRow {
  if (before !== null && isDeepStrictEqual(toEntryOperand(before), toEntryOperand(entry))) return before;
  const [updatedAt, updatedBy] = [write.at.toISOString(), write.actor];
  const { createdAt, createdBy } = before ?? { createdAt: updatedAt, createdBy: updatedBy };
  return { ...entry, revision: write.revision, createdAt, createdBy, updatedAt, updatedBy };
}

/** What becomes of one policy. */
type PolicyEdit =
  | { readonly before: PolicyRow | null; readonly after: PolicyRow }
  | { readonly before: PolicyRow; readonly after: null };

async function loadPolicies({ transaction, tenant }: TenantWrite): Promise<readonly PolicyRow[]> {
  const found = await transaction.query<Policy>(
    `SELECT ${POLICY_COLUMNS} FROM policies WHERE tenant_id = $1 ORDER BY name`,
    [tenant.id],
  );
  return found.map(toPolicyRow);
}

function policyEdits(
  { revision, at }: TenantWrite,
  present: readonly PolicyRow[],
  past: readonly PolicyRow[],
) {
  const rest = new Map(present.map((policy) => [policy.name, policy]));
  const edits: PolicyEdit[] = [];
  let unchanged = 0;
  for (const policy of past) {
    const before = rest.get(policy.name) ?? null;
    rest.delete(policy.name);
    if (before !== null && isDeepStrictEqual(operandOf(before), operandOf(policy))) unchanged += 1;
    else {
      const updatedAt = at.toISOString();
      edits.push({
        before,
        after: { ...policy, revision, createdAt: before?.createdAt ?? updatedAt, updatedAt },
      });
    }
  }
  for (const before of rest.values()) edits.push({ before, after: null });
  return { edits, unchanged };
}

async function applyPolicyEdits(
  { transaction, tenant, revision }: TenantWrite,
  edits: readonly PolicyEdit[],
): Promise<readonly Operation[]> {
  const tenantRevision = { tenantId: tenant.id, revision };
  const deleted = edits.flatMap(({ before, after }) => (after === null ? [before.name] : []));
  const changed = edits.flatMap(({ before, after }) =>
    after === null || before === null ? [] : [before.name],
  );
  if (deleted.length > 0) await deletePolicies(transaction, tenantRevision, deleted);
  if (changed.length > 0) await keepPolicies(transaction, tenantRevision, changed);
  for (const { after } of edits) if (after !== null) await writePolicy(transaction, tenant.id, after);
  return edits.map(({ before, after }) => ({
    subject: 'policy',
    before: before && operandOf(before),
    after: after && operandOf(after),
  }));
}

function operandOf(policy: PolicyRow) {
  return toPolicyOperand(policy.name, policy);
}

function turnsCredentialsOn({ before, after }: PolicyEdit): boolean {
  return after?.credentials === true && before?.credentials !== true;
}
