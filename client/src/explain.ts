import { explainAnswer } from './core/explain.js';
import { decide, type Explanation, isSlug, refuse } from './core/index.js';
import { type AllowlistRequest, asAmbiguous, tenantRequestOf } from './decider.js';
import { type HeadersRequest, readExplainRequest } from './explain-request.js';
import { type ExplainedTenant, findTenant, type ListState, tenantSentence } from './explained-tenant.js';
import { ownOriginsOf } from './own-origins.js';
import type { Settings } from './settings.js';
import type { Absences } from './sync/absences.js';
import type { ServerClock } from './sync/server-clock.js';
import type { HeldTenant, Tenants } from './sync/tenants.js';

/** What a client says of one answer: see {@link Explanation}; the rest is what only a client knows. Fit for `JSON.stringify`. */
export interface AllowlistExplanation extends Explanation {
  readonly tenant: ExplainedTenant;
}

/** What explanations draw on. */
export interface ExplainerParts {
  readonly tenants: Tenants;
  readonly absences: Absences;
  readonly serverClock: ServerClock;
}

/** See `Allowlist.explain`. It goes the way of the decider, step by step, without leaving a trace. */
export function createExplainer(settings: Settings, { tenants, absences, serverClock }: ExplainerParts) {
  const { deps, onStale, maxStalenessMs } = settings;

  function listStateOf(slug: string, held: HeldTenant | undefined, ageMs: number): ListState {
    if (held !== undefined) return ageMs > maxStalenessMs ? 'stale' : 'loaded';
    return isSlug(slug) && absences.get(slug) !== 'unknown' ? 'not_loaded' : 'unknown';
  }

  function answer(request: AllowlistRequest, list: ListState, held: HeldTenant | undefined, nowMs: number) {
    const own = { ...request, ownOrigins: ownOriginsOf(request, settings) };
    const asked = request.routeAmbiguous === true ? asAmbiguous(own) : own;
    const shown = request.routeAmbiguous === true ? { ...own, policy: undefined } : own;
    if (held === undefined)
      return explainAnswer(
        refuse(asked, list === 'unknown' ? 'tenant_unknown' : 'not_loaded'),
        shown,
        undefined,
        nowMs,
      );
    const { compiled } = held;
    const atMs = nowMs + serverClock.offsetMs();
    const isRefused = list === 'stale' && onStale === 'refuse';
    const decision = isRefused ? refuse(asked, 'stale', compiled) : decide(asked, compiled, atMs);
    return explainAnswer(decision, shown, compiled, atMs);
  }

  return (given: AllowlistRequest | HeadersRequest): AllowlistExplanation => {
    const request = readExplainRequest(given);
    const found = findTenant(settings.tenant, tenantRequestOf(request));
    const held = found.slug === undefined ? undefined : tenants.get(found.slug);
    const nowMs = deps.now();
    const ageMs = held === undefined ? 0 : nowMs - held.confirmedAtMs;
    const list = found.slug === undefined ? 'unknown' : listStateOf(found.slug, held, ageMs);
    const explanation = answer(request, list, held, nowMs);
    const tenant: ExplainedTenant = {
      ...found.tenant,
      list,
      version:
        held === undefined ? null : { lineage: held.compiled.lineage, revision: held.compiled.revision },
      ageMs: held === undefined ? null : ageMs,
    };
    return { ...explanation, summary: `${explanation.summary} ${tenantSentence(tenant)}`, tenant };
  };
}
