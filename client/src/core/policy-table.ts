import { choosePath, isBoundToDecode, type PathBinding, type PathChoice } from './path.js';
import { type CompiledPolicy, compilePolicy } from './policy.js';
import type { Enforcement, SnapshotPolicy } from './policy-settings.js';

/** A tenant's policies, by name and by path. */
export interface PolicyTable {
  readonly byName: ReadonlyMap<string, CompiledPolicy>;
  /** Longest prefix first. */
  readonly bindings: readonly PathBinding[];
  /** Where every path leads that decodes, when there is but one place: most tenants have one policy. */
  readonly only: CompiledPolicy | undefined;
  /**
   * What is done with an answer that no policy gave. `block` as soon as one policy blocks: it may be the one that a path of several
   * readings leads to, and such a path must not lead around it. `report` for a tenant that only reports: nothing is written.
   */
  readonly enforcement: Enforcement;
}

/** Compiles a tenant's policies. `default` is on `/` whatever its settings say. */
export function compilePolicies(policies: readonly SnapshotPolicy[]): PolicyTable {
  const byName = new Map(policies.map((policy) => [policy.name, compilePolicy(policy)]));
  const bindings: PathBinding[] = [];
  for (const policy of [...policies].sort(compareNames)) {
    const compiled = byName.get(policy.name);
    if (compiled === undefined) continue;
    const choice: PathChoice = { ok: true, policy: compiled };
    const paths = policy.name === 'default' ? new Set([...policy.paths, '/']) : policy.paths;
    for (const prefix of paths) bindings.push({ prefix, choice });
  }
  bindings.sort((a, b) => b.prefix.length - a.prefix.length);
  return { byName, bindings, only: onlyPolicyOf(bindings), enforcement: enforcementOf(policies) };
}

function onlyPolicyOf(bindings: readonly PathBinding[]): CompiledPolicy | undefined {
  const only = bindings.length === 1 ? bindings[0] : undefined;
  return only?.prefix === '/' && only.choice.ok ? only.choice.policy : undefined;
}

function enforcementOf(policies: readonly SnapshotPolicy[]): Enforcement {
  const enforcements = new Set(policies.map(({ enforcement }) => enforcement));
  if (enforcements.has('block')) return 'block';
  return enforcements.size === 1 && enforcements.has('report') ? 'report' : 'headers';
}

/** The policy for a request target; `/` when the target is unknown. */
export function policyForTarget(table: PolicyTable, target = '/'): CompiledPolicy | 'path_ambiguous' {
  if (table.only !== undefined && isBoundToDecode(target)) return table.only;
  const choice = choosePath(table.bindings, target);
  return choice.ok ? choice.policy : choice.reason;
}

/** Of two policies on one prefix any goes before `default`, then the first name: every node and SDK chooses alike. */
function compareNames(a: SnapshotPolicy, b: SnapshotPolicy): number {
  if (a.name === 'default') return 1;
  if (b.name === 'default') return -1;
  return a.name < b.name ? -1 : 1;
}
