import {
  checkPolicySettings,
  DEFAULT_POLICY,
  type PolicySettings,
  parsePattern,
  parseSnapshot,
  type Snapshot,
  type SnapshotEntry,
  type SnapshotPolicy,
} from './core/index.js';

/** An entry, or its pattern alone: enabled, for ever, in every policy. */
export type TestEntry = string | SnapshotEntry;

/** A policy by its name; what is left out is as in the `default` of a new tenant, but for `paths`: none. */
export type TestPolicy = Partial<PolicySettings> & Pick<SnapshotPolicy, 'name'>;

/** A tenant's list as a test writes it. */
export interface TestList {
  readonly entries: readonly TestEntry[];
  /** There is a `default` in any case. */
  readonly policies?: readonly TestPolicy[];
  /** Default: the one of the options, or `test`. */
  readonly tenant?: string;
}

/** One thing wrong with a test's list, as the service would tell it. */
export interface TestListProblem {
  /** The pattern, or the setting as `policy/pointer`. */
  readonly subject: string;
  readonly code: string;
  /** One sentence for a person. */
  readonly detail: string;
  /** The part of a pattern that is wrong. */
  readonly text?: string;
  /** What to write instead, where that is no guess. */
  readonly fix?: string;
}

/** A list that the service would not take, so that no test passes by a list that no tenant can have. */
export class TestListError extends TypeError {
  readonly code = 'test_list_invalid';
  readonly problems: readonly TestListProblem[];

  constructor(problems: readonly TestListProblem[]) {
    super(`The list is invalid: ${problems.map(sentenceOf).join(' ')}`);
    this.name = 'TestListError';
    this.problems = problems;
  }
}

/**
 * Makes a snapshot of a test's list.
 *
 * @throws TestListError with every problem of patterns and policies at once; SnapshotError when a field is of another type.
 */
export function snapshotOf(
  { entries, policies = [] }: TestList,
  version: Pick<Snapshot, 'tenant' | 'lineage' | 'revision'>,
): Snapshot {
  const listed = entries.map((entry) => (typeof entry === 'string' ? { pattern: entry } : entry));
  const whole = policies.map((policy) => ({ ...DEFAULT_POLICY, paths: [], ...policy }));
  const named = whole.some(({ name }) => name === 'default') ? whole : [DEFAULT_POLICY, ...whole];
  // Types first: the other checks lean on them.
  const snapshot = parseSnapshot({ ...version, count: listed.length, policies: named, entries: listed });
  const names = new Set(named.map(({ name }) => name));
  const problems = [
    ...snapshot.entries.flatMap(({ pattern }) => patternProblems(pattern)),
    ...snapshot.entries.flatMap((entry) => namingProblems(entry, names)),
    ...snapshot.policies.flatMap(settingProblems),
  ];
  if (problems.length > 0) throw new TestListError(problems);
  return snapshot;
}

/** @throws TestListError */
export function checkPattern(pattern: string): void {
  const problems = patternProblems(pattern);
  if (problems.length > 0) throw new TestListError(problems);
}

function patternProblems(pattern: string): readonly TestListProblem[] {
  const parsed = parsePattern(pattern);
  return parsed.ok ? [] : parsed.problems.map((problem) => ({ subject: pattern, ...problem }));
}

function namingProblems(
  { pattern, policies = [] }: SnapshotEntry,
  names: ReadonlySet<string>,
): readonly TestListProblem[] {
  const unknown = policies.filter((name) => !names.has(name));
  const detail = (name: string) =>
    `It names the policy ${JSON.stringify(name)}, which the list does not have.`;
  return unknown.map((name) => ({ subject: pattern, code: 'policy_unknown', detail: detail(name) }));
}

function settingProblems(policy: SnapshotPolicy): readonly TestListProblem[] {
  return checkPolicySettings(policy).map(({ pointer, ...problem }) => ({
    subject: `${policy.name}${pointer}`,
    ...problem,
  }));
}

function sentenceOf({ subject, detail, fix }: TestListProblem): string {
  return `${JSON.stringify(subject)}: ${detail}${fix === undefined ? '' : ` Write ${JSON.stringify(fix)}.`}`;
}
