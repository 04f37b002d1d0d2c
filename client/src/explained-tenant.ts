import { shownText } from './core/shown-text.js';
import type { Version } from './events.js';
import type { TenantRequest, TenantResolver } from './options.js';

/**
 * How a tenant's list stands: `loaded` · `stale`: not confirmed for longer than `maxStalenessMs` · `not_loaded`: a request would have it
 * loaded · `unknown`: there is no tenant to look for, or the service knows none of that name.
 */
export type ListState = 'loaded' | 'stale' | 'not_loaded' | 'unknown';

/** Whose list answered, and how that was found. Texts of the request are escaped and cut. */
export interface ExplainedTenant {
  /** `null` when none was named. */
  readonly slug: string | null;
  /** `options`: it is the one tenant of the options · `function`: their function named it for `host` and `path`. */
  readonly foundBy: 'options' | 'function';
  /** What the function was given; `null` where it is not asked, or the request has no `Host`. */
  readonly host: string | null;
  readonly path: string | null;
  /** Why the function named no tenant; `null` when it did. */
  readonly problem: string | null;
  readonly list: ListState;
  /** The version decided by; `null` when no list is held. */
  readonly version: Version | null;
  /** Since the service last confirmed the list, in ms. */
  readonly ageMs: number | null;
}

/** A tenant as the options tell it. */
export interface FoundTenant {
  /** As it was named, whether it is a slug or not. */
  readonly slug: string | undefined;
  readonly tenant: Omit<ExplainedTenant, 'list' | 'version' | 'ageMs'>;
}

/** Finds the tenant as the decider does; what goes wrong is told instead of reported. */
export function findTenant(tenant: string | TenantResolver, request: TenantRequest): FoundTenant {
  if (typeof tenant === 'string') {
    const found = { slug: tenant, foundBy: 'options', host: null, path: null, problem: null } as const;
    return { slug: tenant, tenant: found };
  }
  const { slug, problem } = resolve(tenant, request);
  const host = request.host === undefined ? null : shownText(request.host);
  const shown = slug === undefined ? null : shownText(slug);
  return {
    slug,
    tenant: { slug: shown, foundBy: 'function', host, path: shownText(request.path), problem },
  };
}

interface Resolution {
  readonly slug: string | undefined;
  readonly problem: string | null;
}

function resolve(resolver: TenantResolver, request: TenantRequest): Resolution {
  try {
    const slug: unknown = resolver(request);
    if (typeof slug === 'string') return { slug, problem: null };
    if (slug == null) return { slug: undefined, problem: 'it named none' };
    // A promise whose rejection nobody hears would end the process.
    Promise.resolve(slug).catch(() => {});
    return { slug: undefined, problem: `it returned no slug but a value of the type ${typeof slug}` };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { slug: undefined, problem: `it threw: ${shownText(message)}` };
  }
}

/** The same in a sentence or two. */
export function tenantSentence(tenant: ExplainedTenant): string {
  return `${foundSentence(tenant)} ${listSentence(tenant)}`.trimEnd();
}

function foundSentence({ slug, foundBy, host, path, problem }: ExplainedTenant): string {
  if (foundBy === 'options') return `The tenant is ${slug}, by the options.`;
  const where = `for the ${host === null ? 'absent host' : `host ${host}`} and the path ${path}`;
  if (problem !== null) return `The tenant function was asked ${where}, and ${problem}.`;
  return `The tenant is ${slug}, as the tenant function says ${where}.`;
}

function listSentence({ slug, list, version, ageMs }: ExplainedTenant): string {
  switch (list) {
    case 'loaded':
      return `Its list is at revision ${version?.revision}, confirmed ${secondsOf(ageMs)} s ago.`;
    case 'stale':
      return `Its list is at revision ${version?.revision}, and stale: confirmed ${secondsOf(ageMs)} s ago.`;
    case 'not_loaded':
      return 'Its list is not loaded.';
    case 'unknown':
      return slug === null ? '' : 'The service knows no such tenant.';
  }
}

function secondsOf(ms: number | null): number {
  return Math.round((ms ?? 0) / 1000);
}
