import {
  type CompiledAllowlist,
  compileSnapshot,
  DEFAULT_POLICY,
  type PolicySettings,
  type SnapshotEntry,
  type SnapshotPolicy,
} from '@origin-allowlist/client/core';

export const NOW = Date.parse('2030-01-01T00:00:00Z');
export const ORIGIN = 'https://app.example';
export const ALL_CORS_HEADERS = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'access-control-allow-methods',
  'access-control-allow-headers',
  'access-control-max-age',
  'access-control-allow-private-network',
];
export const OF_APP = [{ pattern: ORIGIN }];
export const PREFLIGHT = { method: 'OPTIONS', origin: ORIGIN, requestMethod: 'PUT' };

export function listOf(
  entries: readonly SnapshotEntry[],
  ...policies: readonly SnapshotPolicy[]
): CompiledAllowlist {
  const all = policies.some(({ name }) => name === 'default') ? policies : [DEFAULT_POLICY, ...policies];
  return compileSnapshot({
    tenant: 'acme',
    lineage: 'l',
    revision: 7,
    count: entries.length,
    policies: all,
    entries,
  });
}

export function policy(name: string, settings: Partial<PolicySettings>): SnapshotPolicy {
  return { ...DEFAULT_POLICY, name, ...settings };
}
