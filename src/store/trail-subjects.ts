import { subjectsOfChange } from './change-subject.js';
import type { TraceTable } from './trace-table.js';

/** That a change is about something. */
export interface NotedSubject {
  readonly subject: string;
  readonly revision: number;
}

/** What changes are found by, when they are looked for by an entry or a policy. */
export const SUBJECTS: TraceTable<NotedSubject> = {
  name: 'change_subjects',
  kind: 'subjects_mismatch',
  async compare(reader, tenantId, subjects) {
    const [missing] = await reader.query<NotedSubject>(FIND_MISSING, [
      tenantId,
      subjects.map(({ subject }) => subject),
      subjects.map(({ revision }) => revision),
    ]);
    if (missing === undefined) return undefined;
    const { subject, revision } = missing;
    return { revision, kind: SUBJECTS.kind, detail: `${SUBJECTS.describe(subject, revision)} is gone` };
  },
  unexplained: `SELECT k.subject AS key, k.revision FROM change_subjects k LEFT JOIN (
      SELECT c.revision, s.subject FROM changes c, LATERAL (${subjectsOfChange('c.ops')}) s WHERE c.tenant_id = $1
    ) told USING (subject, revision)
    WHERE k.tenant_id = $1 AND told.subject IS NULL`,
  describe: (subject, revision) => `change_subjects ${subject === '' ? '(many)' : subject} of ${revision}`,
};

// One look-up in the primary key each: see trail-versions.ts.
const FIND_MISSING = `SELECT k.subject, k.revision FROM unnest($2::text[], $3::integer[]) AS k(subject, revision)
  LEFT JOIN LATERAL (SELECT true AS found FROM change_subjects
    WHERE tenant_id = $1 AND subject = k.subject AND revision = k.revision LIMIT 1) s ON true
  WHERE s.found IS NULL ORDER BY k.revision LIMIT 1`;
