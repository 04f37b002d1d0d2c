import { forgetKept } from './kept-answers.js';
import { addOrigin, deleteOrigin, findOrigin, type OriginSet } from './origin-set.js';
import { type Pattern, parsePattern } from './pattern.js';
import type { SnapshotPolicy } from './policy-settings.js';
import { compilePolicies, type PolicyTable } from './policy-table.js';
import { type CompiledAllowlist, compileEntry, type SnapshotEntry } from './snapshot.js';

/** One step of a delta: an entry by its pattern, or a policy by its name, is there from now on, or is not. */
export type DeltaOperation =
  | { readonly op: 'put'; readonly entry: SnapshotEntry }
  | { readonly op: 'delete'; readonly pattern: string }
  | { readonly op: 'putPolicy'; readonly policy: SnapshotPolicy }
  | { readonly op: 'deletePolicy'; readonly name: string };

/** The operations that take a snapshot from one revision to a later one of the same lineage. */
export interface Delta {
  /** The tenant's slug. */
  readonly tenant: string;
  readonly lineage: string;
  readonly from: number;
  readonly to: number;
  readonly ops: readonly DeltaOperation[];
  /** Entries there are at `to`, so that a list that went another way is noticed. */
  readonly count: number;
}

/**
 * What came of a delta: `applied` · `invalid`: it does not lead on from this version, or one of its operations cannot be carried out,
 * and nothing has changed · `count_mismatch`: it was carried out, since what it takes away must not stay, but the list is not the
 * one the service has: its revision stays, and a snapshot must replace it.
 */
export type DeltaResult = 'applied' | 'invalid' | 'count_mismatch';

/** A compiled list as the one who holds it may change it. */
interface OwnAllowlist extends CompiledAllowlist {
  revision: number;
  originCount: number;
  policies: PolicyTable;
  policySettings: readonly SnapshotPolicy[];
}

/** An operation whose pattern was read. */
type OriginStep =
  | { readonly op: 'put'; readonly pattern: Pattern; readonly entry: SnapshotEntry }
  | { readonly op: 'delete'; readonly pattern: Pattern };

/**
 * Takes a compiled list from one revision to the next, in place and synchronously, so that no decision sees half of it. The cost
 * grows with the delta, not with the list.
 *
 * @param allowlist must be the caller's own: who else holds it sees it change.
 */
export function applyDelta(allowlist: OwnAllowlist, delta: Delta): DeltaResult {
  if (!leadsOn(allowlist, delta)) return 'invalid';
  const steps = originSteps(delta.ops);
  const policySettings = policiesAfter(allowlist.policySettings, delta.ops);
  if (steps === undefined || policySettings === undefined) return 'invalid';

  // Nothing from here on can fail.
  for (const { kept } of allowlist.policies.byName.values()) forgetKept(kept);
  for (const step of steps) allowlist.originCount += takeStep(allowlist.origins, step);
  if (policySettings !== allowlist.policySettings) {
    allowlist.policySettings = policySettings;
    allowlist.policies = compilePolicies(policySettings);
  }
  if (allowlist.originCount !== delta.count) return 'count_mismatch';
  allowlist.revision = delta.to;
  return 'applied';
}

function leadsOn({ tenant, lineage, revision }: CompiledAllowlist, delta: Delta): boolean {
  return (
    delta.tenant === tenant && delta.lineage === lineage && delta.from === revision && delta.to > revision
  );
}

/** @returns `undefined` when a pattern does not parse. */
function originSteps(ops: readonly DeltaOperation[]): readonly OriginStep[] | undefined {
  const steps: OriginStep[] = [];
  for (const op of ops) {
    if (op.op !== 'put' && op.op !== 'delete') continue;
    const parsed = parsePattern(op.op === 'put' ? op.entry.pattern : op.pattern);
    if (!parsed.ok) return undefined;
    const { pattern } = parsed;
    steps.push(op.op === 'put' ? { op: 'put', pattern, entry: op.entry } : { op: 'delete', pattern });
  }
  return steps;
}

/** @returns the same array when no operation is about policies; `undefined` when there would be no `default`. */
function policiesAfter(
  before: readonly SnapshotPolicy[],
  ops: readonly DeltaOperation[],
): readonly SnapshotPolicy[] | undefined {
  if (!ops.some(({ op }) => op === 'putPolicy' || op === 'deletePolicy')) return before;
  const byName = new Map(before.map((policy) => [policy.name, policy]));
  for (const op of ops) {
    if (op.op === 'putPolicy') byName.set(op.policy.name, op.policy);
    else if (op.op === 'deletePolicy') byName.delete(op.name);
  }
  return byName.has('default') ? [...byName.values()] : undefined;
}

/** @returns by how much the number of entries has changed. */
function takeStep(origins: OriginSet, step: OriginStep): number {
  const { pattern } = step;
  if (step.op === 'delete') return deleteOrigin(origins, pattern) ? -1 : 0;
  const isNew = findOrigin(origins, pattern) === undefined;
  addOrigin(origins, pattern, compileEntry(pattern, step.entry));
  return isNew ? 1 : 0;
}
