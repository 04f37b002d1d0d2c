import type { Delta, DeltaOperation } from './delta.js';
import {
  list,
  parseEntry,
  parsePolicy,
  parsePolicyName,
  parseTenant,
  record,
  SnapshotError,
  text,
  wholeNumber,
} from './snapshot-parser.js';

/**
 * Checks a delta that came over the wire, as strictly as a snapshot is: an operation of a kind it does not know could be a removal,
 * so it refuses the whole.
 *
 * @throws {SnapshotError} code `snapshot_invalid`.
 */
export function parseDelta(value: unknown): Delta {
  const fields = record(value, 'delta');
  const from = wholeNumber(fields.from, 'delta/from');
  const to = wholeNumber(fields.to, 'delta/to');
  if (to <= from) throw new SnapshotError('delta/to', 'a later revision than from');
  return {
    tenant: parseTenant(fields.tenant, 'delta/tenant'),
    lineage: text(fields.lineage, 'delta/lineage'),
    from,
    to,
    ops: list(fields.ops, 'delta/ops').map((op, index) => parseOperation(op, `delta/ops/${index}`)),
    count: wholeNumber(fields.count, 'delta/count'),
  };
}

function parseOperation(value: unknown, pointer: string): DeltaOperation {
  const fields = record(value, pointer);
  switch (fields.op) {
    case 'put':
      return { op: 'put', entry: parseEntry(fields.entry, `${pointer}/entry`) };
    case 'delete':
      return { op: 'delete', pattern: text(fields.pattern, `${pointer}/pattern`) };
    case 'putPolicy':
      return { op: 'putPolicy', policy: parsePolicy(fields.policy, `${pointer}/policy`) };
    case 'deletePolicy':
      return { op: 'deletePolicy', name: parsePolicyName(fields.name, `${pointer}/name`) };
    default:
      throw new SnapshotError(`${pointer}/op`, 'put, delete, putPolicy or deletePolicy');
  }
}
