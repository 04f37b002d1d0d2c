import type { FastifyInstance, FastifySchema, FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { AppError, type ProblemItem } from '../errors.js';

/** Where a part of the request is pointed at; the body is the document itself. */
const POINTER_PREFIX: Readonly<Record<string, string>> = {
  querystring: '/query',
  params: '/params',
  headers: '/headers',
};

/** Fastify's validator over zod: every problem of the part at once, each with an RFC 6901 pointer. */
export const validatorCompiler: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart }) => {
  if (!(schema instanceof z.ZodType)) throw new TypeError('Route schemas are zod schemas.');
  return (data) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    return { error: invalidInput(result.error, POINTER_PREFIX[httpPart ?? 'body'] ?? '') };
  };
};

/** Gives every route of `app` without query fields the schema that says so: `?dryRun=true` must not be overlooked. */
export function refuseUnknownQuery(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    route.schema = { querystring: z.strictObject({}), ...route.schema };
  });
}

/** Problems told of one input at most: an answer must not outgrow the input that earned it. */
const MAX_PROBLEMS = 1_000;

/** A zod error as our problem. `prefix` is a pointer put before each item's own. */
export function invalidInput(error: z.ZodError, prefix = ''): AppError {
  const errors: ProblemItem[] = [];
  for (const issue of error.issues) {
    if (errors.length >= MAX_PROBLEMS) break;
    errors.push(...toItems(issue, prefix).slice(0, MAX_PROBLEMS - errors.length));
  }
  const count = errors.length === 1 ? '1 problem' : `${errors.length} problems`;
  const detail =
    errors.length < MAX_PROBLEMS ? `The input has ${count}.` : `The first ${count} of the input.`;
  return new AppError('invalid_input', detail, { errors });
}

function toItems(issue: z.core.$ZodIssue, prefix: string): readonly ProblemItem[] {
  const pointer = prefix + issue.path.map((key) => `/${escapePointer(String(key))}`).join('');
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MAX_PROBLEMS).map((key) => ({
        pointer: `${pointer}/${escapePointer(key)}`,
        code: 'unknown_field',
        detail: 'There is no such field.',
      }));
    case 'custom': {
      const { code, fix }: { code?: unknown; fix?: unknown } = issue.params ?? {};
      return [
        {
          pointer,
          code: typeof code === 'string' ? code : 'invalid',
          detail: issue.message,
          ...(typeof fix === 'string' && { fix }),
        },
      ];
    }
    default:
      return [{ pointer, code: issue.code, detail: issue.message }];
  }
}

// RFC 6901 §3: `~` and `/` are the two characters a reference token escapes.
function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}
