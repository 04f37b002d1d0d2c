import { createHash } from 'node:crypto';
import { toCanonicalJson } from './change-hash.js';
import type { ChangeOperation, ChangeRecord } from './change-rows.js';

type Subject = ChangeOperation['subject'];

/** What the changes of a tenant make of its rows: of each a digest, so that what is held grows with the list, not with its past. */
export interface Replay {
  /** @returns what the operation says of its row that the ones before it do not; `undefined` = nothing. */
  apply(
    operation: ChangeOperation,
    change: Pick<ChangeRecord, 'revision' | 'at' | 'actor'>,
  ): string | undefined;
  /** The rows that were changed or deleted since this was asked last, as they were before. */
  takeReplaced(): readonly ReplacedRow[];
  /** Compares a row in use with what the changes made. Each row is to be told once. @returns how it differs. */
  compare(subject: Subject, row: object, marks: RowMarks): string | undefined;
  /** What the changes made and was not compared: rows that are gone. */
  missing(): string | undefined;
}

/** What a row says of itself besides its content; absent: it does not say. Instants are ISO 8601. */
export interface RowMarks {
  readonly revision?: number;
  readonly createdAt?: string;
  readonly createdBy?: string;
  readonly updatedAt?: string;
  readonly updatedBy?: string;
}

/** A row as changes made it. */
export interface MadeRow {
  readonly digest: string;
  readonly marks: Required<RowMarks>;
}

/** A row that a change replaced or deleted. */
export interface ReplacedRow extends MadeRow {
  readonly subject: Subject;
  /** The id of an entry, the name of a policy; empty for the tenant. */
  readonly key: string;
  /** The revision of that change. */
  readonly until: number;
  readonly row: object;
  /** Whether the change deleted it. */
  readonly isDeleted: boolean;
}

export function createReplay(): Replay {
  const rows = new Map<string, MadeRow>();
  let replaced: ReplacedRow[] = [];

  return {
    apply({ subject, before, after }, { revision, at, actor }) {
      const key = keyOf(subject, after ?? before ?? {});
      const name = nameOf(subject, key);
      const known = rows.get(name);
      if (known?.digest !== (before === null ? undefined : digestOf(before))) return name;
      if (known !== undefined) {
        replaced.push({
          ...known,
          subject,
          key,
          until: revision,
          row: before ?? {},
          isDeleted: after === null,
        });
      }
      const [updatedAt, updatedBy] = [at.toISOString(), actor];
      const { createdAt, createdBy } = known?.marks ?? { createdAt: updatedAt, createdBy: updatedBy };
      const marks = { revision, createdAt, createdBy, updatedAt, updatedBy };
      if (after === null) rows.delete(name);
      else rows.set(name, { digest: digestOf(after), marks });
      return undefined;
    },
    takeReplaced() {
      const taken = replaced;
      replaced = [];
      return taken;
    },
    compare(subject, row, marks) {
      const name = nameOf(subject, keyOf(subject, row));
      const known = rows.get(name);
      rows.delete(name);
      if (known === undefined) return `${name} is in no change`;
      const difference = differenceOf(known, row, marks);
      return difference && `${name} ${difference}`;
    },
    missing() {
      const [first] = rows;
      return first && `${first[0]}, which change ${first[1].marks.revision} left, is gone`;
    },
  };
}

/** How a row differs from what changes made of it; `undefined` = not at all. */
export function differenceOf(
  { digest, marks: made }: MadeRow,
  row: object,
  marks: RowMarks,
): string | undefined {
  if (digest !== digestOf(row)) return `is not as change ${made.revision} left it`;
  const { revision = made.revision, ...others } = marks;
  if (revision !== made.revision) {
    return `says it is of revision ${revision}, and was last changed by ${made.revision}`;
  }
  const expected: RowMarks = made;
  for (const name of ['createdAt', 'createdBy', 'updatedAt', 'updatedBy'] as const) {
    const said = others[name];
    if (said !== undefined && said !== expected[name]) {
      return `says ${name} ${said}, and by the changes it is ${expected[name]}`;
    }
  }
  return undefined;
}

function keyOf(subject: Subject, row: object): string {
  const { id, name }: { id?: unknown; name?: unknown } = row;
  switch (subject) {
    case 'tenant':
      return '';
    case 'entry':
      return String(id);
    case 'policy':
      return String(name);
  }
}

function nameOf(subject: Subject, key: string): string {
  return subject === 'tenant' ? 'the tenant' : `${subject} ${key}`;
}

function digestOf(row: object): string {
  return createHash('sha256').update(toCanonicalJson(row)).digest('base64url');
}
