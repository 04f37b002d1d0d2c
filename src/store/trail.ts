import { AppError } from '../errors.js';
import {
  CHANGE_COLUMNS,
  type ChangeRecord,
  type ChangeRow,
  LISTED_OPERATIONS,
  toChangeRow,
} from './change-rows.js';
import { encodeCursor } from './cursor.js';
import type { Database } from './database.js';
import type { Page, PageRequest } from './rows.js';
import { readSettledUntil } from './settled.js';
import { tenantNotFound } from './tenant-lock.js';
import { isInScope, requireTenant, type TenantScope } from './tenants.js';
import {
  compareIn,
  positionKey,
  positionOf,
  type TrailKind,
  type TrailOrder,
  type TrailPosition,
} from './trail-position.js';
import { type TrailFilters, type TrailKey, type TrailStretch, trailKeysQuery } from './trail-query.js';
import { isUuid } from './uuid.js';

/** What happened outside of tenants' revisions, as callers see it. */
export interface EventRow {
  readonly type: 'event';
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  readonly requestId: string;
  readonly action: string;
  readonly detail: Record<string, unknown>;
  /** Slugs of the tenants it is about, deleted tenants' too; `null` = not of any tenants. */
  readonly tenants: string[] | null;
}

export type TrailRow = ChangeRow | EventRow;

/** What to look for, and for whom. A tenant is named by its slug while it lives, by its id always. */
export interface TrailQuery extends Omit<TrailFilters, 'tenantId'> {
  readonly slug?: string | undefined;
  readonly tenantId?: string | undefined;
}

/** A page of the trail. */
export interface TrailPage<Row extends TrailRow = TrailRow> extends Page<Row> {
  /** Oldest first only: nothing dated before will be added. Read on from there when the pages are at their end. */
  readonly settledUntil?: string;
}

/** The trail of all tenants and of what is of none. Every method: AppError `store_unavailable`, `tenant_not_found`. */
export interface Trail {
  /**
   * Newest first all there is; oldest first all that is settled, so that who goes on from there misses nothing. A page may hold
   * fewer rows than its limit, or none, and still have a next one: an answer looks at a bounded number of rows.
   */
  list(
    query: TrailQuery,
    page: PageRequest & { readonly order?: TrailOrder | undefined },
    scope?: TenantScope,
  ): Promise<TrailPage>;
  /**
   * All that matches and is settled, oldest first, as lines of JSON, each change with all its operations; the last line, of type
   * `end`, tells how many there were and until when. No connection is held between two pieces. Rejects, or ends without that line,
   * when it cannot go on.
   */
  lines(query: TrailQuery, scope?: TenantScope): AsyncGenerator<string>;
}

const EVERYTHING: TenantScope = { tenantIds: null };
const LINES_PER_READ = 100;
/** Changes with more operations are read one by one, so that what is held at once does not depend on what was written. */
const SMALL_CHANGE_OPERATIONS = 10;
/** From how many operations on a change takes the time of a bulk read. */
const BULK_OPERATIONS = 1_000;

export function createTrail(db: Database): Trail {
  /** The slug stands for a tenant only while it lives, and in scope. */
  async function resolve(
    { slug, tenantId, ...filters }: TrailQuery,
    scope: TenantScope,
  ): Promise<TrailFilters> {
    if (slug !== undefined) return { ...filters, tenantId: (await requireTenant(db, slug, scope)).id };
    if (tenantId === undefined) return filters;
    if (!isUuid(tenantId) || !isInScope(scope, tenantId)) throw tenantNotFound(tenantId);
    return { ...filters, tenantId };
  }

  async function readKeys(stretch: TrailStretch) {
    const { text, values } = trailKeysQuery(stretch);
    return cutPage(await db.query<TrailKey>(text, values), stretch);
  }

  return {
    async list(query, { limit, cursor, order = 'desc' }, scope = EVERYTHING) {
      const after = positionOf(cursor);
      const found = await resolve(query, scope);
      const settled = order === 'asc' ? await readSettledUntil(db) : undefined;
      const filters = settled === undefined ? found : { ...found, until: earlier(found.until, settled) };
      const { keys, next } = await readKeys({ filters, tenantIds: scope.tenantIds, order, after, limit });
      return {
        items: await readRows(db, keys),
        nextCursor: next === undefined ? null : encodeCursor(positionKey(next)),
        ...(filters.until !== undefined &&
          settled !== undefined && { settledUntil: filters.until.toISOString() }),
      };
    },

    async *lines(query, scope = EVERYTHING) {
      const found = await resolve(query, scope);
      const until = earlier(found.until, await readSettledUntil(db));
      const stretch = {
        filters: { ...found, until },
        tenantIds: scope.tenantIds,
        order: 'asc',
        limit: LINES_PER_READ,
      } as const;
      let after: TrailPosition | undefined;
      let count = 0;
      do {
        const { keys, next }: CutPage = await readKeys({ ...stretch, after });
        for await (const line of readLines(db, keys)) yield line;
        count += keys.length;
        after = next;
      } while (after !== undefined);
      yield JSON.stringify({ type: 'end', count, until: until.toISOString() });
    },
  };
}

interface CutPage {
  readonly keys: readonly TrailPosition[];
  /** After which the next page begins; `undefined` = there is none. */
  readonly next: TrailPosition | undefined;
}

/** Sources that were not read to the end may have rows beyond their last: nothing after the first of those is told yet. */
function cutPage(found: readonly TrailKey[], { limit, order }: TrailStretch): CutPage {
  const compare = compareIn(order);
  const [frontier] = found.filter(({ isLast }) => isLast).sort(compare);
  const isTold = (key: TrailKey) => key.hit && (frontier === undefined || compare(key, frontier) <= 0);
  // A change may have been found under two of the subjects that were looked for.
  const told = found.filter(isTold).sort(compare);
  const keys = told.slice(0, limit);
  return { keys, next: told.length > limit ? keys.at(-1) : frontier };
}

function earlier(a: Date | undefined, b: Date): Date {
  return a !== undefined && a < b ? a : b;
}

function idsOf(keys: readonly TrailPosition[], kind: TrailKind): readonly string[] {
  return keys.flatMap((key) => (key.kind === kind ? key.id : []));
}

async function readRows(db: Database, keys: readonly TrailPosition[]): Promise<TrailRow[]> {
  const changes = await db.query<ChangeRecord>(
    `SELECT ${CHANGE_COLUMNS}, CASE WHEN c.op_count <= $2 THEN c.ops ELSE '[]' END AS operations
     FROM changes c JOIN tenants t ON t.id = c.tenant_id WHERE c.id = ANY($1::bigint[])`,
    [idsOf(keys, 'change'), LISTED_OPERATIONS],
  );
  const rows = new Map<string, TrailRow>(
    changes.map((change) => [`change ${change.id}`, toChangeRow(change)]),
  );
  for (const event of await readEvents(db, keys)) rows.set(`event ${event.id}`, event);
  return keys.flatMap(({ kind, id }) => rows.get(`${kind} ${id}`) ?? []);
}

async function readEvents(db: Database, keys: readonly TrailPosition[]): Promise<EventRow[]> {
  const ids = idsOf(keys, 'event');
  if (ids.length === 0) return [];
  const events = await db.query<EventRecord>(
    `SELECT e.id, e.at, e.actor, e.request_id AS "requestId", e.action, e.detail,
       CASE WHEN e.tenants IS NOT NULL THEN ARRAY(SELECT t.slug FROM unnest(e.tenants) WITH ORDINALITY AS u(id, position)
         JOIN tenants t ON t.id = u.id ORDER BY u.position) END AS tenants
     FROM events e WHERE e.id = ANY($1::bigint[])`,
    [ids],
  );
  return events.map(({ id, at, ...event }) => ({ type: 'event', id, at: at.toISOString(), ...event }));
}

type EventRecord = Omit<EventRow, 'at' | 'type'> & { readonly at: Date };

type ChangeLine = Omit<ChangeRecord, 'operations'> & { readonly operations: string | null };

const CHANGE_LINE = `SELECT ${CHANGE_COLUMNS}, CASE WHEN c.op_count <= $2 THEN c.ops::text END AS operations
  FROM changes c JOIN tenants t ON t.id = c.tenant_id WHERE c.id = ANY($1::bigint[])`;

// The operations as text, as Postgres gives it: parsing a list of 100,000 and writing it again would hold up every request.
async function* readLines(db: Database, keys: readonly TrailPosition[]): AsyncGenerator<string> {
  const found = await db.query<ChangeLine>(CHANGE_LINE, [idsOf(keys, 'change'), SMALL_CHANGE_OPERATIONS]);
  const changes = new Map(found.map((change) => [change.id, change]));
  const events = new Map((await readEvents(db, keys)).map((event) => [event.id, event]));
  for (const { kind, id } of keys) {
    const event = events.get(id);
    const change = changes.get(id);
    if (kind === 'event' && event !== undefined) yield JSON.stringify(event);
    if (kind === 'change' && change !== undefined) yield toLine(await withOperations(db, change));
  }
}

async function withOperations(db: Database, change: ChangeLine): Promise<ChangeLine> {
  if (change.operations !== null) return change;
  const values = [[change.id], change.operationCount];
  const [whole] =
    change.operationCount <= BULK_OPERATIONS
      ? await db.query<ChangeLine>(CHANGE_LINE, values)
      : await db.readConsistently(async (transaction) => {
          await transaction.allowBulk();
          return transaction.query<ChangeLine>(CHANGE_LINE, values);
        });
  if (whole === undefined) throw new AppError('internal_error', 'A change is gone.');
  return whole;
}

function toLine({ operations, ...change }: ChangeLine): string {
  const { operations: _none, ...row } = toChangeRow({ ...change, operations: [] });
  return `${JSON.stringify(row).slice(0, -1)},"operations":${operations}}`;
}
