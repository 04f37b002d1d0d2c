import { randomUUID } from 'node:crypto';
import { CALLER_ROWS } from './isolation-caller-rows.js';
import type { Row } from './isolation-row.js';
import { type Subject, TEMPORARY } from './isolation-world.js';

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

const ENTRY_WRITE = ['origins:write', 'origins:write-temporary'] as const;
const PATTERN = 'https://new.example.com';
const IF_MATCH = { 'if-match': '*' };

const entry = ({ entryId }: Subject) => ({ id: entryId });
const policy = ({ policyName }: Subject) => ({ name: policyName });

/** How every route is called, and who may. */
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

  // rollout
  { route: 'GET /v1/tenants/:slug/rollout', scopes: ['origins:read'] },
  { route: 'GET /v1/tenants/:slug/horizon', scopes: ['origins:read'] },
  {
    route: 'DELETE /v1/tenants/:slug/rollout/instances/:id',
    scopes: ['tenants:write'],
    status: 204,
    params: ({ instanceId }) => ({ id: instanceId }),
  },

  ...CALLER_ROWS,
];
