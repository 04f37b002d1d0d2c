import assert from 'node:assert/strict';
import {
  addOrigin,
  deleteOrigin,
  type OriginSet,
  type Pattern,
  parsePattern,
  type SnapshotEntry,
} from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { entries } from './generated-lists.js';

/** One change to a list: made to the compiled set, and shown in the list that comes back. */
export type Edit = (list: readonly SnapshotEntry[], origins: OriginSet) => readonly SnapshotEntry[];

const additions: fc.Arbitrary<Edit> = entries.map((entry) => (list, origins) => {
  const parsed = parsePattern(entry.pattern);
  if (parsed.ok) addEntry(origins, parsed.pattern, entry);
  return [...list.filter(({ pattern }) => pattern !== entry.pattern), entry];
});

const deletions: fc.Arbitrary<Edit> = fc.nat(20).map((index) => (list, origins) => {
  const pattern = list[index % Math.max(list.length, 1)]?.pattern ?? 'https://example.com';
  const parsed = parsePattern(pattern);
  const isListed = list.some((entry) => entry.pattern === pattern);
  if (parsed.ok) assert.equal(deleteOrigin(origins, parsed.pattern), isListed, `deleting ${pattern}`);
  return list.filter((entry) => entry.pattern !== pattern);
});

/** Additions, replacements and deletions. */
export const edits: fc.Arbitrary<Edit> = fc.oneof(additions, deletions);

function addEntry(origins: OriginSet, pattern: Pattern, entry: SnapshotEntry): void {
  const { enabled = true, expiresAt, policies = [] } = entry;
  addOrigin(origins, pattern, {
    pattern: pattern.text,
    kind: pattern.kind,
    enabled,
    expiresAtMs: expiresAt === undefined ? undefined : Date.parse(expiresAt),
    policies: policies.length === 0 ? undefined : policies,
  });
}
