import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError, type ErrorCode } from '../errors.js';
import { setSecurityHeaders } from './security-headers.js';

/** The one table of status codes. A 5xx shows its title, never its message. */
const PROBLEMS: Readonly<Record<ErrorCode, { readonly status: number; readonly title: string }>> = {
  bad_request: { status: 400, title: 'The request cannot be read' },
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  unauthorized: { status: 401, title: 'A valid key is required' },
  scope_missing: { status: 403, title: 'The key lacks the scope this call needs' },
  route_not_found: { status: 404, title: 'No such route' },
  tenant_not_found: { status: 404, title: 'No such tenant' },
  entry_not_found: { status: 404, title: 'No such entry' },
  policy_not_found: { status: 404, title: 'No such policy' },
  change_not_found: { status: 404, title: 'No such change' },
  revision_not_found: { status: 404, title: 'The tenant never had such a revision' },
  key_not_found: { status: 404, title: 'No such key' },
  instance_not_found: { status: 404, title: 'No such instance' },
  request_timeout: { status: 408, title: 'The request did not come in time' },
  slug_taken: { status: 409, title: 'A tenant has this slug already' },
  pattern_taken: { status: 409, title: 'The tenant lists this pattern already' },
  policy_in_use: { status: 409, title: 'Entries still name this policy' },
  default_policy_required: { status: 409, title: 'The default policy cannot be deleted' },
  key_replaced: { status: 409, title: 'The key was rotated already' },
  revision_not_reached: { status: 409, title: 'The revision is not here yet' },
  too_many_instances: { status: 409, title: 'The key has all the instances it may have' },
  instance_not_silent: { status: 409, title: 'The instance is not silent' },
  quota_exceeded: { status: 409, title: 'The tenant has all it may have' },
  history_mismatch: { status: 409, title: 'What is kept of the revision is not what the trail says' },
  revision_mismatch: { status: 412, title: 'It has changed since it was read' },
  body_too_large: { status: 413, title: 'The body is too large' },
  uri_too_long: { status: 414, title: 'The URL is too long' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  invalid_input: { status: 422, title: 'The input breaks a rule' },
  policy_unknown: { status: 422, title: 'The input names a policy the tenant does not have' },
  risk_unaccepted: { status: 422, title: 'The write lets in more than is safe' },
  precondition_required: { status: 428, title: 'If-Match is required' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  store_unavailable: { status: 503, title: 'The database did not answer; nothing was written' },
  internal_error: { status: 500, title: 'Internal error' },
};

const ProblemItemSchema = z
  .object({
    pointer: z
      .string()
      .meta({ description: 'RFC 6901 pointer into the body; /query/… and /params/… for the URL.' }),
    code: z.string(),
    detail: z.string(),
    fix: z.string().optional().meta({ description: 'What to write instead, where that is safe to say.' }),
  })
  .meta({ id: 'ProblemItem' });

/** RFC 9457 problem, as every error answers. Further members depend on the code, such as `existingId`. */
export const ProblemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
    errors: z.array(ProblemItemSchema).optional(),
  })
  .meta({
    id: 'Problem',
    examples: [
      {
        type: 'urn:origin-allowlist:problem:invalid_input',
        title: 'The input breaks a rule',
        status: 422,
        detail: 'The input has 1 problem.',
        code: 'invalid_input',
        requestId: '0b6f6f4e-6c54-4ad1-8f43-5a4a1b0a5a0e',
        errors: [
          {
            pointer: '/pattern',
            code: 'HAS_PATH',
            detail: 'An origin ends after the host and port.',
            fix: 'https://app.example.com',
          },
        ],
      },
    ],
  });

export type Problem = z.infer<typeof ProblemSchema>;

/** What an error tells its caller. Unknown errors become `internal_error`. */
function toProblem(error: AppError, requestId: string): Problem {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `urn:origin-allowlist:problem:${error.code}`,
    title,
    status,
    detail: status >= 500 ? title : error.message,
    code: error.code,
    requestId,
    ...(error.errors.length > 0 && { errors: [...error.errors] }),
    ...error.extra,
  };
}

/** What any call under `/v1` can answer. */
const CALL_PROBLEMS = [
  'bad_request',
  'unauthorized',
  'scope_missing',
  'uri_too_long',
  'invalid_input',
  'rate_limited',
  'headers_too_large',
  'internal_error',
  'store_unavailable',
] as const;
/** What any call with a body can answer besides. */
const BODY_PROBLEMS = [
  'malformed_json',
  'body_too_large',
  'unsupported_media_type',
  'invalid_input',
] as const;

/** Response schemas of a call without a body: the problems every call has, and the route's own. */
export function problemResponses(...codes: readonly ErrorCode[]) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...CALL_PROBLEMS, ...codes])) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, listed]) => [
      status,
      {
        description: listed.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
        content: { 'application/problem+json': { schema: ProblemSchema } },
      },
    ]),
  );
}

/** Response schemas of a call with a body. */
export function bodyProblemResponses(...codes: readonly ErrorCode[]) {
  return problemResponses(...BODY_PROBLEMS, ...codes);
}

/** Renders every error of the app, its hooks and the framework itself as a problem. */
export function registerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(new AppError('route_not_found', 'Nothing answers at this method and path.'), request, reply),
  );
}

/** The codes of the problems that requests were answered with, for as long as they live. */
const codes = new WeakMap<FastifyRequest, string>();

/** The code of the problem that the request was answered with; `undefined` when it was none. */
export function problemCodeOf(request: FastifyRequest): string | undefined {
  return codes.get(request);
}

export function sendProblem(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error, request);
  setSecurityHeaders(request, reply);
  codes.set(request, problem.code);
  if (problem.code === 'unauthorized') reply.header('www-authenticate', 'Bearer');
  if (problem.code === 'store_unavailable') reply.header('retry-after', '1');
  // Whoever knows better has said so.
  if (problem.code === 'rate_limited' && !reply.hasHeader('retry-after')) reply.header('retry-after', '5');
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(problem));
}

/** The problem as it is sent, for what is answered before there is a request. */
export function writtenProblem(
  error: AppError,
  requestId: string,
): { readonly status: number; readonly text: string } {
  const problem = toProblem(error, requestId);
  return { status: problem.status, text: JSON.stringify(problem) };
}

/** The problem an error is to its caller. What the caller is not shown goes to the log. */
export function problemOf(error: Error, request: FastifyRequest): Problem {
  const problem = toProblem(toAppError(error), request.id);
  if (problem.status >= 500) request.log.error({ err: error }, 'request failed');
  return problem;
}

/** Narrows whatever was thrown to an error with a code; the framework's own errors get ours. */
function toAppError(error: Error): AppError {
  if (error instanceof AppError) return error;
  const code = 'code' in error ? error.code : undefined;
  const statusCode = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new AppError('body_too_large', error.message);
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError('unsupported_media_type', 'Send the body as application/json.');
  }
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY' || code === 'FST_ERR_CTP_INVALID_JSON_BODY') {
    return new AppError('malformed_json', error.message);
  }
  if (statusCode >= 400 && statusCode < 500) return new AppError('bad_request', error.message);
  return new AppError('internal_error', error.message, { cause: error });
}
