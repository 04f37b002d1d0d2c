import type { FastifySchema, FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { lintPolicy, type PolicyFinding } from '../lint/lint-policy.js';
import { invalidInput, problemsOf } from './input-problems.js';
import { PolicyInputSchema } from './policy-schema.js';
import { validatorCompiler } from './validation.js';

type PolicyInput = z.infer<typeof PolicyInputSchema>;

/** The validator of a route whose body is a policy: types and rules at once, and what there is to say besides. */
export const policyValidatorCompiler: FastifySchemaCompiler<FastifySchema> = (route) =>
  route.httpPart === 'body' ? judgePolicy : validatorCompiler(route);

/** What the linter has to say of a policy as it is written or stored. */
export function lintSettings({ maxAgeSeconds, ...settings }: PolicyInput): readonly PolicyFinding[] {
  return lintPolicy(maxAgeSeconds === null ? settings : { ...settings, maxAgeSeconds });
}

/** A refusal names every problem in `errors`; its `findings` hold those of the linter and the warnings beside them. */
function judgePolicy(body: unknown) {
  const parsed = PolicyInputSchema.safeParse(body);
  const findings = lintSettings(parsed.success ? parsed.data : readableSettings(body));
  const problems = [
    ...(parsed.success ? [] : problemsOf(parsed.error)),
    ...findings
      .filter(({ severity }) => severity === 'reject')
      .map(({ pointer, code, detail, fix }) => ({
        pointer,
        code,
        detail,
        ...(fix !== undefined && { fix }),
      })),
  ];
  if (parsed.success && problems.length === 0) return { value: parsed.data };
  return { error: invalidInput(problems, findings.length > 0 ? { findings } : {}) };
}

/** The settings of a body that are of their types, the others off. */
function readableSettings(body: unknown): PolicyInput {
  const given: Readonly<Record<string, unknown>> =
    typeof body === 'object' && body !== null ? { ...body } : {};
  const readable = Object.entries(PolicyInputSchema.shape).filter(
    ([name, schema]) => name in given && schema.safeParse(given[name]).success,
  );
  return PolicyInputSchema.parse(Object.fromEntries(readable.map(([name]) => [name, given[name]])));
}
