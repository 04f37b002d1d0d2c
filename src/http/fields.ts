import { isPolicyName, isSlug } from '@origin-allowlist/client/core';
import { z } from 'zod';

/** Text a person writes: well-formed Unicode without NUL, which PostgreSQL cannot store. */
export function freeText(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), {
      message: 'Must be well-formed Unicode without NUL.',
    });
}

/** An instant, answered in UTC with milliseconds; any offset is accepted. PostgreSQL and RFC 3339 agree on these years. */
export const InstantSchema = z.iso
  .datetime({ offset: true, abort: true })
  .refine((instant) => /^[1-9]\d{3}-/.test(toUtc(instant)), {
    message: 'Must lie in the years 1000 to 9999 of UTC.',
  });

/** The same instant in the one form the store keeps; empty for a text that is none. */
export function toUtc(instant: string): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

export const SlugSchema = z
  .string()
  .refine(isSlug, {
    message: 'Must be 1 to 63 of a-z, 0-9 and `-`, with a letter or digit at both ends.',
    params: { code: 'slug_invalid' },
  })
  .meta({ examples: ['acme'] });

export const PolicyNameSchema = z
  .string()
  .refine(isPolicyName, {
    message: 'Must be 1 to 63 of a-z, 0-9 and `-`, with a letter or digit at both ends.',
    params: { code: 'policy_name_invalid' },
  })
  .meta({ examples: ['default'] });

// A slug outside the grammar is a tenant that does not exist: 404, not 422.
export const TenantParams = z.object({ slug: z.string().meta({ examples: ['acme'] }) });

export const RevisionSchema = z.int().min(1);

/** A revision in a path. Anything that is none names no change: 404, as an unknown slug does. */
export const RevisionParam = z.string().transform((text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : 0));

export const EnvironmentSchema = z
  .enum(['production', 'staging', 'development'])
  .meta({ description: 'What the tenant is run for; only the linter looks at it.' });
