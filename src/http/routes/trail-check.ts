import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { Store } from '../../store/store.js';
import { TenantParams } from '../fields.js';
import { problemResponses } from '../problem.js';

/** How long one call looks; the next goes on. */
const CHECK_LIMIT_MS = 5_000;
const RETRY_AFTER_SECONDS = 5;

const VerdictSchema = z
  .object({
    tenant: z.string(),
    tenantId: z.uuid(),
    fromRevision: z.int(),
    toRevision: z.int().meta({ description: 'The last change that holds.' }),
    hash: z.string().nullable().meta({ description: 'Its hash.' }),
    broken: z
      .object({
        revision: z.int(),
        kind: z.enum([
          'hash_mismatch',
          'prev_hash_mismatch',
          'missing_revision',
          'lineage_mismatch',
          'before_mismatch',
          'head_mismatch',
          'rows_mismatch',
          'versions_mismatch',
          'subjects_mismatch',
          'pin_mismatch',
        ]),
        detail: z.string(),
      })
      .nullable()
      .meta({ description: 'The first link that does not hold; `null` = what was looked at holds.' }),
    nextRevision: z
      .int()
      .nullable()
      .meta({ description: 'From where to go on, with `fromRevision`; `null` = the end was reached.' }),
    rowsCompared: z.boolean().meta({
      description:
        'Whether the rows in use, and those that history keeps, were compared with the changes: only by a call that goes from the first to the last.',
    }),
    lineageRenewed: z.boolean().meta({ description: 'The lineage was renewed after the newest change.' }),
  })
  .meta({ id: 'TrailVerdict' });

/** `/v1/tenants/{slug}/changes/verify`: whether the chain holds. */
export const trailCheckRoutes: FastifyPluginAsyncZod<{ readonly store: Store }> = async (app, { store }) => {
  /** One at a time on a node: a chain is read and hashed as fast as it can be. */
  let isChecking = false;

  app.get('/v1/tenants/:slug/changes/verify', {
    config: { scope: 'audit:read' },
    schema: {
      operationId: 'verifyChanges',
      summary: 'Check the hash chain of a tenant, and the rows in use and in its history against it',
      description: `Looks for at most ${CHECK_LIMIT_MS / 1_000} seconds; a longer chain is checked in several calls. One runs at a time on a node.`,
      tags: ['changes'],
      params: TenantParams,
      querystring: z
        .strictObject({
          fromRevision: z.coerce.number().int().min(1).max(999_999_999).default(1).meta({
            description: 'Where to begin; what is before is trusted.',
          }),
          expect: z
            .string()
            .regex(/^[0-9a-f]{64}$/, 'Must be a hash: 64 of 0-9 and a-f.')
            .optional()
            .meta({ description: 'The hash that change `expectRevision` must have.' }),
          expectRevision: z.coerce.number().int().min(1).max(999_999_999).optional(),
        })
        .refine(({ expect, expectRevision }) => expect !== undefined || expectRevision === undefined, {
          path: ['expect'],
          message: 'Give the hash that change `expectRevision` must have.',
        }),
      response: { 200: VerdictSchema, ...problemResponses('tenant_not_found', 'invalid_input') },
    },
    handler: async (request, reply) => {
      const { fromRevision, expect: hash, expectRevision: revision } = request.query;
      if (isChecking) {
        reply.header('retry-after', RETRY_AFTER_SECONDS);
        throw new AppError('rate_limited', 'This node is checking a chain already.');
      }
      isChecking = true;
      try {
        const pin = hash === undefined ? undefined : { hash, revision };
        const options = { fromRevision, pin, limitMs: CHECK_LIMIT_MS };
        const verdict = await store.trailCheck.bySlug(request.params.slug, options, request.principal);
        return reply.header('cache-control', 'no-store').send(verdict);
      } finally {
        isChecking = false;
      }
    },
  });
};
