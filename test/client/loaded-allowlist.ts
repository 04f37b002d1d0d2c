import { type Allowlist, type AllowlistOptions, createAllowlist } from '@origin-allowlist/client';
import { DEFAULT_POLICY, type Snapshot } from '@origin-allowlist/client/core';
import { onTestFinished } from 'vitest';
import { snapshotAnswer } from './fake-service.js';

/** What a test says of a tenant's list; the rest is as for a new tenant. */
export type List = Partial<Pick<Snapshot, 'entries' | 'policies'>>;

function snapshotOf(slug: string, { entries = [], policies = [DEFAULT_POLICY] }: List): Snapshot {
  const lineage = '00000000-0000-4000-8000-000000000000';
  return { tenant: slug, lineage, revision: 1, count: entries.length, policies, entries };
}

/** A `fetch` in the service's place, for tests of what comes after loading. */
export function fetchOf(find: (slug: string) => Snapshot | undefined) {
  return async (url: string): Promise<Response> => {
    const snapshot = find(new URL(url).searchParams.get('tenant') ?? '');
    if (snapshot === undefined) return Response.json({ versions: {} });
    const { status, headers, body } = snapshotAnswer(snapshot, Date.now());
    return new Response(body, { status, headers });
  };
}

/** A client that has loaded the list of its one tenant. */
export async function createLoadedAllowlist(
  list: List,
  options: Partial<AllowlistOptions> = {},
): Promise<Allowlist> {
  const allowlist = createAllowlist({
    url: 'https://allowlist.example',
    key: 'key',
    tenant: 'acme',
    stream: false,
    deps: { fetch: fetchOf((slug) => snapshotOf(slug, list)) },
    ...options,
  });
  onTestFinished(() => allowlist.close());
  await allowlist.ready();
  return allowlist;
}

/** A client whose service never answers. */
export function createUnloadedAllowlist(options: Partial<AllowlistOptions> = {}): Allowlist {
  const allowlist = createAllowlist({
    url: 'https://allowlist.example',
    key: 'key',
    tenant: 'acme',
    stream: false,
    firstLoadTimeoutMs: 1,
    deps: { fetch: () => new Promise(() => {}) },
    ...options,
  });
  onTestFinished(() => allowlist.close());
  return allowlist;
}
