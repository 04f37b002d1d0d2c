import type { ChangeOperation } from './change-rows.js';
import { decodeCursor, toPage } from './cursor.js';
import type { Moment } from './moments.js';
import { entriesAt, policiesAt, REVISION_VALUES, revisionValues, tenantAt } from './row-versions.js';
import type { PageRequest } from './rows.js';
import type { Transaction } from './transaction.js';

/** How many rows of a kind are only at the second revision, only at the first, and at both with other content. */
export interface DifferenceCounts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** What leads from one revision of a tenant to another, as if one write had done it. */
export interface RevisionDiff {
  readonly counts: { readonly entries: DifferenceCounts; readonly policies: DifferenceCounts };
  /** A page of the differences: the tenant's own fields, policies by name, entries by pattern. Rows as in the trail. */
  readonly items: ChangeOperation[];
  readonly nextCursor: string | null;
}

/** `0`, `1` and a policy's name, or `2`, a pattern and an id. */
const KEY = /^(0|1[a-z0-9-]{1,63}|2[\x21-\x7e]{1,2000} [0-9a-f-]{36})$/;

/**
 * A page of the differences between two moments of a tenant. Entries are told apart by id: one that was deleted and added again
 * counts as removed and added. PostgreSQL compares, so that this process holds no more than the page.
 */
export async function readDiff(
  transaction: Transaction,
  from: Moment,
  to: Moment,
  { limit, cursor }: PageRequest,
): Promise<RevisionDiff> {
  const after = decodeCursor(cursor, (text) => KEY.test(text)) ?? null;
  const rows = await transaction.query<DiffRow>(READ_DIFF, [
    ...revisionValues(from),
    ...revisionValues(to),
    after,
    limit + 1,
  ]);
  // There is always one row, for the counts.
  const found = rows.filter(({ key }) => key !== null);
  const { rows: page, nextCursor } = toPage(found, limit, ({ key }) => key ?? '');
  return {
    counts: { entries: countsOf(rows, 'entry'), policies: countsOf(rows, 'policy') },
    items: page.map(({ subject, before, after }) => ({ subject, before, after })),
    nextCursor,
  };
}

interface DiffRow extends ChangeOperation {
  /** `null` in the one row of a page without items. */
  readonly key: string | null;
  readonly counts: Readonly<Record<string, number>>;
}

function countsOf([row]: readonly DiffRow[], subject: 'entry' | 'policy'): DifferenceCounts {
  const count = (what: string) => row?.counts[`${subject} ${what}`] ?? 0;
  return { added: count('added'), removed: count('removed'), changed: count('changed') };
}

// As the trail shows them: see toEntryOperand and toPolicyOperand.
const entryOperand = (
  row: string,
) => `jsonb_build_object('acceptedRisks', ${row}.accepted_risks, 'enabled', ${row}.enabled,
  'expiresAt', to_char(${row}.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'id', ${row}.id,
  'labels', ${row}.labels, 'note', ${row}.note, 'pattern', ${row}.pattern, 'policies', ${row}.policies, 'ref', ${row}.ref)`;

const policyOperand = (row: string) => `jsonb_build_object('name', ${row}.name, 'paths', ${row}.paths,
  'credentials', ${row}.credentials, 'methods', ${row}.methods, 'allowedHeaders', ${row}.allowed_headers,
  'exposedHeaders', ${row}.exposed_headers, 'maxAgeSeconds', ${row}.max_age_seconds, 'privateNetwork', ${row}.private_network,
  'alwaysSend', ${row}.always_send, 'enforcement', ${row}.enforcement)`;

const TO = 1 + REVISION_VALUES;
const [AFTER, LIMIT] = [TO + REVISION_VALUES, TO + REVISION_VALUES + 1];

// A row of the same revision on both sides is the same row, which spares comparing most of them field by field.
const READ_DIFF = `
  WITH entry_pairs AS (
    SELECT '2' || coalesce(b.pattern, a.pattern) || ' ' || coalesce(b.id, a.id)::text AS key, 'entry' AS subject,
      CASE WHEN a.id IS NOT NULL THEN ${entryOperand('a')} END AS before, CASE WHEN b.id IS NOT NULL THEN ${entryOperand('b')} END AS after
    FROM ${entriesAt()} a FULL JOIN ${entriesAt(TO)} b ON a.id = b.id
    WHERE a.revision IS DISTINCT FROM b.revision
  ), policy_pairs AS (
    SELECT '1' || coalesce(b.name, a.name) AS key, 'policy' AS subject,
      CASE WHEN a.name IS NOT NULL THEN ${policyOperand('a')} END AS before,
      CASE WHEN b.name IS NOT NULL THEN ${policyOperand('b')} END AS after
    FROM ${policiesAt()} a FULL JOIN ${policiesAt(TO)} b ON a.name = b.name
    WHERE a.revision IS DISTINCT FROM b.revision
  ), tenant_pair AS (
    SELECT '0' AS key, 'tenant' AS subject, to_jsonb(a) AS before, to_jsonb(b) AS after
    FROM ${tenantAt()} a, ${tenantAt(TO)} b
  ), differences AS MATERIALIZED (
    SELECT key COLLATE "C" AS key, subject, before, after
    FROM (SELECT * FROM entry_pairs UNION ALL SELECT * FROM policy_pairs UNION ALL SELECT * FROM tenant_pair) pairs
    WHERE before IS DISTINCT FROM after
  ), counts AS (
    SELECT coalesce(jsonb_object_agg(kind, number), '{}') AS counts FROM (
      SELECT subject || CASE WHEN before IS NULL THEN ' added' WHEN after IS NULL THEN ' removed' ELSE ' changed' END AS kind,
        count(*) AS number
      FROM differences GROUP BY 1
    ) kinds
  )
  SELECT counts.counts, page.key, page.subject, page.before, page.after
  FROM counts LEFT JOIN LATERAL (
    SELECT * FROM differences WHERE $${AFTER}::text IS NULL OR key > $${AFTER} COLLATE "C" ORDER BY key LIMIT $${LIMIT}
  ) page ON true
  ORDER BY page.key`;
