import { z } from 'zod';
import type { Finding } from '../lint/finding.js';

const common = {
  code: z.string().meta({ description: 'A stable code.', examples: ['SHARED_HOSTING'] }),
  class: z.enum(['syntax', 'risk', 'hint']).meta({
    description:
      '`syntax`: not a pattern, never accepted; `risk`: lets in more than is safe or meant; `hint`: fine, may surprise.',
  }),
  severity: z.enum(['ok', 'warn', 'reject']).meta({ description: 'Only `reject` blocks a write.' }),
  detail: z.string(),
  fix: z.string().optional().meta({ description: 'What to write instead, where that is safe to say.' }),
};

const pointer = z.string().meta({ description: 'RFC 6901 pointer into the body.' });

/** What the linter has to say of a pattern. */
export const FindingSchema = z
  .object({
    ...common,
    text: z.string().meta({ description: 'The part of the pattern that offends.' }),
    examples: z
      .array(z.string())
      .optional()
      .meta({ description: 'Origins the pattern lets in that someone else could own.' }),
    publicSuffixListVersion: z
      .string()
      .optional()
      .meta({ description: 'The public suffix list the finding rests on.' }),
    accepted: z
      .literal(true)
      .optional()
      .meta({ description: 'The entry names the code in its `acceptedRisks`.' }),
  })
  .meta({
    id: 'Finding',
    examples: [
      {
        code: 'SHARED_HOSTING',
        class: 'risk',
        severity: 'warn',
        text: 'vercel.app',
        detail: 'Anyone can get a name below vercel.app.',
      },
    ],
  });

/** The same in the answer to a write of many entries. */
export const ListFindingSchema = FindingSchema.extend({ pointer, pattern: z.string() }).meta({
  id: 'ListFinding',
});

/** What the linter has to say of a policy's settings. */
export const PolicyFindingSchema = z
  .object({
    pointer,
    ...common,
    code: z.string().meta({ description: 'A stable code.', examples: ['METHOD_FORBIDDEN'] }),
    class: z.enum(['syntax', 'risk', 'hint']).meta({
      description:
        '`syntax`: cannot be stored; `risk`: does more or less than it seems to; `hint`: fine, may surprise.',
    }),
  })
  .meta({ id: 'PolicyFinding' });

/** A finding as an answer has it. */
export function toFinding({ examples, ...finding }: Finding): z.infer<typeof FindingSchema> {
  return examples === undefined ? finding : { ...finding, examples: [...examples] };
}
