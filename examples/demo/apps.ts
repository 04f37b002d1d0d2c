import { createServer, type Server } from 'node:http';
import type { Allowlist } from '@origin-allowlist/client';
import { cors as fastifyCors } from '@origin-allowlist/client/fastify';
import { cors } from '@origin-allowlist/client/node';
import express from 'express';
import Fastify, { type FastifyInstance } from 'fastify';

const ORDERS = { orders: 3 };

/** An Express app whose one line of middleware comes first. */
export function buildExpressApp(allowlist: Allowlist): Server {
  const app = express();
  app.use(cors(allowlist));
  app.all('/orders', (_request, response) => {
    response.setHeader('X-Total', '3');
    response.json(ORDERS);
  });
  return createServer(app);
}

/** The same app in Fastify. */
export async function buildFastifyApp(allowlist: Allowlist): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(fastifyCors, { allowlist });
  app.route({
    method: ['GET', 'PUT'],
    url: '/orders',
    handler: async (_request, reply) => {
      reply.header('X-Total', '3');
      return ORDERS;
    },
  });
  return app;
}
