import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Store } from '../../store/store.js';

const LiveSchema = z.object({ status: z.literal('ok') }).meta({ id: 'Liveness' });

const ReadySchema = z
  .object({
    status: z.enum(['ready', 'degraded', 'unavailable']),
    postgres: z.enum(['up', 'down']),
    redis: z.enum(['up', 'down', 'off']),
  })
  .meta({ id: 'Readiness' });

const tags = ['health'];

/** `/healthz` and `/readyz`, without a key. */
export const healthRoutes: FastifyPluginAsyncZod<{ readonly store: Store }> = async (app, { store }) => {
  app.get('/healthz', {
    schema: {
      operationId: 'getLiveness',
      summary: 'Whether the process runs',
      tags,
      security: [],
      response: { 200: LiveSchema },
    },
    handler: async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return { status: 'ok' as const };
    },
  });

  app.get('/readyz', {
    schema: {
      operationId: 'getReadiness',
      summary: 'Whether the node can serve',
      description:
        '`degraded` (200): it serves from its caches, writes answer 503. Taking every node out of rotation because the database they share is down would turn an outage of writes into one of reads.',
      tags,
      security: [],
      response: { 200: ReadySchema, 503: ReadySchema },
    },
    handler: async (_request, reply) => {
      const health = await store.health();
      const status = readiness(health);
      reply.header('cache-control', 'no-store').code(status === 'unavailable' ? 503 : 200);
      return { status, ...health };
    },
  });
};

function readiness(health: Awaited<ReturnType<Store['health']>>): 'ready' | 'degraded' | 'unavailable' {
  const { postgres, redis } = health;
  if (postgres === 'up') return redis === 'down' ? 'degraded' : 'ready';
  return redis === 'up' ? 'degraded' : 'unavailable';
}
