import { z } from 'zod';
import type { TrailQuery } from '../store/store.js';
import { freeText, InstantSchema, toUtc } from './fields.js';
import { pageOf, pageQuery } from './page.js';

const row = z.record(z.string(), z.unknown()).nullable();

export const ChangeSchema = z
  .object({
    type: z.literal('change'),
    tenant: z.string(),
    tenantId: z.uuid().meta({ description: 'Tells the tenant from a later one of that slug.' }),
    lineage: z.uuid(),
    revision: z.int(),
    at: z.string(),
    actor: z.string(),
    requestId: z.string(),
    action: z.string(),
    operations: z.array(
      z.object({
        subject: z.enum(['tenant', 'entry', 'policy']),
        before: row.meta({ description: '`null` = created by this change.' }),
        after: row.meta({ description: '`null` = deleted by this change.' }),
      }),
    ),
    operationCount: z.int().meta({
      description: 'How many operations there are. A list leaves out those of a change with over 100.',
    }),
    prevHash: z.string().nullable(),
    hash: z.string().meta({ description: 'SHA-256 over the RFC 8785 form of the change and `prevHash`.' }),
  })
  .meta({ id: 'Change' });

const EventSchema = z
  .object({
    type: z.literal('event'),
    id: z.string(),
    at: z.string(),
    actor: z.string(),
    requestId: z.string(),
    action: z.string(),
    detail: z.record(z.string(), z.unknown()),
    tenants: z.array(z.string()).nullable().meta({ description: '`null` = not of any tenants.' }),
  })
  .meta({ id: 'Event' });

const settledUntil = z.string().optional().meta({
  description: 'Only with `order=asc`. Nothing dated before will be added: go on from there with `since`.',
});

export const ChangePageSchema = pageOf(ChangeSchema).extend({ settledUntil });
export const TrailPageSchema = pageOf(z.discriminatedUnion('type', [ChangeSchema, EventSchema])).extend({
  settledUntil,
});

const revision = z.coerce.number().int().min(1).max(999_999_999);
const instant = InstantSchema.transform((text) => new Date(toUtc(text)));

/** Filters of every list of the trail. */
const filters = {
  ...pageQuery,
  limit: pageQuery.limit.unwrap().optional().meta({ description: 'Default: `50`. Not for an export.' }),
  order: z.enum(['asc', 'desc']).optional().meta({
    description:
      '`desc`: newest first, all there is; the default. `asc`: oldest first, only what is settled, so that nothing is missed by who goes on later; always so in an export.',
  }),
  actor: freeText(200).optional().meta({ description: '`key:<id>`, `admin-key`, `system` or `nobody`.' }),
  action: freeText(100).optional(),
  requestId: freeText(100).optional(),
  since: instant.optional().meta({ description: 'From this instant on.' }),
  until: instant.optional().meta({ description: 'Before this instant.' }),
};

/** Filters by what a change of one tenant is about. */
const subjects = {
  pattern: freeText(500).optional().meta({ description: 'Changes of entries that had or got this pattern.' }),
  entry: freeText(100).optional().meta({ description: 'Changes of the entry with this id.' }),
  policy: freeText(100).optional().meta({ description: 'Changes of the policy with this name.' }),
  fromRevision: revision.optional(),
  toRevision: revision.optional(),
};
const SUBJECTS = ['pattern', 'entry', 'policy'] as const;

/** Query of `/v1/tenants/{slug}/changes`. */
export const ChangesQuery = z
  .strictObject({ ...filters, ...subjects })
  .refine(hasOneSubject, { path: ['pattern'], message: 'Give one of `pattern`, `entry` and `policy`.' });

/** Query of `/v1/changes`. */
export const TrailQuerySchema = z
  .strictObject({
    ...filters,
    ...subjects,
    type: z.enum(['change', 'event']).optional(),
    tenant: freeText(100).optional().meta({ description: 'The slug of a tenant that lives.' }),
    tenantId: freeText(100).optional().meta({ description: 'The id of a tenant, also of a deleted one.' }),
  })
  .refine(hasOneSubject, { path: ['pattern'], message: 'Give one of `pattern`, `entry` and `policy`.' })
  .refine(({ tenant, tenantId }) => tenant === undefined || tenantId === undefined, {
    path: ['tenantId'],
    message: 'Give `tenant` or `tenantId`.',
  })
  .refine(
    ({ tenant, tenantId, ...query }) =>
      tenant !== undefined || tenantId !== undefined || !Object.keys(subjects).some((name) => name in query),
    { path: ['tenant'], message: 'Patterns, entries, policies and revisions are of one tenant: name it.' },
  );

type Filters = z.output<typeof ChangesQuery> &
  Pick<z.output<typeof TrailQuerySchema>, 'type' | 'tenant' | 'tenantId'>;

/** The filters as the store takes them, without the page. */
export function toTrailQuery(query: Filters): TrailQuery {
  const {
    limit: _limit,
    cursor: _cursor,
    order: _order,
    tenant: slug,
    pattern,
    entry,
    policy,
    ...rest
  } = query;
  if (pattern !== undefined) return { ...rest, slug, subject: { pattern } };
  if (entry !== undefined) return { ...rest, slug, subject: { entryId: entry } };
  if (policy !== undefined) return { ...rest, slug, subject: { policy } };
  return { ...rest, slug };
}

function hasOneSubject(query: object): boolean {
  return SUBJECTS.filter((name) => name in query).length <= 1;
}
