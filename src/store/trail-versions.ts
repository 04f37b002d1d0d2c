import type { QueryResultRow } from 'pg';
import { isOfItsKind, toEntryOperand } from './entry-rows.js';
import type { Entry, Policy, TenantVersion } from './generated/client.js';
import { toPolicyOperand } from './policy-rows.js';
import { forkOf } from './revision-tree.js';
import { ENTRY_COLUMNS, POLICY_COLUMNS, toEntryRow, toPolicyRow } from './rows.js';
import type { TraceTable } from './trace-table.js';
import { differenceOf, type ReplacedRow } from './trail-replay.js';
import { isUuid } from './uuid.js';

export const ENTRY_VERSIONS = versionTable<Entry & Forked>({
  name: 'entry_versions',
  subject: 'entry',
  key: 'id::text',
  keyOfOperation: `o.before ->> 'id'`,
  // A key that is no UUID is that of no row.
  toKey: (id) => (isUuid(id) ? id : null),
  primaryKey: ['tenant_id, id, until_revision', '$1, k.key::uuid, k.until'],
  columns: `${ENTRY_COLUMNS}, fork`,
  difference: (row, made) => {
    const entry = toEntryRow(row);
    if (!isOfItsKind(entry)) return 'is not of the kind of its pattern';
    return differenceOf(made, toEntryOperand(entry), entry) ?? misfiled(row, made);
  },
});

export const POLICY_VERSIONS = versionTable<Policy & Forked>({
  name: 'policy_versions',
  subject: 'policy',
  key: 'name',
  keyOfOperation: `o.before ->> 'name'`,
  toKey: (name) => name,
  primaryKey: ['tenant_id, name, until_revision', '$1, k.key, k.until'],
  columns: `${POLICY_COLUMNS}, fork`,
  difference: (row, made) => {
    const policy = toPolicyRow(row);
    return differenceOf(made, toPolicyOperand(policy.name, policy), policy) ?? misfiled(row, made);
  },
});

export const TENANT_VERSIONS = versionTable<Pick<TenantVersion, 'name' | 'environment'>>({
  name: 'tenant_versions',
  subject: 'tenant',
  key: `''`,
  keyOfOperation: `CASE WHEN o.before IS NOT NULL AND o.after IS NOT NULL THEN '' END`,
  toKey: (key) => key,
  primaryKey: ['tenant_id, until_revision', '$1, k.until'],
  columns: 'name, environment',
  difference: ({ name, environment }, made) => differenceOf(made, { ...made.row, name, environment }, {}),
});

interface VersionTable<Row> {
  readonly name: string;
  readonly subject: ReplacedRow['subject'];
  /** SQL: the key of a row, and of the one that the operation `o` of a change must have left. */
  readonly key: string;
  readonly keyOfOperation: string;
  readonly toKey: (key: string) => string | null;
  /** SQL: its columns, and what they are in the row that is looked up. */
  readonly primaryKey: readonly [string, string];
  readonly columns: string;
  readonly difference: (row: Row, made: ReplacedRow) => string | undefined;
}

interface Forked {
  readonly fork: number;
}

/** Readers of the past go by the fork: without the right one they do not find a row, or find it where it was not. */
function misfiled({ fork }: Forked, { marks, until }: ReplacedRow): string | undefined {
  return fork === forkOf(marks.revision, until) ? undefined : 'is filed under another span of revisions';
}

/** `null` where there is no row at all. */
interface Found {
  readonly isIt: boolean | null;
}

function versionTable<Row extends QueryResultRow>(table: VersionTable<Row>): TraceTable<ReplacedRow> {
  const { name, subject, key, keyOfOperation, toKey, columns, difference } = table;
  const [primaryKey, values] = table.primaryKey;
  const kind = 'versions_mismatch';
  const describe = (key: string, until: number) => `${name}${key === '' ? '' : ` ${key}`} until ${until}`;
  // The first row from each key on, which leaves the planner nothing but the primary key. Asked for what is equal it may go by
  // the other index or read the whole table, where it has no statistics yet, as after a database was restored.
  const select = `SELECT v.* FROM unnest($2::text[], $3::integer[]) WITH ORDINALITY AS k(key, until, place)
    LEFT JOIN LATERAL (SELECT ${columns}, (${primaryKey}) = (${values}) AS "isIt" FROM ${name}
      WHERE (${primaryKey}) >= (${values}) ORDER BY ${primaryKey} LIMIT 1) v ON true
    ORDER BY k.place`;

  function wrongOf(row: (Row & Found) | undefined, made: ReplacedRow): string | undefined {
    return row?.isIt ? difference(row, made) : 'is gone';
  }

  return {
    name,
    kind,
    describe,
    async compare(reader, tenantId, rows) {
      const found = await reader.query<Row & Found>(select, [
        tenantId,
        rows.map(({ key }) => toKey(key)),
        rows.map(({ until }) => until),
      ]);
      for (const [index, made] of rows.entries()) {
        const wrong = wrongOf(found[index], made);
        if (wrong !== undefined) {
          return { revision: made.until, kind, detail: `${describe(made.key, made.until)} ${wrong}` };
        }
      }
      return undefined;
    },
    unexplained: `SELECT v.key, v.revision FROM (SELECT ${key} AS key, until_revision AS revision FROM ${name} WHERE tenant_id = $1) v
      LEFT JOIN (SELECT c.revision, ${keyOfOperation} AS key
        FROM changes c, jsonb_to_recordset(c.ops) AS o(subject text, before jsonb, after jsonb)
        WHERE c.tenant_id = $1 AND o.subject = '${subject}') told USING (key, revision)
      WHERE told.key IS NULL`,
  };
}
