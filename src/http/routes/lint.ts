import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { existingIn } from '../../lint/existing-patterns.js';
import { verdictOf } from '../../lint/finding.js';
import { hasCredentials } from '../../lint/lint-entries.js';
import { lintPattern } from '../../lint/lint-pattern.js';
import { PUBLIC_SUFFIX_LIST_VERSION } from '../../lint/public-suffix.js';
import { refuseUnknownPolicies, type Store, tenantNotFound } from '../../store/store.js';
import { mapInTurns } from '../../turns.js';
import type { Principal } from '../auth.js';
import { AcceptedRisksSchema, MAX_POLICIES } from '../entry-schema.js';
import { readExisting } from '../existing-list.js';
import { EnvironmentSchema, PolicyNameSchema } from '../fields.js';
import { FindingSchema, toFinding } from '../finding-schema.js';
import { longList } from '../long-list.js';
import { bodyProblemResponses } from '../problem.js';

const BODY_LIMIT_BYTES = 1_024 * 1_024;
const MAX_PATTERNS = 1_000;
const MAX_EXISTING = 10_000;
/** Longer than any pattern, so that what is too long is a finding and not a broken request. */
const MAX_TEXT_LENGTH = 10_000;

const PatternText = z.string().max(MAX_TEXT_LENGTH);

const LintRequestSchema = z
  .strictObject({
    patterns: longList(
      z.union(
        [
          PatternText,
          z.strictObject({
            pattern: PatternText,
            policies: z
              .array(PolicyNameSchema)
              .max(MAX_POLICIES)
              .default([])
              .meta({ description: 'The policies it is for; none named = all.' }),
            acceptedRisks: AcceptedRisksSchema.default([]),
          }),
        ],
        { error: 'Must be a text, or an object with a `pattern`.' },
      ),
      { min: 1, max: MAX_PATTERNS },
    ),
    tenant: z
      .string()
      .optional()
      .meta({ description: 'Lint for this tenant: its environment, its policies, its list.' }),
    credentials: z.boolean().optional().meta({
      description:
        'Whether pages may send cookies. Absent = what the tenant’s policies say, without a tenant `false`.',
    }),
    environment: EnvironmentSchema.optional().meta({
      description: 'Absent = the tenant’s, without a tenant `production`.',
    }),
    existing: z.array(PatternText).max(MAX_EXISTING).optional().meta({
      description: 'Patterns of the list it is for. Absent = the tenant’s list, without a tenant not known.',
    }),
  })
  .meta({ id: 'LintRequest', examples: [{ patterns: ['https://*.vercel.app'], credentials: true }] });

const LintResultSchema = z
  .object({
    results: z
      .array(
        z.object({
          pattern: z.string(),
          verdict: z
            .enum(['ok', 'warn', 'reject'])
            .meta({ description: 'The strongest of the findings; `reject` would block a write.' }),
          findings: z.array(FindingSchema),
        }),
      )
      .meta({ description: 'In the order of the patterns.' }),
    publicSuffixListVersion: z.string(),
  })
  .meta({ id: 'LintResult' });

/** `/v1/lint`: what a write would be told, without the write. */
export const lintRoutes: FastifyPluginAsyncZod<{
  readonly store: Store;
  readonly now: () => number;
}> = async (app, { store, now }) => {
  app.post('/v1/lint', {
    config: { scope: 'origins:read' },
    bodyLimit: BODY_LIMIT_BYTES,
    schema: {
      operationId: 'lint',
      summary: 'Say what is wrong or risky about patterns; nothing is written',
      tags: ['origins'],
      body: LintRequestSchema,
      response: { 200: LintResultSchema, ...bodyProblemResponses('tenant_not_found', 'policy_unknown') },
    },
    handler: async (request) => {
      const { patterns, tenant, ...given } = request.body;
      const context = tenant === undefined ? NO_TENANT : await tenantContext(tenant, request.principal);
      if (tenant !== undefined) refuseUnknownPolicies(context.policies, patterns.flatMap(policiesNamed));
      const environment = given.environment ?? context.environment;
      const existing =
        given.existing === undefined
          ? context.existing
          : await readExisting(
              given.existing.map((pattern) => ({ pattern })),
              now(),
            );
      const results = await mapInTurns(patterns, (item) => {
        const { pattern, policies, acceptedRisks } =
          typeof item === 'string' ? { pattern: item, policies: [], acceptedRisks: [] } : item;
        const credentials = given.credentials ?? hasCredentials(context.policies, policies);
        const findings = lintPattern(pattern, {
          credentials,
          environment,
          policies,
          acceptedRisks,
          ...(existing !== undefined && { existing }),
        });
        return { pattern, verdict: verdictOf(findings), findings: findings.map(toFinding) };
      });
      return { results, publicSuffixListVersion: PUBLIC_SUFFIX_LIST_VERSION };
    },
  });

  async function tenantContext(slug: string, principal: Principal) {
    const [{ environment }, policies, snapshot] = await Promise.all([
      store.tenants.get(slug, principal),
      store.policies.list(slug, principal),
      store.snapshots.bySlug(slug),
    ]);
    if (snapshot === undefined) throw tenantNotFound(slug);
    return { environment, policies, existing: existingIn(snapshot.compiled.origins, now()) };
  }
};

function policiesNamed(item: z.output<typeof LintRequestSchema>['patterns'][number], index: number) {
  return typeof item === 'string' ? [] : [{ pointer: `/patterns/${index}`, policies: item.policies }];
}

const NO_TENANT = { environment: 'production', policies: [], existing: undefined } as const;
