import { parseOrigin } from '@origin-allowlist/client/core';
import { z } from 'zod';
import { RevisionSchema } from './fields.js';
import { judgedAt, pastFields, pastQuery, refuseTwoTimes } from './past.js';
import { ProblemSchema } from './problem.js';

const MAX_BATCH = 100;

/** Far more than the names an application is public under. */
const MAX_OWN_ORIGINS = 100;

/** Far more than a request has; from 65 on a preflight is refused. */
const MAX_LINES = 10_000;

const lines = z.union([z.string(), z.array(z.string()).max(MAX_LINES)], {
  error: `Must be a text, or a list of at most ${MAX_LINES} texts.`,
});

const ownOrigins = z
  .array(
    z.string().refine((text) => parseOrigin(text) !== undefined, {
      message: 'Must be an origin as browsers write it: scheme://host[:port], lower case, nothing else.',
      params: { code: 'origin_invalid' },
    }),
  )
  .max(MAX_OWN_ORIGINS);
const OWN_ORIGINS_META = {
  description:
    'Origins of the application’s own pages, as `publicOrigins` of the SDK: their requests pass where a policy has `block`. ' +
    'The SDK counts the scheme and host of the request itself as one; here it must be named.',
};

const fields = z.strictObject({
  tenant: z.string(),
  origin: lines.optional().meta({ description: 'The `Origin` header; an array for repeated lines.' }),
  method: z
    .string()
    .min(1)
    .meta({ description: 'The method of the request itself: OPTIONS for a preflight.' }),
  path: z.string().optional().meta({ description: 'The full request target; absent = `/`.' }),
  requestMethod: lines.optional().meta({ description: '`Access-Control-Request-Method`.' }),
  requestHeaders: lines.optional().meta({ description: '`Access-Control-Request-Headers`.' }),
  requestPrivateNetwork: z
    .union([z.boolean(), z.string()])
    .optional()
    .meta({ description: '`Access-Control-Request-Private-Network`.' }),
  host: z.string().optional().meta({ description: 'The `Host` header, for policies with `alwaysSend`.' }),
  policy: z.string().optional().meta({ description: 'A policy by name, instead of by path.' }),
  secFetchSite: lines
    .optional()
    .meta({ description: '`Sec-Fetch-Site`, for policies with `block`: `same-origin` and `none` pass.' }),
  ownOrigins: ownOrigins.optional().meta(OWN_ORIGINS_META),
  minRevision: RevisionSchema.optional().meta({
    description: 'Wait up to a second for this revision, then answer 409 `revision_not_reached`.',
  }),
  ...pastFields,
});

/** A request to decide. Header values are the raw lines, as received. */
export const EvaluateRequestSchema = fields.superRefine(refuseTwoTimes).meta({
  id: 'EvaluateRequest',
  examples: [{ tenant: 'acme', method: 'GET', origin: 'https://app.example.com', path: '/orders' }],
});

/** The same in a query string. */
export const EvaluateQuerySchema = fields
  .extend({
    method: z.string().min(1).default('GET'),
    requestPrivateNetwork: z.string().optional(),
    // A query parameter that stands there once is a string.
    ownOrigins: z
      .preprocess((value) => (typeof value === 'string' ? [value] : value), ownOrigins)
      .optional()
      .meta(OWN_ORIGINS_META),
    minRevision: z.coerce.number().pipe(RevisionSchema).optional(),
    ...pastQuery,
  })
  .superRefine(refuseTwoTimes);

export const EvaluateBatchSchema = z
  .strictObject({ requests: z.array(z.unknown()).min(1).max(MAX_BATCH) })
  .meta({ id: 'EvaluateBatchItems' });

/** Documents the body; each item is validated on its own. */
export const EvaluateBodySchema = z.union([
  EvaluateRequestSchema,
  z
    .strictObject({ requests: z.array(EvaluateRequestSchema).min(1).max(MAX_BATCH) })
    .meta({ id: 'EvaluateBatch' }),
]);

/** A decision, with everything needed to apply it in any language. */
export const EvaluationSchema = z
  .object({
    kind: z.enum(['non-cors', 'actual', 'preflight']),
    allowed: z.boolean(),
    reason: z.string().meta({ description: 'A stable code.' }),
    explanation: z.string().meta({
      description:
        'For people, in plain sentences: why, the parsed origin, the policy and how it was chosen, the nearest entries and what keeps ' +
        'them from matching, what was refused by name, and the headers. Its wording is no contract: programs go by `reason`.',
    }),
    matched: z
      .object({ pattern: z.string(), kind: z.enum(['exact', 'subdomains', 'affix', 'any', 'null']) })
      .optional()
      .meta({ description: 'The entry that allowed it.' }),
    policy: z.string().nullable(),
    enforcement: z.enum(['report', 'headers', 'block']),
    callsNext: z.boolean().meta({ description: 'Whether the application runs.' }),
    status: z
      .union([z.literal(204), z.literal(403)])
      .nullable()
      .meta({ description: 'The status to answer with instead of running the application.' }),
    headers: z.record(z.string(), z.string()).meta({ description: 'To set, replacing what is there.' }),
    vary: z.array(z.string()).meta({ description: 'To merge into `Vary`.' }),
    remove: z.array(z.string()).meta({ description: 'Response headers to delete.' }),
    tenant: z.string(),
    revision: z.int(),
    at: judgedAt,
  })
  .meta({ id: 'Evaluation' });

export const BatchResultSchema = z
  .object({ results: z.array(z.union([EvaluationSchema, z.object({ problem: ProblemSchema })])) })
  .meta({ id: 'EvaluateBatchResult' });
