import { randomUUID } from 'node:crypto';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { Client } from 'pg';
import { type Operation, sealChange } from '../src/store/change-hash.js';
import { subjectsOfChange } from '../src/store/change-subject.js';
import { toEntryOperand } from '../src/store/entry-rows.js';
import { toPolicyOperand, writePolicy } from '../src/store/policy-rows.js';
import { keepEntries } from '../src/store/row-versions.js';
import type { EntryRow } from '../src/store/rows.js';
import { createRandom } from './random.js';

/** A tenant with a past. */
export interface SeededTenant {
  readonly slug: string;
  /** The revision it is at: as many changes it has. */
  readonly changes: number;
  /** An entry that every fourth change is of. */
  readonly entryId: string;
  /** The instant of the change in the middle. */
  readonly middleAt: string;
}

/** How far the changes of a tenant are apart. */
const STEP_MS = 1_000;
const ROWS_PER_STATEMENT = 5_000;
const BUSY_EVERY = 4;
const CREATION = 1;
const FIRST_LIST = 2;

/**
 * Writes tenants with as many changes each as told, as the service would have: chained, with the rows kept and what changes are found
 * by. Their lists are of `entries` entries from revision 2 on; each later change edits the note of one. Through HTTP 100,000 of them take minutes.
 */
export async function seedTenants(
  databaseUrl: string,
  counts: readonly number[],
  entries: number,
): Promise<readonly SeededTenant[]> {
  const client = new Client({ connectionString: databaseUrl, options: '-c timezone=UTC' });
  await client.connect();
  try {
    const tenants = [];
    for (const changes of counts) tenants.push(await seedTenant(client, changes, entries));
    // The test server does not do so by itself.
    await client.query('VACUUM ANALYZE');
    return tenants;
  } finally {
    await client.end();
  }
}

async function seedTenant(client: Client, changes: number, count: number): Promise<SeededTenant> {
  const slug = `with-${changes}-changes`;
  const [id, lineage] = [randomUUID(), randomUUID()];
  const firstMs = Date.now() - (changes + 1) * STEP_MS;
  const atOf = (revision: number) => new Date(firstMs + revision * STEP_MS).toISOString();
  const random = createRandom(changes);
  const entries = Array.from({ length: count }, (_, index) => newEntry(index, atOf(FIRST_LIST)));
  const policy = toPolicyOperand(DEFAULT_POLICY.name, DEFAULT_POLICY);

  const rows: object[] = [];
  const kept: object[] = [];
  let prevHash: string | null = null;
  for (let revision = CREATION; revision <= changes; revision += 1) {
    const [action, operations] = nextChange(revision);
    const head = { lineage, revision, at: atOf(revision), actor: ACTOR, requestId: 'seed', action, prevHash };
    const { hash, operations: ops }: Awaited<ReturnType<typeof sealChange>> = await sealChange(
      head,
      operations,
    );
    rows.push({ ...head, ops: JSON.parse(ops), hash });
    prevHash = hash;
  }

  function nextChange(revision: number): readonly [string, readonly Operation[]] {
    if (revision === CREATION) {
      const after = { id, slug, name: slug, environment: 'production' };
      return [
        'tenant.create',
        [
          { subject: 'tenant', before: null, after },
          { subject: 'policy', before: null, after: policy },
        ],
      ];
    }
    if (revision === FIRST_LIST) {
      const added = entries.map(
        (entry) => ({ subject: 'entry', before: null, after: toEntryOperand(entry) }) as const,
      );
      return ['entries.replace', added];
    }
    const index = revision % BUSY_EVERY === 0 ? 0 : random(count);
    const before = entries[index] ?? newEntry(index, atOf(FIRST_LIST));
    const after = { ...before, note: `edit ${revision}`, revision, updatedAt: atOf(revision) };
    entries[index] = after;
    kept.push({ ...before, untilRevision: revision });
    return [
      'entry.update',
      [{ subject: 'entry', before: toEntryOperand(before), after: toEntryOperand(after) }],
    ];
  }

  await client.query(
    `INSERT INTO tenants (id, lineage, slug, name, revision, entry_count, head_hash, created_at, updated_at)
     VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8)`,
    [id, lineage, slug, changes, count, prevHash, atOf(CREATION), atOf(changes)],
  );
  const query = async (text: string, values: readonly unknown[] = []) =>
    (await client.query(text, [...values])).rows;
  const at = atOf(CREATION);
  await writePolicy({ query, allowBulk: async () => {} }, id, {
    ...policy,
    revision: 1,
    createdAt: at,
    updatedAt: at,
  });
  await send(client, INSERT_CHANGES, id, rows);
  await client.query(INSERT_SUBJECTS, [id]);
  await send(client, `INSERT INTO entries SELECT r.* FROM ${RECORDS} r`, id, entries);
  await send(client, KEEP, id, kept);
  return { slug, changes, entryId: entries[0]?.id ?? '', middleAt: atOf(changes / 2) };
}

const ACTOR = 'key:seed';

function newEntry(index: number, at: string): EntryRow {
  return {
    id: randomUUID(),
    pattern: `https://app${index}.example.com`,
    kind: 'exact',
    anyPort: false,
    enabled: true,
    expiresAt: null,
    ref: null,
    note: null,
    labels: [],
    policies: [],
    acceptedRisks: [],
    revision: FIRST_LIST,
    createdAt: at,
    createdBy: ACTOR,
    updatedAt: at,
    updatedBy: ACTOR,
  };
}

async function send(
  client: Client,
  statement: string,
  tenantId: string,
  rows: readonly object[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    const chunk = JSON.stringify(rows.slice(start, start + ROWS_PER_STATEMENT));
    await client.query(statement, [tenantId, chunk]);
  }
}

const INSERT_CHANGES = `
  INSERT INTO changes (tenant_id, lineage, revision, at, actor, request_id, action, ops, op_count, prev_hash, hash)
  SELECT $1, r.lineage, r.revision, r.at, r.actor, r."requestId", r.action, r.ops, jsonb_array_length(r.ops), r."prevHash", r.hash
  FROM jsonb_to_recordset($2::jsonb) AS r(lineage uuid, revision integer, at timestamptz, actor text, "requestId" text,
    action text, ops jsonb, "prevHash" text, hash text)
  ORDER BY r.revision`;

const INSERT_SUBJECTS = `
  INSERT INTO change_subjects (tenant_id, subject, revision)
  SELECT $1, s.subject, c.revision FROM changes c, LATERAL (${subjectsOfChange('c.ops')}) s WHERE c.tenant_id = $1`;

const RECORDS = `(SELECT id, $1::uuid AS tenant_id, pattern, kind, "anyPort" AS any_port, enabled, "expiresAt" AS expires_at, ref,
    note, labels, policies, "acceptedRisks" AS accepted_risks, revision, "createdAt" AS created_at, "createdBy" AS created_by,
    "updatedAt" AS updated_at, "updatedBy" AS updated_by
  FROM jsonb_to_recordset($2::jsonb) AS s(id uuid, pattern text, kind pattern_kind, "anyPort" boolean, enabled boolean,
    "expiresAt" timestamptz, ref text, note text, labels text[], policies text[], "acceptedRisks" jsonb, revision integer,
    "createdAt" timestamptz, "createdBy" text, "updatedAt" timestamptz, "updatedBy" text))`;

const KEEP = keepEntries(
  RECORDS.replace(
    '"updatedBy" AS updated_by',
    '"updatedBy" AS updated_by, "untilRevision" AS until_revision',
  ).replace('"updatedBy" text)', '"updatedBy" text, "untilRevision" integer)'),
  'o.until_revision',
);
