import { STATUS_CODES } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { documentChainHeads } from './chain-head.js';
import { DOCS_POLICY } from './security-headers.js';

const DESCRIPTION = `
Keeps, per tenant, which web origins may call your APIs.

CORS is not authentication: it tells browsers which pages may read an answer. It stops no other client.

Every error of a call is an RFC 9457 problem with a stable \`code\`. Every write to a tenant answers with
its new revision in \`X-Revision\` and the hash of that revision's change in \`X-Chain-Head\`.

Every write to a tenant, and the list of its entries, tells in \`X-Quota\` (a dictionary of RFC 9651) what it has and may have:
\`entries=12;limit=100000, wildcards=3;limit=1000, policies=1;limit=100\`. A write that would make it have more is 409 \`quota_exceeded\`.

Every answer to a key tells in \`RateLimit-Limit\`, \`RateLimit-Remaining\` and \`RateLimit-Reset\` (seconds) what is left of the budget of this kind
of call; beyond it 429 \`rate_limited\` with \`Retry-After\`.
`.trim();

const DOCUMENT_OPTIONS = {
  zodToJsonConfig: {
    // zod leaves the examples of whatever holds a transform out of what is read.
    override: ({
      zodSchema,
      jsonSchema,
    }: {
      zodSchema: z.core.$ZodType;
      jsonSchema: z.core.JSONSchema.BaseSchema;
    }) => {
      const examples = z.globalRegistry.get(zodSchema)?.examples;
      if (Array.isArray(examples)) jsonSchema.examples = examples;
    },
  },
};

/** Collects the routes registered after it; `/openapi.json` answers the document, `/docs` shows it. */
export async function registerOpenapi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Origin Allowlist',
        version: '1.0.0',
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'tenants', description: 'Whose lists there are.' },
        { name: 'origins', description: 'The entries of a list.' },
        { name: 'policies', description: 'Named sets of CORS settings, bound to path prefixes.' },
        { name: 'changes', description: 'Who changed what, when.' },
        { name: 'rollout', description: 'Who has applied what.' },
        { name: 'keys', description: 'Who may call.' },
        { name: 'evaluate', description: 'The decision the SDK would take.' },
        { name: 'sync', description: 'What the SDK calls.' },
        { name: 'health', description: 'For load balancers and people on call.' },
      ],
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'The admin key, or a key from `/v1/keys`.' },
        },
      },
      security: [{ key: [] }],
    },
    transform: createJsonSchemaTransform(DOCUMENT_OPTIONS),
    transformObject: (document) => tidySchemas(createJsonSchemaTransformObject(DOCUMENT_OPTIONS)(document)),
  });
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    reply.header('cache-control', 'no-cache');
    return app.swagger();
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: DOCS_POLICY });
}

/**
 * Each schema with an id comes out of the zod transform twice: as it is read (`X`) and as it is written (`XInput`). Here
 * one name is left where one is enough, so that generated clients hold no dead or doubled types.
 */
function tidySchemas<Document extends object>(document: Document): Document {
  const tidied = JSON.parse(JSON.stringify(document));
  const schemas: Record<string, unknown> = tidied.components.schemas;
  documentChainHeads(tidied.paths);
  const used = reachable(tidied.paths, schemas);
  for (const name of Object.keys(schemas)) {
    if (!used.has(name)) delete schemas[name];
  }
  const renamed = new Map<string, string>();
  for (const [name, schema] of Object.entries(schemas)) {
    const plain = name.replace(/Input$/, '');
    if (plain === name) continue;
    if (plain in schemas && JSON.stringify(schemas[plain]) !== JSON.stringify(schema)) continue;
    renamed.set(reference(name), reference(plain));
    delete schemas[name];
    schemas[plain] = schema;
  }
  return JSON.parse(JSON.stringify(tidied), (key, value) => {
    if (key === '$ref') return renamed.get(value) ?? value;
    if (value?.description === 'Default Response') return { ...value, description: STATUS_CODES[key] };
    return value?.default === undefined ? value : withDefaultInWords(value);
  });
}

// Generators take the keyword for a promise that the member is there, and then ask for it in requests.
function withDefaultInWords({
  default: value,
  description,
  ...schema
}: {
  default: unknown;
  description?: string;
}) {
  return { ...schema, description: `${description ?? ''} Default: \`${JSON.stringify(value)}\`.`.trim() };
}

function reachable(paths: unknown, schemas: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const used = new Set<string>();
  const queue = references(paths);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    queue.push(...references(schemas[name]));
  }
  return used;
}

function reference(name: string): string {
  return `#/components/schemas/${name}`;
}

function references(value: unknown): string[] {
  return [...JSON.stringify(value ?? null).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].flatMap(
    ([, name]) => name ?? [],
  );
}
