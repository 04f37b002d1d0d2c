import {
  compileSnapshot,
  DEFAULT_POLICY,
  explain,
  type SnapshotEntry,
  type SnapshotPolicy,
} from '@origin-allowlist/client/core';

export const NOW = Date.parse('2030-01-01T00:00:00Z');
export const APP = 'https://app.example.com';

export const listOf = (
  entries: readonly (string | SnapshotEntry)[],
  policies: readonly SnapshotPolicy[] = [DEFAULT_POLICY],
) =>
  compileSnapshot({
    ...{ tenant: 'acme', lineage: 'l', revision: 7 },
    count: entries.length,
    policies,
    entries: entries.map((entry) => (typeof entry === 'string' ? { pattern: entry } : entry)),
  });
export const get = (origin: string, list: ReturnType<typeof listOf>) =>
  explain({ method: 'GET', origin }, list, NOW);
