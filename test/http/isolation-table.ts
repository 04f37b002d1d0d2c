import { randomUUID } from 'node:crypto';
import type { Scope } from '../../src/http/scopes.js';
import type { Subject } from './isolation-world.js';

/**
 * How every route is called, and who may. **A new route needs a row here**; without one `isolation.test.ts` fails. To add it:
 *
 * 1. `route` as it is registered, and the `scopes` of which one is enough.
 * 2. `status` of a call that is let in, when that is not 200.
 * 3. What the call needs beside the slug in its path: `params`, `query`, `body`, `headers`, made of the tenant it is about
 *    ({@link Subject}). Where a row deletes or changes something it is that tenant's own: each call that is let in has a world of its own.
 * 4. Where the tenant is named, when it is neither in the path (`:slug`) nor left out: `names: 'query'`, judged before the scope as in
 *    the path, or `names: 'body'`, judged after it; also for what belongs to a tenant, such as a key. `hidden` = the status for a tenant
 *    that the key may not see, when that is not 404.
 *
 * The test takes each row times each scope times keys of the tenant itself, of two others, of none and of all, times that tenant, a
 * foreign one and one that does not exist, and looks after each refused call that nothing was written. A route that takes several
 * shapes of a call has a row for each, told apart by `shape`.
 */
export interface Row {
  readonly route: string;
  readonly shape?: string;
  readonly scopes: readonly Scope[];
  /** Scopes that it takes besides. */
  readonly besides?: readonly Scope[];
  readonly status?: number;
  readonly params?: (subject: Subject) => Readonly<Record<string, string>>;
  readonly query?: (subject: Subject) => string;
  readonly body?: (subject: Subject) => object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly names?: 'query' | 'body';
  readonly hidden?: number;
  /** A key bound to tenants may not, whatever its scopes: 403. */
  readonly ofAllTenants?: true;
  /** It answers with events, and does not end. */
  readonly isStream?: true;
}

/** Routes outside `/v1`: they tell nothing about anybody, and need no key. */
export const OPEN_ROUTES = [
  'GET /openapi.json',
  'GET /docs',
  'GET /docs/',
  'GET /docs/static/index.html',
  'GET /docs/static/swagger-initializer.js',
  'GET /docs/*',
  'GET /docs/json',
  'GET /docs/yaml',
  'GET /healthz',
  'GET /readyz',
];

/** What makes an entry one that a key for temporary entries may write, too. */
export const TEMPORARY = { ref: 'pr-7', expiresAt: new Date(Date.now() + 86_400_000).toISOString() };

const ENTRY_WRITE = ['origins:write', 'origins:write-temporary'] as const;
const PATTERN = 'https://new.example.com';
const IF_MATCH = { 'if-match': '*' };

const entry = ({ entryId }: Subject) => ({ id: entryId });
const policy = ({ policyName }: Subject) => ({ name: policyName });
const evaluation = ({ slug }: Subject) => ({
  tenant: slug,
  method: 'GET',
  origin: 'https://app.example.com',
});
const held = ({ slug, lineage, revision }: Subject) => ({ slug, lineage, revision });

export const ROWS: readonly Row[] = [
  // tenants
  { route: 'GET /v1/tenants', scopes: ['tenants:read'] },
  {
    route: 'POST /v1/tenants',
    scopes: ['tenants:write'],
    status: 201,
    ofAllTenants: true,
    body: () => ({ slug: `new-${randomUUID()}`, name: 'New' }),
  },
  { route: 'GET /v1/tenants/:slug', scopes: ['tenants:read'] },
  { route: 'PATCH /v1/tenants/:slug', scopes: ['tenants:write'], body: () => ({ name: 'Renamed' }) },
  { route: 'DELETE /v1/tenants/:slug', scopes: ['tenants:write'], status: 204 },

  // origins
  { route: 'GET /v1/tenants/:slug/origins', scopes: ['origins:read'] },
  {
    route: 'POST /v1/tenants/:slug/origins',
    scopes: ENTRY_WRITE,
    status: 201,
    body: () => ({ pattern: PATTERN, ...TEMPORARY }),
  },
  {
    route: 'PUT /v1/tenants/:slug/origins',
    scopes: ['origins:write'],
    headers: IF_MATCH,
    body: () => ({ entries: [{ pattern: PATTERN, ...TEMPORARY }] }),
  },
  { route: 'GET /v1/tenants/:slug/origins/:id', scopes: ['origins:read'], params: entry },
  {
    route: 'PATCH /v1/tenants/:slug/origins/:id',
    scopes: ENTRY_WRITE,
    params: entry,
    body: () => ({ enabled: false }),
  },
  { route: 'DELETE /v1/tenants/:slug/origins/:id', scopes: ENTRY_WRITE, status: 204, params: entry },
  {
    route: 'PUT /v1/tenants/:slug/origins/by-pattern',
    scopes: ENTRY_WRITE,
    status: 201,
    query: () => `pattern=${PATTERN}`,
    body: () => TEMPORARY,
  },
  {
    route: 'DELETE /v1/tenants/:slug/origins/by-pattern',
    scopes: ENTRY_WRITE,
    status: 204,
    query: ({ pattern }) => `pattern=${pattern}`,
  },
  {
    route: 'POST /v1/tenants/:slug/origins/batch',
    scopes: ENTRY_WRITE,
    body: ({ pattern }) => ({
      operations: [
        { op: 'put', pattern: PATTERN, ...TEMPORARY },
        { op: 'delete', pattern },
      ],
    }),
  },
  {
    route: 'POST /v1/lint',
    shape: 'for a tenant',
    scopes: ['origins:read'],
    names: 'body',
    body: ({ slug }) => ({ tenant: slug, patterns: [PATTERN] }),
  },
  { route: 'POST /v1/lint', scopes: ['origins:read'], body: () => ({ patterns: [PATTERN] }) },

  // policies
  { route: 'GET /v1/tenants/:slug/policies', scopes: ['origins:read'] },
  { route: 'GET /v1/tenants/:slug/policies/:name', scopes: ['origins:read'], params: policy },
  {
    route: 'PUT /v1/tenants/:slug/policies/:name',
    scopes: ['policies:write'],
    params: policy,
    body: () => ({ paths: ['/other'] }),
  },
  {
    route: 'DELETE /v1/tenants/:slug/policies/:name',
    scopes: ['policies:write'],
    status: 204,
    params: policy,
  },

  // changes
  { route: 'GET /v1/changes', scopes: ['audit:read'] },
  {
    route: 'GET /v1/changes',
    shape: 'of a tenant',
    scopes: ['audit:read'],
    names: 'query',
    query: ({ slug }) => `tenant=${slug}`,
  },
  {
    route: 'GET /v1/changes',
    shape: 'as lines',
    scopes: ['audit:read'],
    names: 'query',
    query: ({ slug }) => `tenant=${slug}`,
    headers: { accept: 'application/x-ndjson' },
  },
  { route: 'GET /v1/tenants/:slug/changes/verify', scopes: ['audit:read'] },
  { route: 'GET /v1/tenants/:slug/changes', scopes: ['audit:read'] },
  {
    route: 'GET /v1/tenants/:slug/changes/:revision',
    scopes: ['audit:read'],
    params: () => ({ revision: '1' }),
  },

  // history
  {
    route: 'GET /v1/tenants/:slug/changes/:from/diff/:to',
    scopes: ['audit:read'],
    params: ({ revision }) => ({ from: '1', to: String(revision) }),
  },
  {
    route: 'POST /v1/tenants/:slug/changes/:revision/restore',
    scopes: ['origins:write'],
    besides: ['policies:write'],
    params: () => ({ revision: '1' }),
    body: () => ({}),
  },
  { route: 'GET /v1/tenants/:slug/origins/:id/changes', scopes: ['audit:read'], params: entry },
  {
    route: 'GET /v1/tenants/:slug/origins',
    shape: 'as they were',
    scopes: ['origins:read'],
    query: ({ revision }) => `atRevision=${revision}`,
  },
  {
    route: 'GET /v1/evaluate',
    shape: 'as it was',
    scopes: ['evaluate'],
    besides: ['origins:read'],
    names: 'query',
    query: ({ slug, revision }) => `tenant=${slug}&method=GET&atRevision=${revision}`,
  },
  {
    route: 'POST /v1/evaluate',
    shape: 'as it was',
    scopes: ['evaluate'],
    besides: ['origins:read'],
    names: 'body',
    body: (subject) => ({ ...evaluation(subject), atRevision: subject.revision }),
  },
  {
    route: 'GET /v1/snapshot',
    shape: 'as it was',
    scopes: ['sync'],
    besides: ['origins:read'],
    names: 'query',
    query: ({ slug, revision }) => `tenant=${slug}&atRevision=${revision}`,
  },

  // rollout

  { route: 'GET /v1/tenants/:slug/rollout', scopes: ['origins:read'] },
  { route: 'GET /v1/tenants/:slug/horizon', scopes: ['origins:read'] },
  {
    route: 'DELETE /v1/tenants/:slug/rollout/instances/:id',
    scopes: ['tenants:write'],
    status: 204,
    params: ({ instanceId }) => ({ id: instanceId }),
  },

  // keys: of a tenant, and hidden with it
  { route: 'GET /v1/keys', scopes: ['keys:write'] },
  {
    route: 'POST /v1/keys',
    scopes: ['keys:write'],
    status: 201,
    names: 'body',
    hidden: 422,
    body: ({ slug }) => ({ name: 'new', scopes: ['keys:write'], tenants: [slug] }),
  },
  {
    route: 'GET /v1/keys/:id',
    scopes: ['keys:write'],
    names: 'body',
    params: ({ keyId }) => ({ id: keyId }),
  },
  {
    route: 'POST /v1/keys/:id/rotate',
    scopes: ['keys:write'],
    status: 201,
    names: 'body',
    params: ({ keyId }) => ({ id: keyId }),
    body: () => ({}),
  },
  {
    route: 'DELETE /v1/keys/:id',
    scopes: ['keys:write'],
    status: 204,
    names: 'body',
    params: ({ keyId }) => ({ id: keyId }),
  },

  // evaluate
  {
    route: 'GET /v1/evaluate',
    scopes: ['evaluate'],
    names: 'query',
    query: ({ slug }) => `tenant=${slug}&method=GET&origin=https://app.example.com`,
  },
  { route: 'POST /v1/evaluate', shape: 'one', scopes: ['evaluate'], names: 'body', body: evaluation },
  {
    route: 'POST /v1/evaluate',
    shape: 'one that waits',
    scopes: ['evaluate'],
    names: 'body',
    body: (subject) => ({ ...evaluation(subject), minRevision: subject.revision }),
  },
  {
    route: 'POST /v1/evaluate',
    shape: 'batch',
    scopes: ['evaluate'],
    names: 'body',
    hidden: 200,
    body: (subject) => ({ requests: [evaluation(subject)] }),
  },

  // sync
  {
    route: 'GET /v1/snapshot',
    scopes: ['sync'],
    names: 'query',
    query: ({ slug }) => `tenant=${slug}`,
  },
  {
    route: 'POST /v1/versions',
    scopes: ['sync'],
    names: 'body',
    hidden: 200,
    body: ({ slug }) => ({ tenants: [slug] }),
  },
  {
    route: 'POST /v1/stream',
    scopes: ['sync'],
    names: 'body',
    hidden: 200,
    body: (subject) => ({ instance: randomUUID(), tenants: [held(subject)] }),
    isStream: true,
  },
  {
    route: 'POST /v1/report',
    scopes: ['sync'],
    status: 204,
    names: 'body',
    hidden: 204,
    body: (subject) => ({
      ...{ instance: 'matrix', transport: 'stream', onStale: 'serve', maxStalenessMs: 0 },
      applied: [held(subject)],
    }),
  },
];
