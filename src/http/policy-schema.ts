import { MAX_AGE_LIMIT_SECONDS } from '@origin-allowlist/client/core';
import { z } from 'zod';
import { PolicyNameSchema } from './fields.js';
import { PolicyFindingSchema } from './finding-schema.js';
import { WaitedRolloutSchema } from './rollout-schema.js';

const MAX_PATHS = 100;
const MAX_NAMES = 200;

const names = z.array(z.string().max(256)).max(MAX_NAMES);

/** The settings of a policy as they are written, by their types; what is absent is off. `policy-input.ts` knows the rules. */
export const PolicyInputSchema = z
  .strictObject({
    paths: z.array(z.string().max(2_000)).max(MAX_PATHS).default([]).meta({
      description:
        'Path prefixes on segment borders; the longest over all policies wins. None = chosen by name only.',
    }),
    credentials: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether pages may send cookies and read the answer.' }),
    methods: names.default([]),
    allowedHeaders: names.default([]),
    exposedHeaders: names.default([]),
    // The range is the linter's to check, so that it is told with its code, beside all else.
    maxAgeSeconds: z
      .number()
      .meta({ type: 'integer', minimum: 0, maximum: MAX_AGE_LIMIT_SECONDS })
      .nullable()
      .default(null)
      .meta({ description: 'How long browsers may keep a preflight; `null` leaves the header out.' }),
    privateNetwork: z.boolean().default(false),
    alwaysSend: z
      .boolean()
      .default(false)
      .meta({ description: 'Without an Origin header, send the one exact entry of the request’s own host.' }),
    enforcement: z
      .enum(['report', 'headers', 'block'])
      .default('headers')
      .meta({
        description:
          '`report` decides and writes nothing, so the application’s own CORS stays in charge; `headers` writes the headers; ' +
          '`block` also answers refused cross-origin requests with 403, save those of the application’s own pages.',
      }),
  })
  .meta({
    id: 'PolicySettings',
    examples: [
      {
        paths: ['/api'],
        credentials: true,
        methods: ['PUT', 'DELETE'],
        allowedHeaders: ['content-type', 'authorization'],
        maxAgeSeconds: 600,
      },
    ],
  });

/** A policy as it is answered. */
export const PolicySchema = z
  .object({
    name: PolicyNameSchema,
    paths: z.array(z.string()),
    credentials: z.boolean(),
    methods: z.array(z.string()),
    allowedHeaders: z.array(z.string()),
    exposedHeaders: z.array(z.string()),
    maxAgeSeconds: z.int().nullable(),
    privateNetwork: z.boolean(),
    alwaysSend: z.boolean(),
    enforcement: z.enum(['report', 'headers', 'block']),
    revision: z.int(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: 'Policy' });

/** A policy as a write of it answers. */
export const WrittenPolicySchema = PolicySchema.extend({
  findings: z.array(PolicyFindingSchema).meta({ description: 'What the linter has to say of it.' }),
  rollout: WaitedRolloutSchema.optional(),
}).meta({ id: 'WrittenPolicy' });
