import type { OriginMiss } from './origin-match.js';
import type { RequestHeadersFault } from './request-headers.js';

/** Why a decision is what it is. The codes are stable; {@link explainDecision} says each in a sentence. */
export type DecisionReason =
  | 'origin_allowed'
  | 'any_origin'
  | 'same_host'
  | 'no_origin'
  | 'origin_multiple'
  | OriginMiss
  | 'origin_unnamed'
  | 'method_invalid'
  | 'method_forbidden'
  | 'method_not_allowed'
  | RequestHeadersFault
  | 'request_header_not_allowed'
  | 'path_ambiguous'
  | 'policy_unknown'
  | RefusalReason;

/** Why there is no list to decide by. */
export type RefusalReason = 'tenant_unknown' | 'not_loaded' | 'stale';
