import { randomUUID } from 'node:crypto';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { Store } from '../../store/store.js';
import { SlugSchema } from '../fields.js';
import { InstanceNameSchema, MAX_TENANTS, ServiceNameSchema } from '../instance-schema.js';
import { bodyProblemResponses } from '../problem.js';
import { createStreams } from '../streams.js';

const StreamRequestSchema = z
  .strictObject({
    instance: InstanceNameSchema,
    service: ServiceNameSchema.optional(),
    tenants: z
      .array(
        z.strictObject({
          slug: SlugSchema,
          lineage: z.uuid().nullable(),
          revision: z.int().min(1).nullable().meta({ description: '`null` = not held.' }),
        }),
      )
      .max(MAX_TENANTS),
  })
  .meta({
    id: 'StreamRequest',
    examples: [{ instance: 'a1', tenants: [{ slug: 'acme', lineage: null, revision: null }] }],
  });

/** `/v1/stream`: every step of the caller's tenants, as it happens. */
export const streamRoutes: FastifyPluginAsyncZod<{
  readonly store: Store;
  readonly now: () => number;
}> = async (app, { store, now }) => {
  const streams = createStreams({ store, node: randomUUID(), now });
  // Streams never end by themselves in time: the server would wait for them.
  app.addHook('preClose', async () => streams.close());

  app.post('/v1/stream', {
    config: { scope: 'sync' },
    schema: {
      operationId: 'openStream',
      summary: 'Hear of every change as it happens',
      description:
        'Server-sent events: `hello`, `delta`, `resync`, `gone`, `ping`. What each means stands in docs/stream.md.',
      tags: ['sync'],
      body: StreamRequestSchema,
      response: {
        200: {
          description: 'The events, until either side ends it.',
          content: { 'text/event-stream': { schema: z.string() } },
        },
        ...bodyProblemResponses(),
      },
    },
    handler: (request, reply) => {
      if (!streams.hasRoom(request.principal)) {
        throw new AppError('rate_limited', 'This node has all the streams it takes.');
      }
      const { raw: response } = reply;
      reply.hijack();
      request.raw.socket.setNoDelay(true);
      // Reset by a client that is gone: its end is heard of by `close`.
      response.on('error', (err) => request.log.debug({ err }, 'a stream broke off'));
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) response.setHeader(name, value);
      }
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        // Kept alive after the end it would keep a server that stops from stopping.
        connection: 'close',
        // nginx would keep back what is not much.
        'x-accel-buffering': 'no',
        'x-server-time': now(),
      });
      const { instance, service, tenants: held } = request.body;
      const tenants = held.map(({ slug, lineage, revision }) => ({
        slug,
        version: lineage === null || revision === null ? null : { lineage, revision },
      }));
      streams.open(response, request.principal, tenants);
      // Who streams and never reports is lagging, not missing. The stream does not depend on it, nor wait for it.
      store.instances
        .follow({ keyId: request.principal.actor, instance, service }, held, request.principal)
        .catch((err: unknown) =>
          request.log.debug({ err }, 'a stream was opened by an instance that is not known'),
        );
    },
  });
};
