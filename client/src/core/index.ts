/** The engine: patterns, origins, policies and the decision. Pure: no I/O, no clock, no dependencies. */
export { toSnapshot } from './compiled-snapshot.js';
export { type Decision, decide, refuse } from './decision.js';
export type { DecisionReason, RefusalReason } from './decision-reason.js';
export type { DecisionKind, DecisionRequest } from './decision-request.js';
export { applyDelta, type Delta, type DeltaOperation, type DeltaResult } from './delta.js';
export { parseDelta } from './delta-parser.js';
export { type Explanation, explain } from './explain.js';
export type { ExplainedOrigin } from './explained-origin.js';
export type { ExplainedPolicy } from './explained-policy.js';
export { explainDecision } from './explanation.js';
export type { NearEntry } from './nearest-entries.js';
export { type HostKind, MAX_ORIGIN_LENGTH, type Origin, parseOrigin } from './origin.js';
export { matchOrigin, type OriginMiss } from './origin-match.js';
export {
  addOrigin,
  countOrigins,
  createOriginSet,
  deleteOrigin,
  findOrigin,
  type OriginEntry,
  type OriginSet,
} from './origin-set.js';
export type { PathChoice } from './path.js';
export {
  type AffixPattern,
  type AnyPattern,
  type ExactPattern,
  type NullPattern,
  type Pattern,
  type PatternKind,
  type PatternResult,
  parsePattern,
  type SubdomainsPattern,
} from './pattern.js';
export type { PatternProblem, PatternProblemCode } from './pattern-problem.js';
export type { CompiledPolicy } from './policy.js';
export { checkPolicySettings, type SettingProblem } from './policy-check.js';
export {
  DEFAULT_POLICY,
  type Enforcement,
  MAX_AGE_LIMIT_SECONDS,
  type PolicySettings,
  type SnapshotPolicy,
} from './policy-settings.js';
export type { PolicyTable } from './policy-table.js';
export type { RefusedNames } from './refused-names.js';
export { isPolicyName, isSlug } from './slug.js';
export {
  type CompiledAllowlist,
  compileEntry,
  compileSnapshot,
  type Snapshot,
  type SnapshotEntry,
} from './snapshot.js';
export { parseSnapshot, SnapshotError } from './snapshot-parser.js';
export { keepStringMethodsFast } from './string-methods.js';
export { mergeVary } from './vary.js';
