import type { ChangeOperation } from './change-rows.js';

/** What a change can be looked for by: an entry, by its id or by a pattern that it has or had, or a policy. */
export type ChangeSubject =
  | { readonly entryId: string }
  | { readonly pattern: string }
  | { readonly policy: string };

/** A change of more operations is not noted by what it is about, which would take a third of the time of its write. */
const NOTED_OPERATIONS = 1_000;

/** The key of changes with more than {@link NOTED_OPERATIONS}: they may be about anything, and are looked into. */
export const ANY_SUBJECT = '';

/** Its key in `change_subjects`. No pattern begins as a policy's key does, and none is a UUID. */
export function subjectKey(subject: ChangeSubject): string {
  if ('entryId' in subject) return subject.entryId;
  return 'pattern' in subject ? subject.pattern : `policy:${subject.policy}`;
}

/** What `changes.ops` contains, as JSON, when it is about the subject: one of the two. */
export function subjectOperations(subject: ChangeSubject): readonly [string, string] {
  const [kind, row] =
    'policy' in subject
      ? ['policy', { name: subject.policy }]
      : ['entry', 'entryId' in subject ? { id: subject.entryId } : { pattern: subject.pattern }];
  return [JSON.stringify([{ subject: kind, after: row }]), JSON.stringify([{ subject: kind, before: row }])];
}

/** The keys that a change with these operations is noted by, each once. */
export function subjectsIn(operations: readonly ChangeOperation[]): ReadonlySet<string> {
  const subjects = new Set<string>();
  if (operations.length > NOTED_OPERATIONS) return subjects.add(ANY_SUBJECT);
  for (const { subject, before, after } of operations) {
    const row = after ?? before;
    if (subject === 'policy') subjects.add(subjectKey({ policy: String(row?.name) }));
    if (subject !== 'entry') continue;
    subjects.add(subjectKey({ entryId: String(row?.id) }));
    for (const one of [before, after]) {
      if (one !== null) subjects.add(subjectKey({ pattern: String(one.pattern) }));
    }
  }
  return subjects;
}

/** Items of FROM that give the keys in `s.subject`, of the operations that the SQL expression `operations` has; some twice. */
export function subjectsOf(operations: string, operationCount: number): string {
  if (operationCount > NOTED_OPERATIONS) return `(VALUES ('${ANY_SUBJECT}')) AS s(subject)`;
  return `jsonb_to_recordset(${operations}) AS o(subject text, before jsonb, after jsonb), LATERAL (
    SELECT coalesce(o.after, o.before) ->> 'id' WHERE o.subject = 'entry'
    UNION ALL SELECT o.before ->> 'pattern' WHERE o.subject = 'entry' AND o.before IS NOT NULL
    UNION ALL SELECT o.after ->> 'pattern' WHERE o.subject = 'entry' AND o.after IS NOT NULL
    UNION ALL SELECT 'policy:' || (coalesce(o.after, o.before) ->> 'name') WHERE o.subject = 'policy'
  ) AS s(subject)`;
}

/** SQL: a query for the same keys, of whatever number of operations the expression has. */
export function subjectsOfChange(operations: string): string {
  const isNoted = `jsonb_array_length(${operations}) <= ${NOTED_OPERATIONS}`;
  return `SELECT s.subject FROM ${subjectsOf(`CASE WHEN ${isNoted} THEN ${operations} ELSE '[]' END`, 0)}
    UNION SELECT '${ANY_SUBJECT}' WHERE NOT ${isNoted}`;
}
