/** The client: holds each tenant's list compiled in memory and decides requests by it. */
export { type Allowlist, createAllowlist } from './client.js';
export type { Conflict } from './conflicts.js';
export type { Decision, DecisionKind, DecisionReason, DecisionRequest, Explanation } from './core/index.js';
export type { Counters } from './counters.js';
export type { AllowlistRequest } from './decider.js';
export type { Deps } from './deps.js';
export type {
  AllowlistEvent,
  AllowlistEvents,
  CallProblem,
  DiskNews,
  DiskRefusal,
  Listener,
  TransportState,
  Version,
} from './events.js';
export type { AllowlistExplanation } from './explain.js';
export type { HeadersRequest } from './explain-request.js';
export type { ExplainedTenant } from './explained-tenant.js';
export { type AllowlistOptions, OptionsError, type TenantRequest, type TenantResolver } from './options.js';
export type { Readiness, ReadinessState } from './readiness.js';
export type { AllowlistStatus, TenantStatus } from './status.js';
export type { LinkReport } from './sync/link.js';
