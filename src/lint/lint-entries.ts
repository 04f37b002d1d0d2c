import type { SnapshotEntry, SnapshotPolicy } from '@origin-allowlist/client/core';
import { type ExistingPatterns, existingAfter, existingOf } from './existing-patterns.js';
import type { Finding } from './finding.js';
import type { AcceptedRisk, Environment } from './lint-context.js';
import { lintPattern } from './lint-pattern.js';

/** An entry as it is to be written. */
export interface WrittenEntry extends SnapshotEntry {
  readonly acceptedRisks?: readonly AcceptedRisk[];
}

/** The tenant a write is for. */
export interface ListContext {
  readonly environment: Environment;
  readonly policies: readonly Pick<SnapshotPolicy, 'name' | 'credentials'>[];
  /** The list before the write; absent = the entries are the whole list. */
  readonly before?: ExistingPatterns;
  /** What the write puts into the list, where it has been read already. */
  readonly writtenList?: ExistingPatterns;
  /** Canonical texts of the patterns that the same write removes. */
  readonly removed?: ReadonlySet<string>;
  readonly nowMs: number;
}

/**
 * Lints what one write puts into a list, each entry beside the list as it will be: a batch that adds a wildcard and an origin it
 * covers is told so, in whichever order they come. Of entries with one pattern all but the first are duplicates.
 *
 * @returns the findings of each entry, in the order of the entries.
 */
export function lintEntries(
  entries: readonly WrittenEntry[],
  context: ListContext,
): readonly (readonly Finding[])[] {
  return entries.map(createEntryLinter(entries, context));
}

/**
 * The same, one entry at a time, for lists too long to be linted in one go.
 *
 * @param entries all that the write puts into the list.
 * @returns the linter, to be handed each of them once, in their order.
 */
export function createEntryLinter(
  entries: readonly WrittenEntry[],
  { environment, policies, nowMs, before, writtenList = existingOf(entries, nowMs), removed }: ListContext,
): (entry: WrittenEntry) => readonly Finding[] {
  const existing =
    before === undefined
      ? writtenList
      : existingAfter(before, { written: entries, writtenList, ...(removed !== undefined && { removed }) });
  const seen = new Set<string>();
  return (entry) => {
    const isListed = !seen.has(entry.pattern);
    seen.add(entry.pattern);
    const names = entry.policies ?? [];
    const credentials = hasCredentials(policies, names);
    const acceptedRisks = entry.acceptedRisks ?? [];
    return lintPattern(entry.pattern, {
      credentials,
      environment,
      policies: names,
      existing,
      isListed,
      acceptedRisks,
    });
  };
}

/**
 * Whether any policy that an entry applies to has credentials.
 *
 * @param names the entry's policies; empty = all.
 */
export function hasCredentials(
  policies: readonly Pick<SnapshotPolicy, 'name' | 'credentials'>[],
  names: readonly string[],
): boolean {
  return policies.some(
    ({ name, credentials }) => credentials && (names.length === 0 || names.includes(name)),
  );
}
