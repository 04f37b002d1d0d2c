/** Every error code a caller can see. Its HTTP status stands in `http/problem.ts`, nowhere else. */
export type ErrorCode =
  | 'bad_request'
  | 'malformed_json'
  | 'unauthorized'
  | 'scope_missing'
  | 'route_not_found'
  | 'tenant_not_found'
  | 'entry_not_found'
  | 'policy_not_found'
  | 'change_not_found'
  | 'revision_not_found'
  | 'key_not_found'
  | 'instance_not_found'
  | 'slug_taken'
  | 'pattern_taken'
  | 'policy_in_use'
  | 'default_policy_required'
  | 'key_replaced'
  | 'revision_not_reached'
  | 'too_many_instances'
  | 'instance_not_silent'
  | 'quota_exceeded'
  | 'history_mismatch'
  | 'revision_mismatch'
  | 'request_timeout'
  | 'body_too_large'
  | 'uri_too_long'
  | 'unsupported_media_type'
  | 'invalid_input'
  | 'policy_unknown'
  | 'risk_unaccepted'
  | 'precondition_required'
  | 'rate_limited'
  | 'headers_too_large'
  | 'store_unavailable'
  | 'internal_error';

/** Problems told of one input at most: an answer must not outgrow the input that earned it. */
export const MAX_PROBLEMS = 1_000;

/** One thing wrong with an input: where (RFC 6901 JSON pointer), which rule, and what to write instead. */
export interface ProblemItem {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
  readonly fix?: string;
}

/** A promise the service could not keep, with a stable code; rendered as an RFC 9457 problem by the HTTP layer. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly errors: readonly ProblemItem[];
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    detail: string,
    options: {
      readonly errors?: readonly ProblemItem[];
      readonly extra?: Readonly<Record<string, unknown>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.errors = options.errors ?? [];
    this.extra = options.extra ?? {};
  }
}
