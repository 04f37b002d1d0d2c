import { ANY_SUBJECT, type ChangeSubject, subjectKey, subjectOperations } from './change-subject.js';
import { idBound, type TrailKind, type TrailOrder, type TrailPosition } from './trail-position.js';

/** What to show of the trail; absent = all of it. Every filter narrows. */
export interface TrailFilters {
  readonly type?: TrailKind | undefined;
  readonly tenantId?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly requestId?: string | undefined;
  /** From this instant on. */
  readonly since?: Date | undefined;
  /** Before this instant. */
  readonly until?: Date | undefined;
  /** Only with `tenantId`; then no events. */
  readonly subject?: ChangeSubject | undefined;
  /** Only with `tenantId`; both included; then no events. */
  readonly fromRevision?: number | undefined;
  readonly toRevision?: number | undefined;
}

/** Which stretch of the trail. */
export interface TrailStretch {
  readonly filters: TrailFilters;
  /** Of which tenants; `null` = all, and what is of none. */
  readonly tenantIds: readonly string[] | null;
  readonly order: TrailOrder;
  readonly after: TrailPosition | undefined;
  readonly limit: number;
}

/** A row of the answer: a match, or a row that was looked at, beyond which its source was not read. */
export interface TrailKey extends TrailPosition {
  readonly hit: boolean;
  readonly isLast: boolean;
}

/** Rows that one page looks at, per source, when an index serves only a part of the filters. */
const SCANNED_ROWS = 2_000;
/** The same of changes with very many operations, each of which takes a twentieth of a second. */
const SCANNED_LARGE_CHANGES = 4;

/** Rows of one table in the order of the trail, found by one index; `rest` is what that index does not know. */
interface Source {
  readonly kind: TrailKind;
  readonly from: string;
  readonly where: readonly string[];
  readonly rest: readonly string[];
  readonly orderBy?: string | undefined;
  readonly scannedRows?: number;
}

/**
 * One statement for the keys of a page. What an index serves alone is read to the end of the page; where filters are left over,
 * a bounded number of rows is gone through, and the last of them is told.
 */
export function trailKeysQuery(stretch: TrailStretch): { readonly text: string; readonly values: unknown[] } {
  // Numbered at the end, since not every condition that is prepared is used, and Postgres refuses a value without a place.
  const bound: unknown[] = [];
  const bind: Bind = (value, type) => `{${bound.push(value) - 1}}::${type}`;
  const sources = [...changeSources(stretch, bind), ...eventSources(stretch, bind)];
  const direction = stretch.order;
  const limit = stretch.limit + 1;
  const selects = sources.map((source) => selectOf(source, direction, limit));
  const none = `(SELECT 'change' AS kind, now() AS at, 0::bigint AS id, true AS hit, false AS "isLast" WHERE false)`;
  const text = `SELECT kind, at, id, hit, "isLast" FROM (${[none, ...selects].join('\nUNION ALL\n')}) AS found
    ORDER BY at ${direction}, kind ${direction}, id ${direction}`;
  const values: unknown[] = [];
  const numbered = text.replace(/\{(\d+)\}/g, (_place, index) => `$${values.push(bound[index])}`);
  return { text: numbered, values };
}

type Bind = (value: unknown, type: string) => string;

function selectOf(source: Source, direction: TrailOrder, limit: number): string {
  const { kind, from, where, rest, scannedRows = SCANNED_ROWS } = source;
  const orderBy = source.orderBy ?? `r.at ${direction}, r.id ${direction}`;
  const rows = (hit: string) =>
    `SELECT r.at, r.id, ${hit} AS hit FROM ${from} WHERE ${['true', ...where].join(' AND ')} ORDER BY ${orderBy}`;
  if (rest.length === 0 && source.scannedRows === undefined) {
    return `(SELECT '${kind}', at, id, hit, false FROM (${rows('true')} LIMIT ${limit}) AS found)`;
  }
  const hit = rest.length === 0 ? 'true' : `(${rest.join(' AND ')})`;
  return `(SELECT '${kind}', at, id, hit, number = ${scannedRows} FROM (
    SELECT at, id, coalesce(hit, false) AS hit, row_number() OVER () AS number FROM (${rows(hit)} LIMIT ${scannedRows}) AS scanned
  ) AS numbered WHERE hit OR number = ${scannedRows} LIMIT ${limit})`;
}

function changeSources(stretch: TrailStretch, bind: Bind): readonly Source[] {
  const { filters, tenantIds, order } = stretch;
  if (filters.type === 'event') return [];
  const { tenantId, actor, action, requestId, subject, fromRevision, toRevision } = filters;
  const range = rangeOf(stretch, 'change', bind);
  const one = onlyTenant(stretch);
  const is = {
    tenant: one === undefined ? undefined : isOfTenant(bind(one, 'uuid')),
    actor: actor === undefined ? undefined : `r.actor = ${bind(actor, 'text')}`,
    action: action === undefined ? undefined : `r.action = ${bind(action, 'text')}`,
    request: requestId === undefined ? undefined : `r.request_id = ${bind(requestId, 'text')}`,
    visible:
      tenantIds === null || one !== undefined ? undefined : `r.tenant_id = ANY(${bind(tenantIds, 'uuid[]')})`,
  };
  // Revisions are in the order of time, so the range of revisions is one of instants.
  const revisions = [
    ...(fromRevision === undefined ? [] : [revisionBound('>=', fromRevision, tenantId, bind)]),
    ...(toRevision === undefined ? [] : [revisionBound('<=', toRevision, tenantId, bind)]),
  ];
  const exactRevisions = [
    ...(fromRevision === undefined ? [] : [`r.revision >= ${bind(fromRevision, 'bigint')}`]),
    ...(toRevision === undefined ? [] : [`r.revision <= ${bind(toRevision, 'bigint')}`]),
  ];
  const where = [...range, ...revisions, ...exactRevisions];
  if (subject !== undefined && tenantId !== undefined && requestId === undefined) {
    return subjectSources(subject, tenantId, { where, order, bind, rest: present(is.actor, is.action) });
  }
  const lead = is.request ?? is.tenant ?? is.actor ?? is.action;
  if (lead === undefined && tenantIds !== null) {
    return [
      {
        kind: 'change',
        from: ofTenants('changes', isOfTenant('t.id'), stretch, where, bind),
        where: [],
        rest: [],
      },
    ];
  }
  const about = subject === undefined ? undefined : isAbout(subject, bind);
  const rest = present(is.tenant, is.actor, is.action, is.visible, about).filter((text) => text !== lead);
  const orderBy = lead !== undefined && lead === is.tenant ? inTenant(order) : undefined;
  return [{ kind: 'change', from: 'changes r', where: [...present(lead), ...where], rest, orderBy }];
}

function subjectSources(
  subject: ChangeSubject,
  tenantId: string,
  {
    where,
    rest,
    order,
    bind,
  }: {
    readonly where: readonly string[];
    readonly rest: readonly string[];
    readonly order: TrailOrder;
    readonly bind: Bind;
  },
): readonly Source[] {
  const tenant = bind(tenantId, 'uuid');
  const from = `change_subjects s JOIN changes r ON r.tenant_id = s.tenant_id AND r.revision = s.revision`;
  // The page's place in time as one among revisions, so that the index begins there.
  const bounds = `SELECT r.revision FROM changes r WHERE ${isOfTenant(tenant)} AND ${['true', ...where].join(' AND ')}
    ORDER BY`;
  const inRange = `s.tenant_id = ${tenant}
    AND s.revision >= (${bounds} ${inTenant('asc')} LIMIT 1) AND s.revision <= (${bounds} ${inTenant('desc')} LIMIT 1)`;
  const orderBy = `s.revision ${order}`;
  const source = { kind: 'change', from, orderBy } as const;
  return [
    { ...source, where: [inRange, `s.subject = ${bind(subjectKey(subject), 'text')}`], rest },
    {
      ...source,
      where: [inRange, `s.subject = '${ANY_SUBJECT}'`],
      rest: [...rest, isAbout(subject, bind)],
      scannedRows: SCANNED_LARGE_CHANGES,
    },
  ];
}

function isAbout(subject: ChangeSubject, bind: Bind): string {
  const [after, before] = subjectOperations(subject);
  return `(r.ops @> ${bind(after, 'jsonb')} OR r.ops @> ${bind(before, 'jsonb')})`;
}

function eventSources(stretch: TrailStretch, bind: Bind): readonly Source[] {
  const { filters, tenantIds } = stretch;
  const { type, tenantId, actor, action, requestId, subject, fromRevision, toRevision } = filters;
  const isAboutRevisions = subject !== undefined || fromRevision !== undefined || toRevision !== undefined;
  if (type === 'change' || isAboutRevisions) return [];
  const where = rangeOf(stretch, 'event', bind);
  const one = onlyTenant(stretch);
  const visible = [
    ...(tenantIds === null
      ? []
      : [`r.tenants <@ ${bind(tenantIds, 'uuid[]')} AND cardinality(r.tenants) > 0`]),
    ...(tenantId === undefined ? [] : [`r.tenants @> ARRAY[${bind(tenantId, 'uuid')}]`]),
  ];
  const is = {
    actor: actor === undefined ? undefined : `r.actor = ${bind(actor, 'text')}`,
    action: action === undefined ? undefined : `r.action = ${bind(action, 'text')}`,
    request: requestId === undefined ? undefined : `r.request_id = ${bind(requestId, 'text')}`,
  };
  const source = { kind: 'event', from: 'events r' } as const;
  const others = present(is.actor, is.action);
  if (is.request !== undefined)
    return [{ ...source, where: [is.request, ...where], rest: [...others, ...visible] }];

  const shared = {
    ...source,
    where: ['cardinality(r.tenants) > 1', ...where],
    rest: [...visible, ...others],
  };
  if (one !== undefined) {
    const own = [`r.tenants[1] = ${bind(one, 'uuid')} AND cardinality(r.tenants) = 1`, ...where];
    // A key of one tenant is never told of a key that reaches others too.
    return tenantIds?.length === 1
      ? [{ ...source, where: own, rest: others }]
      : [{ ...source, where: own, rest: others }, shared];
  }
  const [lead, ...rest] = others;
  if (lead !== undefined || tenantIds === null) {
    return [{ ...source, where: [...present(lead), ...where], rest: [...rest, ...visible] }];
  }
  const isOf = 'r.tenants[1] = t.id AND cardinality(r.tenants) = 1';
  return [{ ...source, from: ofTenants('events', isOf, stretch, where, bind), where: [], rest: [] }, shared];
}

/** The one tenant that is asked for, or that there is to see. */
function onlyTenant({ filters, tenantIds }: TrailStretch): string | undefined {
  return filters.tenantId ?? (tenantIds?.length === 1 ? tenantIds[0] : undefined);
}

/** The next rows of each tenant: merging them is left to the statement around it. */
function ofTenants(
  table: 'changes' | 'events',
  isOf: string,
  { tenantIds, order, limit }: TrailStretch,
  where: readonly string[],
  bind: Bind,
): string {
  const orderBy = table === 'changes' ? inTenant(order) : `r.at ${order}, r.id ${order}`;
  return `unnest(${bind(tenantIds, 'uuid[]')}) AS t(id), LATERAL (
    SELECT r.at, r.id FROM ${table} r WHERE ${[isOf, ...where].join(' AND ')}
    ORDER BY ${orderBy} LIMIT ${limit + 1}) AS r`;
}

/**
 * Changes of one tenant, to be read in the order {@link inTenant}. Postgres does not know that a tenant has been quiet for long: by
 * an equation and in the order of time alone, it may take the index over all tenants and walk through all that the others did since.
 * Only the index that begins with the tenant gives this order.
 */
function isOfTenant(tenant: string): string {
  return `r.tenant_id = ANY(ARRAY[${tenant}])`;
}

/** The order of the trail, since a tenant's revisions are in the order of their instants and ids. */
function inTenant(order: TrailOrder): string {
  return `r.tenant_id ${order}, r.at ${order}, r.revision ${order}`;
}

function rangeOf({ filters, after, order }: TrailStretch, kind: TrailKind, bind: Bind): readonly string[] {
  const { since, until } = filters;
  return present(
    since && `r.at >= ${bind(since, 'timestamptz')}`,
    until && `r.at < ${bind(until, 'timestamptz')}`,
    after &&
      `(r.at, r.id) ${order === 'asc' ? '>' : '<'} (${bind(after.at, 'timestamptz')}, ${bind(idBound(after, kind, order), 'bigint')})`,
  );
}

function revisionBound(
  sign: '>=' | '<=',
  revision: number,
  tenantId: string | undefined,
  bind: Bind,
): string {
  // Beyond the newest revision there is no instant, and none before the first is needed.
  const at = `SELECT c.at FROM changes c WHERE c.tenant_id = ${bind(tenantId ?? null, 'uuid')} AND c.revision ${sign} ${bind(revision, 'bigint')}
    ORDER BY c.revision ${sign === '>=' ? 'ASC' : 'DESC'} LIMIT 1`;
  return `r.at ${sign} (${at})`;
}

function present(...texts: readonly (string | undefined)[]): readonly string[] {
  return texts.flatMap((text) => text ?? []);
}
