import { createHash } from 'node:crypto';
import { toCanonicalJson } from './change-hash.js';
import type { ChangeOperation } from './change-rows.js';

type Subject = ChangeOperation['subject'];

/** What the changes of a tenant make of its rows: of each a digest, so that what is held grows with the list, not with its past. */
export interface Replay {
  /** @returns what the operation says of its row that the ones before it do not; `undefined` = nothing. */
  apply(operation: ChangeOperation, revision: number): string | undefined;
  /**
   * Compares a row in use with what the changes made. Each row is to be told once.
   *
   * @param revision of the row; absent where it has none.
   * @returns how it differs.
   */
  compare(subject: Subject, row: object, revision?: number): string | undefined;
  /** What the changes made and was not compared: rows that are gone. */
  missing(): string | undefined;
}

interface Kept {
  readonly digest: string;
  readonly revision: number;
}

export function createReplay(): Replay {
  const rows = new Map<string, Kept>();

  return {
    apply({ subject, before, after }, revision) {
      const key = keyOf(subject, after ?? before ?? {});
      const known = rows.get(key);
      if (known?.digest !== (before === null ? undefined : digestOf(before))) return key;
      if (after === null) rows.delete(key);
      else rows.set(key, { digest: digestOf(after), revision });
      return undefined;
    },
    compare(subject, row, revision) {
      const key = keyOf(subject, row);
      const known = rows.get(key);
      rows.delete(key);
      if (known === undefined) return `${key} is in no change`;
      if (known.digest !== digestOf(row)) return `${key} is not as change ${known.revision} left it`;
      if (revision !== undefined && known.revision !== revision)
        return `${key} says it is of revision ${revision}, and was last changed by ${known.revision}`;
      return undefined;
    },
    missing() {
      const [first] = rows;
      return first && `${first[0]}, which change ${first[1].revision} left, is gone`;
    },
  };
}

function keyOf(subject: Subject, row: object): string {
  const { id, name }: { id?: unknown; name?: unknown } = row;
  switch (subject) {
    case 'tenant':
      return 'the tenant';
    case 'entry':
      return `entry ${id}`;
    case 'policy':
      return `policy ${name}`;
  }
}

function digestOf(row: object): string {
  return createHash('sha256').update(toCanonicalJson(row)).digest('base64url');
}
