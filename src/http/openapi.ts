import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

const DESCRIPTION = `
Keeps, per tenant, which web origins may call your APIs.

CORS is not authentication: it tells browsers which pages may read an answer. It stops no other client.

Every error is an RFC 9457 problem with a stable \`code\`. Every write answers with the tenant's new revision in \`X-Revision\`.
`.trim();

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
    transform: jsonSchemaTransform,
    transformObject: (document) => {
      const described = jsonSchemaTransformObject(document);
      dropUnusedSchemas(described);
      return described;
    },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    reply.header('cache-control', 'no-cache');
    return app.swagger();
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
}

/** The two members of an OpenAPI document that matter here, whichever version types it. */
interface Described {
  readonly paths?: unknown;
  readonly components?: { readonly schemas?: Record<string, unknown> };
}

/**
 * Each schema with an id comes out of the zod transform twice, as it is read (`X`) and as it is written (`XInput`);
 * most are used one way only. What nothing refers to goes, so that generated clients hold no dead types.
 */
function dropUnusedSchemas({ paths, components: { schemas = {} } = {} }: Described): void {
  const used = new Set<string>();
  const queue = references(paths);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    queue.push(...references(schemas[name]));
  }
  for (const name of Object.keys(schemas)) {
    if (!used.has(name)) delete schemas[name];
  }
}

function references(value: unknown): string[] {
  return [...JSON.stringify(value ?? null).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].flatMap(
    ([, name]) => name ?? [],
  );
}
