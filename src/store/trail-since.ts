import { AppError } from '../errors.js';
import { inTurns } from '../turns.js';
import type { ChangeOperation } from './change-rows.js';
import type { Tenant } from './generated/client.js';
import type { Moment } from './moments.js';
import { type Break, checkHead, createChain } from './trail-chain.js';
import { type Reader, stepToEnd } from './trail-walk.js';

/**
 * The changes of a tenant since a revision, each hashed anew. What they say of that revision is taken from the very bytes that are
 * hashed, so it may be read in parts, and the last of them decides.
 */
export interface TrailSince {
  readonly moment: Moment;
  /** Reads on to the newest change there is. @throws AppError `history_mismatch` when one does not hold. */
  readOn(reader: Reader): Promise<void>;
  /** @throws AppError `history_mismatch` when the change read last is not the tenant's newest. */
  requireHead(tenant: Pick<Tenant, 'revision' | 'headHash' | 'lineage'>): void;
  /** How rows were at the revision that were changed since, by {@link toldName}; `null` = not there. */
  readonly told: ReadonlyMap<string, ChangeOperation['before']>;
}

/** Nothing of it is read yet. */
export function createTrailSince(moment: Moment): TrailSince {
  const chain = createChain(moment, undefined);
  const told = new Map<string, ChangeOperation['before']>();

  async function follow(_reader: Reader, { operations }: { readonly operations: ChangeOperation[] }) {
    for await (const turn of inTurns(operations)) {
      for (const { subject, before, after } of turn) {
        const row = before ?? after;
        const name = toldName(subject, String(subject === 'entry' ? row?.id : row?.name));
        if (!told.has(name)) told.set(name, before);
      }
    }
    return undefined;
  }

  return {
    moment,
    readOn: async (reader) =>
      requireWhole(await stepToEnd(reader, { tenantId: moment.tenantId, chain, follow })),
    requireHead: (tenant) => requireWhole(checkHead(chain, tenant)),
    told,
  };
}

/** `entry` and an id, or `policy` and a name. */
export function toldName(subject: string, key: string): string {
  return `${subject} ${key}`;
}

function requireWhole(broken: Break | undefined): void {
  if (broken === undefined) return;
  const { revision, kind, detail } = broken;
  throw new AppError(
    'history_mismatch',
    `The trail does not hold: revision ${revision}: ${kind}: ${detail}. Nothing was written; check the trail.`,
  );
}
