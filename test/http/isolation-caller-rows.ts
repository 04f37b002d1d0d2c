import { randomUUID } from 'node:crypto';
import type { Row } from './isolation-row.js';
import type { Subject } from './isolation-world.js';

const evaluation = ({ slug }: Subject) => ({
  tenant: slug,
  method: 'GET',
  origin: 'https://app.example.com',
});
const held = ({ slug, lineage, revision }: Subject) => ({ slug, lineage, revision });

/** Of routes that name a tenant elsewhere than in their path: keys, evaluations, the SDK's calls. */
export const CALLER_ROWS: readonly Row[] = [
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
  {
    route: 'GET /v1/snapshot',
    shape: 'as it was',
    scopes: ['sync'],
    besides: ['origins:read'],
    names: 'query',
    query: ({ slug, revision }) => `tenant=${slug}&atRevision=${revision}`,
  },
];
