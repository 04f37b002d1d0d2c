import fc from 'fast-check';
import { AppError } from '../../src/errors.js';
import type { Store } from '../../src/store/store.js';
import { pattern } from './test-store.js';

/** Few names, so that steps meet the same rows again. */
const NAMES = ['a', 'b', '*.c', 'pr-*-d'] as const;
const name = fc.constantFrom(...NAMES);
const fields = fc.record(
  {
    enabled: fc.boolean(),
    expiresAt: fc.constantFrom('2020-01-01T00:00:00.000Z', '2090-01-01T00:00:00.000Z', null),
    note: fc.constantFrom('why', null),
    labels: fc.constantFrom(['x'], []),
    policies: fc.constantFrom(['api'], [], ['default']),
    acceptedRisks: fc.constantFrom([{ code: 'SHARED_HOSTING', note: 'meant' }], []),
  },
  { requiredKeys: [] },
);
const port = fc.constantFrom('', ':*');
const input = fc.record({ name, port, fields });

/** One write; many change nothing or are refused, as writes do and are. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), input }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), input }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), input, to: input }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('batch' as const),
      operations: fc.array(fc.record({ op: fc.constantFrom('put' as const, 'delete' as const), input }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('replace' as const),
      inputs: fc.array(input, { maxLength: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('policy' as const),
      name: fc.constantFrom('api', 'default'),
      credentials: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('deletePolicy' as const), name: fc.constant('api') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('tenant' as const),
      environment: fc.constantFrom('staging' as const, 'production' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restore' as const), back: fc.nat({ max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A history. */
export const steps = fc.array(step, { minLength: 1, maxLength: 25, size: 'max' });

/** What the steps are taken on. */
export interface Stage {
  readonly store: Store;
  /** Clears away what expired long ago. */
  readonly expire: () => Promise<unknown>;
}

/** Takes a step. A write that is refused leaves no trace in any history. */
export async function perform(stage: Stage, slug: string, step: Step): Promise<void> {
  await take(stage, slug, step).catch((error: unknown) => {
    if (!(error instanceof AppError) || !REFUSALS.has(error.code)) throw error;
  });
}

const REFUSALS: ReadonlySet<string> = new Set([
  'entry_not_found',
  'pattern_taken',
  'policy_unknown',
  'policy_in_use',
  'policy_not_found',
  'invalid_input',
]);

async function take({ store, expire }: Stage, slug: string, step: Step): Promise<unknown> {
  switch (step.kind) {
    case 'put':
      return store.entries.upsert(slug, entryOf(step.input), {}, actor('put'));
    case 'delete':
      return store.entries.removeByPattern(slug, patternOf(step.input).text, {}, actor('delete'));
    case 'rename': {
      const { text } = patternOf(step.input);
      const { items } = await store.entries.list(slug, {}, { limit: 50 });
      const id = items.find((entry) => entry.pattern === text)?.id ?? '';
      return store.entries.update(slug, id, entryOf(step.to), {}, actor('rename'));
    }
    case 'batch':
      return store.entries.batch(
        slug,
        step.operations.map(({ op, input }) =>
          op === 'put' ? { op, ...entryOf(input) } : { op, pattern: patternOf(input) },
        ),
        {},
        actor('batch'),
      );
    case 'replace':
      return store.entries.replaceAll(slug, step.inputs.map(entryOf), {}, actor('replace'));
    case 'policy':
      return store.policies.put(
        slug,
        step.name,
        { ...POLICY, credentials: step.credentials },
        {},
        actor('policy'),
      );
    case 'deletePolicy':
      return store.policies.remove(slug, step.name, {}, actor('policy'));
    case 'tenant':
      return store.tenants.update(slug, { environment: step.environment }, {}, actor('tenant'));
    case 'restore': {
      const { revision } = await store.tenants.get(slug);
      return store.history.restore(slug, Math.max(1, revision - step.back), {}, actor('restore'));
    }
    case 'expire':
      return expire();
  }
}

function actor(what: string) {
  return { actor: `key:${what}`, requestId: `request-${what}` };
}

type Input = { readonly name: string; readonly port: string; readonly fields: object };

function patternOf({ name, port }: Input) {
  return pattern(`https://${name}.example.com${port}`);
}

function entryOf(input: Input) {
  return { ...input.fields, pattern: patternOf(input) };
}

const POLICY = {
  paths: [],
  methods: ['PUT'],
  allowedHeaders: [],
  exposedHeaders: [],
  privateNetwork: false,
  alwaysSend: false,
  enforcement: 'headers',
} as const;
