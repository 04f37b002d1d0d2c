import { z } from 'zod';

/** One instance, and the version of the tenant it told of last. */
export const RolloutInstanceSchema = z
  .object({
    id: z.uuid().meta({ description: 'What an admin removes it by.' }),
    key: z.string().meta({ description: 'The key it uses: an actor, as in the trail.' }),
    instance: z.string(),
    service: z.string().nullable(),
    sdk: z.string().nullable(),
    transport: z.enum(['stream', 'poll']),
    onStale: z.enum(['serve', 'refuse']),
    maxStalenessMs: z.int(),
    lineage: z.uuid().nullable().meta({ description: '`null` = it holds nothing of the tenant yet.' }),
    revision: z.int().nullable(),
    appliedAt: z.string().meta({ description: 'When it first told of this version.' }),
    firstSeenAt: z.string(),
    lastSeenAt: z.string(),
  })
  .meta({ id: 'RolloutInstance' });

const instances = z.array(RolloutInstanceSchema);

/** Whether all who may hold the tenant are counted. */
export const completeness = {
  complete: z.boolean().meta({
    description:
      'Whether nobody can be missing. Only then does an empty `lagging` and `silent` prove anything.',
  }),
  incompleteBecause: z
    .array(z.enum(['registry_young', 'rows_lost', 'over_cap', 'lineage_renewed']))
    .meta({ description: 'Why not; empty when complete.' }),
};

const CountsSchema = z
  .object({ applied: z.int(), lagging: z.int(), silent: z.int() })
  .meta({ id: 'RolloutCounts', description: 'Of all instances; the lists name the first 200 each.' });

/** Who has applied a revision. */
export const RolloutSchema = z
  .object({
    tenant: z.string(),
    lineage: z.uuid(),
    revision: z.int(),
    ...completeness,
    counts: CountsSchema,
    applied: instances.meta({ description: 'They decide by this revision or a later one.' }),
    lagging: instances.meta({
      description: 'Heard of lately, with an earlier revision, another lineage or nothing.',
    }),
    silent: instances.meta({ description: 'Not heard of for 90 s, whatever they had applied.' }),
  })
  .meta({ id: 'Rollout' });

/** What a write that waited answers of its own rollout. */
export const WaitedRolloutSchema = z
  .object({
    revision: z.int(),
    complete: completeness.complete,
    incompleteBecause: z
      .array(z.enum(['registry_young', 'rows_lost', 'over_cap', 'lineage_renewed', 'not_known']))
      .meta({
        description: '`not_known`: the write is committed, but who has applied it could not be read.',
      }),
    counts: CountsSchema.nullable().meta({ description: '`null` = not known.' }),
    lagging: instances,
    silent: instances,
    waitedMs: z.int(),
  })
  .meta({ id: 'WaitedRollout' });
