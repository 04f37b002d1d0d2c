import { parsePattern } from '@origin-allowlist/client/core';
import type { ChangeRow } from '../../src/store/change-rows.js';

/** A change, so far as it says what was done. */
export type Change = Pick<
  ChangeRow,
  'revision' | 'lineage' | 'at' | 'actor' | 'requestId' | 'action' | 'operations'
>;

type Operand = Readonly<Record<string, unknown>>;

interface Row {
  /** As the trail shows it. */
  readonly operand: Operand;
  /** As callers see it. */
  readonly row: Operand;
}

/** What a tenant had. */
export interface State {
  tenant: Operand | null;
  readonly entries: Map<unknown, Row>;
  readonly policies: Map<unknown, Row>;
}

/**
 * What a tenant had at a revision, by nothing but its changes from the first on, one after the other: what the store has to
 * agree with, in as few words as possible.
 */
export function replay(changes: readonly Change[], revision: number): State {
  const state: State = { tenant: null, entries: new Map(), policies: new Map() };
  for (const change of changes.slice(0, revision)) {
    // In two rounds: of two entries that change their patterns for one another's, neither is there twice.
    for (const { subject, before, after } of change.operations) {
      if (subject === 'tenant') state.tenant = after;
      if (subject === 'entry' && after === null) state.entries.delete(before?.id);
      if (subject === 'policy' && after === null) state.policies.delete(before?.name);
    }
    for (const { subject, after } of change.operations) {
      if (after === null) continue;
      if (subject === 'entry') state.entries.set(after.id, entryRow(after, change, state.entries));
      if (subject === 'policy') state.policies.set(after.name, policyRow(after, change, state.policies));
    }
  }
  return state;
}

function entryRow(operand: Operand, change: Change, entries: State['entries']): Row {
  const parsed = parsePattern(String(operand.pattern));
  if (!parsed.ok) throw new Error(`not a pattern: ${operand.pattern}`);
  const { kind, anyPort } = parsed.pattern;
  const earlier = entries.get(operand.id)?.row;
  const row = {
    ...operand,
    kind,
    anyPort,
    revision: change.revision,
    createdAt: earlier?.createdAt ?? change.at,
    createdBy: earlier?.createdBy ?? change.actor,
    updatedAt: change.at,
    updatedBy: change.actor,
  };
  return { operand, row };
}

function policyRow(operand: Operand, { revision, at }: Change, policies: State['policies']): Row {
  const createdAt = policies.get(operand.name)?.row.createdAt ?? at;
  return { operand, row: { ...operand, revision, createdAt, updatedAt: at } };
}
