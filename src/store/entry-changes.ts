import { AppError } from '../errors.js';
import type { ChangeRow } from './change-rows.js';
import { decodeCursor, toPage } from './cursor.js';
import type { Database } from './database.js';
import { toEntryOperand } from './entry-rows.js';
import type { Entry } from './generated/client.js';
import { ENTRY_COLUMNS, type Page, type PageRequest, toEntryRow } from './rows.js';
import { requireTenant, type TenantScope } from './tenants.js';
import { isUuid } from './uuid.js';

/** An entry as the trail shows it. */
export type EntryOperand = ReturnType<typeof toEntryOperand>;

/** What one change did to one entry. */
export interface EntryChange
  extends Pick<ChangeRow, 'revision' | 'lineage' | 'at' | 'actor' | 'requestId' | 'action'> {
  /** `null` = the change created it. */
  readonly before: EntryOperand | null;
  /** `null` = the change deleted it. */
  readonly after: EntryOperand | null;
}

const REVISION = /^[1-9]\d{0,9}$/;
const MAX_REVISION = 2 ** 31 - 1;

/**
 * What became of an entry, newest first; also of one that was deleted. It costs the same wherever the entry's changes lie among
 * those of the tenant, and however many entries they changed besides.
 *
 * @throws AppError `tenant_not_found`; `entry_not_found` for one the tenant never had; `store_unavailable`.
 */
export async function listEntryChanges(
  db: Database,
  slug: string,
  id: string,
  { limit, cursor }: PageRequest,
  scope?: TenantScope,
): Promise<Page<EntryChange>> {
  const before = Number(decodeCursor(cursor, isRevision) ?? MAX_REVISION);
  const { id: tenantId } = await requireTenant(db, slug, scope);
  // Each change begins a version or ends one: with two more than that the page is full, and its last item is whole.
  const versions = isUuid(id) ? await readVersions(db, tenantId, id, before, limit + 2) : [];
  if (versions.length === 0 && cursor === undefined)
    throw new AppError('entry_not_found', 'There is no such entry.');
  const turns = turnsOf(versions).filter(({ revision }) => revision < before);
  const { rows, nextCursor } = toPage(turns, limit, ({ revision }) => String(revision));
  const heads = await readHeads(
    db,
    tenantId,
    rows.map(({ revision }) => revision),
  );
  const items = rows.flatMap(({ revision, before, after }) => {
    const head = heads.get(revision);
    return head === undefined ? [] : [{ ...head, at: head.at.toISOString(), before, after }];
  });
  return { items, nextCursor };
}

/** An entry from `revision` on and before `untilRevision`; `null` = until now. */
interface EntryVersion extends Entry {
  readonly untilRevision: number | null;
}

/** Versions that began before a revision, newest first. They do not overlap, so the ends are in the same order. */
async function readVersions(
  db: Database,
  tenantId: string,
  id: string,
  before: number,
  count: number,
): Promise<readonly EntryVersion[]> {
  return db.query<EntryVersion>(
    `SELECT * FROM (
       SELECT ${ENTRY_COLUMNS}, NULL::integer AS "untilRevision" FROM entries
       WHERE id = $2 AND tenant_id = $1 AND revision < $3
       UNION ALL (
         SELECT ${ENTRY_COLUMNS}, until_revision FROM entry_versions
         WHERE tenant_id = $1 AND id = $2 AND until_revision <= $3 ORDER BY until_revision DESC LIMIT $4
       )
     ) v ORDER BY "untilRevision" DESC NULLS FIRST LIMIT $4`,
    [tenantId, id, before, count],
  );
}

interface Turn {
  readonly revision: number;
  readonly before: EntryOperand | null;
  readonly after: EntryOperand | null;
}

/** The revisions at which one version gave way to the next, to nothing, or came out of nothing; newest first. */
function turnsOf(versions: readonly EntryVersion[]): readonly Turn[] {
  const turns = new Map<number, Turn>();
  for (const version of versions) {
    const operand = toEntryOperand(toEntryRow(version));
    const { revision, untilRevision } = version;
    if (untilRevision !== null) {
      turns.set(untilRevision, {
        revision: untilRevision,
        after: null,
        ...turns.get(untilRevision),
        before: operand,
      });
    }
    turns.set(revision, { revision, before: null, after: operand });
  }
  return [...turns.values()];
}

type Head = Omit<EntryChange, 'at' | 'before' | 'after'> & { readonly at: Date };

async function readHeads(
  db: Database,
  tenantId: string,
  revisions: readonly number[],
): Promise<ReadonlyMap<number, Head>> {
  const found = await db.query<Head>(
    `SELECT revision, lineage, at, actor, request_id AS "requestId", action FROM changes
     WHERE tenant_id = $1 AND revision = ANY($2::integer[])`,
    [tenantId, revisions],
  );
  return new Map(found.map((head) => [head.revision, head]));
}

function isRevision(text: string): boolean {
  return REVISION.test(text) && Number(text) <= MAX_REVISION;
}
