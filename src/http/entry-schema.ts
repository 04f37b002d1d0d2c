import { type Pattern, parsePattern } from '@origin-allowlist/client/core';
import { z } from 'zod';
import { isAcceptable } from '../lint/finding-code.js';
import { freeText, InstantSchema, PolicyNameSchema, toUtc } from './fields.js';
import { FindingSchema } from './finding-schema.js';
import { WaitedRolloutSchema } from './rollout-schema.js';

const MAX_PATTERN_LENGTH = 2_000;
const MAX_LABELS = 32;
/** Policies that one entry names. */
export const MAX_POLICIES = 50;
const MAX_ACCEPTED_RISKS = 32;

/** A pattern's text in, a {@link Pattern} out; every problem of the text is an issue with its own code and fix. */
export const PatternSchema = z
  .string()
  .max(MAX_PATTERN_LENGTH)
  .transform((text, context): Pattern => {
    const result = parsePattern(text);
    if (result.ok) return result.pattern;
    for (const { code, detail, fix } of result.problems) {
      context.issues.push({ code: 'custom', input: text, message: detail, params: { code, fix } });
    }
    return z.NEVER;
  })
  .meta({
    description:
      'An origin, or a pattern for several: `https://*.example.com`, `https://pr-*-shop.example.com`, `:*`.',
    examples: ['https://app.example.com'],
  });

const enabled = z.boolean().meta({ description: 'A disabled entry matches nothing.' });
const expiresAt = InstantSchema.transform(toUtc)
  .nullable()
  .meta({
    description: 'From this instant on the entry matches nothing.',
    examples: ['2030-01-31T12:00:00.000Z'],
  });
const ref = freeText(200)
  .nullable()
  .meta({ description: 'Where the entry comes from, such as a ticket or a commit.' });
const note = freeText(2_000).nullable().meta({ description: 'Why the entry is here.' });
const labels = z.array(freeText(63).min(1)).max(MAX_LABELS).transform(unique);
const policies = z
  .array(PolicyNameSchema)
  .max(MAX_POLICIES)
  .transform(unique)
  .meta({ description: 'The policies the entry applies to; none named = all.' });

/** A risk an admin takes on by name. The store adds who did, and when. */
export const AcceptedRiskSchema = z.strictObject({
  code: z
    .string()
    .max(64)
    .refine(isAcceptable, {
      message: 'This is not the code of a finding that can be accepted.',
      params: { code: 'risk_not_acceptable' },
    })
    .meta({ description: 'The code of a finding.', examples: ['INSECURE_WITH_CREDENTIALS'] }),
  note: freeText(2_000).min(1).meta({ description: 'Why it is taken; kept in the trail.' }),
});

/** Those of an entry. */
export const AcceptedRisksSchema = z.array(AcceptedRiskSchema).max(MAX_ACCEPTED_RISKS);

const writtenFields = {
  enabled: enabled.default(true),
  expiresAt: expiresAt.default(null),
  ref: ref.default(null),
  note: note.default(null),
  labels: labels.default([]),
  policies: policies.default([]),
  acceptedRisks: AcceptedRisksSchema.default([]),
};

/** A whole entry as it is created or replaced; what is absent takes its default. */
export const EntryInputSchema = z.strictObject({ pattern: PatternSchema, ...writtenFields }).meta({
  id: 'NewEntry',
  examples: [{ pattern: 'https://app.example.com', note: 'the shop', labels: ['shop'] }],
});

/** An entry without its pattern, which the URL names. */
export const EntryFieldsSchema = z.strictObject(writtenFields).meta({ id: 'EntryFields' });

/** What to change of an entry: absent = keep, `null` = clear (RFC 7396). */
export const EntryPatchSchema = z
  .strictObject({
    pattern: PatternSchema,
    enabled,
    expiresAt,
    ref,
    note,
    labels,
    policies,
    acceptedRisks: AcceptedRisksSchema,
  })
  .partial()
  .meta({ id: 'EntryPatch', examples: [{ enabled: false }] });

/** One operation of a batch. */
export const EntryOperationSchema = z
  .discriminatedUnion('op', [
    z.strictObject({ op: z.literal('put'), pattern: PatternSchema, ...writtenFields }),
    z.strictObject({ op: z.literal('delete'), pattern: PatternSchema }),
  ])
  .meta({ id: 'EntryOperation' });

const signedRisks = z.array(
  z.object({
    code: z.string(),
    note: z.string(),
    by: z.string().meta({ description: 'Who accepted it: an actor, as in the trail.' }),
    at: z.string(),
  }),
);

/** An entry as the trail shows it: what the admin decided. */
export const EntryOperandSchema = z
  .object({
    id: z.uuid(),
    pattern: z.string(),
    enabled: z.boolean(),
    expiresAt: z.string().nullable(),
    ref: z.string().nullable(),
    note: z.string().nullable(),
    labels: z.array(z.string()),
    policies: z.array(z.string()),
    acceptedRisks: signedRisks,
  })
  .meta({ id: 'EntryOperand' });

/** An entry as it is answered. */
export const EntrySchema = z
  .object({
    id: z.uuid(),
    pattern: z.string(),
    kind: z.enum(['exact', 'subdomains', 'affix', 'any', 'null']),
    anyPort: z.boolean(),
    enabled: z.boolean(),
    expiresAt: z.string().nullable(),
    ref: z.string().nullable(),
    note: z.string().nullable(),
    labels: z.array(z.string()),
    policies: z.array(z.string()),
    acceptedRisks: signedRisks,
    revision: z.int(),
    createdAt: z.string(),
    createdBy: z.string(),
    updatedAt: z.string(),
    updatedBy: z.string(),
  })
  .meta({
    id: 'Entry',
    examples: [
      {
        id: '0b1f5b9e-8f0f-4f5c-9d5e-1f2a3b4c5d6e',
        pattern: 'https://app.example.com',
        kind: 'exact',
        anyPort: false,
        enabled: true,
        expiresAt: null,
        ref: null,
        note: 'the shop',
        labels: ['shop'],
        policies: [],
        acceptedRisks: [],
        revision: 2,
        createdAt: '2026-01-31T12:00:00.000Z',
        createdBy: 'admin-key',
        updatedAt: '2026-01-31T12:00:00.000Z',
        updatedBy: 'admin-key',
      },
    ],
  });

/** An entry as a write of it answers. */
export const WrittenEntrySchema = EntrySchema.extend({
  findings: z.array(FindingSchema).meta({ description: 'What the linter has to say of it.' }),
  rollout: WaitedRolloutSchema.optional(),
}).meta({ id: 'WrittenEntry' });

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
