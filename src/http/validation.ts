import type { FastifyInstance, FastifySchema, FastifySchemaCompiler, SafePromiseLike } from 'fastify';
import { z } from 'zod';
import { invalidInput, problemsOf } from './input-problems.js';
import { judgeInTurns, longListIn } from './long-list.js';

/** Where a part of the request is pointed at; the body is the document itself. */
const POINTER_PREFIX: Readonly<Record<string, string>> = {
  querystring: '/query',
  params: '/params',
  headers: '/headers',
};

/** Fastify's validator over zod: every problem of the part at once, each with an RFC 6901 pointer. */
export const validatorCompiler: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart }) => {
  if (!(schema instanceof z.ZodType)) throw new TypeError('Route schemas are zod schemas.');
  const longList = longListIn(schema);
  if (longList !== undefined) {
    // Fastify's type wants a brand that no promise is made with.
    return (body) => judgeInTurns(body, longList) as unknown as SafePromiseLike<void>;
  }
  return (data) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    return { error: invalidInput(problemsOf(result.error, POINTER_PREFIX[httpPart ?? 'body'])) };
  };
};

/** Gives every route of `app` without query fields the schema that says so: `?dryRun=true` must not be overlooked. */
export function refuseUnknownQuery(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    route.schema = { querystring: z.strictObject({}), ...route.schema };
  });
}
