import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Store } from '../../store/store.js';
import { RevisionSchema, SlugSchema } from '../fields.js';
import { InstanceNameSchema, MAX_TENANTS, ServiceNameSchema } from '../instance-schema.js';
import { bodyProblemResponses } from '../problem.js';

/** 30 days, the most that the SDK can be set to: who claims more would keep rollouts incomplete for as long. */
const MAX_STALENESS_MS = 30 * 24 * 3_600_000;

const ReportSchema = z
  .strictObject({
    instance: InstanceNameSchema,
    service: ServiceNameSchema.optional(),
    sdk: z
      .string()
      .regex(/^[A-Za-z0-9._+-]{1,64}$/)
      .optional()
      .meta({ description: 'The version of the SDK.' }),
    transport: z.enum(['stream', 'poll']).meta({ description: 'How it hears of changes at the moment.' }),
    onStale: z
      .enum(['serve', 'refuse'])
      .meta({ description: 'What it does when it has not been able to ask for `maxStalenessMs`.' }),
    maxStalenessMs: z.int().min(0).max(MAX_STALENESS_MS),
    applied: z
      .array(z.strictObject({ slug: SlugSchema, lineage: z.uuid(), revision: RevisionSchema }))
      .max(MAX_TENANTS)
      .meta({ description: 'What it decides by: swapped in, not merely received.' }),
    all: z.boolean().default(false).meta({
      description: 'Whether `applied` is all it holds: it is then forgotten for every other tenant.',
    }),
    bye: z.boolean().default(false).meta({ description: 'It closes: it is forgotten.' }),
  })
  .meta({
    id: 'Report',
    examples: [
      {
        instance: 'a1',
        service: 'checkout',
        sdk: '0.1.0',
        transport: 'stream',
        onStale: 'serve',
        maxStalenessMs: 86_400_000,
        applied: [{ slug: 'acme', lineage: '0b1f5b9e-8f0f-4f5c-9d5e-1f2a3b4c5d6e', revision: 42 }],
      },
    ],
  });

/** `/v1/report`: SDKs tell what they decide by. */
export const reportRoutes: FastifyPluginAsyncZod<{ readonly store: Store }> = async (app, { store }) => {
  app.post('/v1/report', {
    config: { scope: 'sync' },
    schema: {
      operationId: 'report',
      summary: 'Tell which versions an instance decides by',
      description:
        'Every 30 s and, when a delta asks for it, at once. Tenants the key may not see are passed over. Who reports what, and what becomes of it, stands in docs/rollout.md.',
      tags: ['sync'],
      body: ReportSchema,
      response: { 204: z.null(), ...bodyProblemResponses('too_many_instances') },
    },
    handler: async (request, reply) => {
      const { all: isAll, bye, ...report } = request.body;
      const { principal } = request;
      const name = { keyId: principal.actor, instance: report.instance };
      if (bye) await store.instances.sayBye(name);
      else await store.instances.report({ ...report, ...name, isAll }, principal);
      reply.code(204);
      return null;
    },
  });
};
