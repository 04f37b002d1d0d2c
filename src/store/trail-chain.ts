import { inTurns } from '../turns.js';
import { sealChange } from './change-hash.js';
import type { ChangeRecord } from './change-rows.js';
import type { Tenant } from './generated/client.js';
import { createReplay, type Replay } from './trail-replay.js';

/** What can be wrong with the trail of a tenant. */
export type BreakKind =
  /** The hash of a change is not that of its content. */
  | 'hash_mismatch'
  /** A change does not name the hash of the one before it. */
  | 'prev_hash_mismatch'
  | 'missing_revision'
  /** A change is of a lineage that was left before. */
  | 'lineage_mismatch'
  /** A change says of a row what the changes before it do not. */
  | 'before_mismatch'
  /** The tenant does not name the newest change. */
  | 'head_mismatch'
  /** A row in use is not what the changes made it. */
  | 'rows_mismatch'
  /** A row that history is read from is not what the changes left, has come without one, or is gone. */
  | 'versions_mismatch'
  /** What a change is found by, when it is looked for by an entry or a policy, is not what it is about. */
  | 'subjects_mismatch'
  /** The change that was written down elsewhere is not there. */
  | 'pin_mismatch';

/** The first link of a chain that does not hold. */
export interface Break {
  readonly revision: number;
  readonly kind: BreakKind;
  readonly detail: string;
}

/** A head that somebody wrote down; without a revision that of any change. */
export interface Pin {
  readonly hash: string;
  readonly revision?: number | undefined;
}

/** Where a walk along a chain stands. */
export interface Chain {
  /** The next change; the first that does not hold is told. */
  step(change: ChangeRecord): Promise<Break | undefined>;
  /** Of the change stepped on last. */
  readonly revision: number;
  readonly hash: string | null;
  /** Whether the newest lineage is another than this one, and whether that one was left before. */
  lineageIs(lineage: string): 'same' | 'left' | 'new';
  readonly isPinFound: boolean;
  /** What the rows are by now; only where the walk began at the first change. */
  readonly replay: Replay | undefined;
}

/** @param before the change before the first step; absent: the first step is the first change. */
export function createChain(
  before: Pick<ChangeRecord, 'revision' | 'hash' | 'lineage'> | undefined,
  pin: Pin | undefined,
): Chain {
  let { revision, hash, lineage }: { revision: number; hash: string | null; lineage: string | undefined } =
    before ?? {
      revision: 0,
      hash: null,
      lineage: undefined,
    };
  const lineages = new Set(lineage === undefined ? [] : [lineage]);
  const replay = before === undefined ? createReplay() : undefined;
  let isPinFound = pin === undefined;

  async function step(change: ChangeRecord): Promise<Break | undefined> {
    const broken = (kind: BreakKind, detail: string, at = change.revision): Break => ({
      revision: at,
      kind,
      detail,
    });
    if (change.revision !== revision + 1) {
      return broken('missing_revision', `after ${revision} comes ${change.revision}`, revision + 1);
    }
    if (change.prevHash !== hash)
      return broken('prev_hash_mismatch', `it follows on ${change.prevHash}, not on ${hash}`);
    const { prevHash, actor, requestId, action } = change;
    const head = {
      lineage: change.lineage,
      revision: change.revision,
      at: change.at.toISOString(),
      actor,
      requestId,
      action,
      prevHash,
    };
    const sealed = await sealChange(head, change.operations);
    if (sealed.hash !== change.hash) {
      return broken('hash_mismatch', `its content has the hash ${sealed.hash}, and it says ${change.hash}`);
    }
    if (change.lineage !== lineage && lineages.has(change.lineage)) {
      return broken('lineage_mismatch', `lineage ${change.lineage} was left before`);
    }
    for await (const turn of inTurns(change.operations)) {
      for (const operation of turn) {
        const wrong = replay?.apply(operation, change);
        if (wrong !== undefined) return broken('before_mismatch', `${wrong} was not as it says`);
      }
    }
    if (pin?.revision === change.revision && pin.hash !== change.hash) {
      return broken('pin_mismatch', `its hash is ${change.hash}, and ${pin.hash} was written down`);
    }
    if (pin?.hash === change.hash) isPinFound = true;
    ({ revision, hash, lineage } = change);
    lineages.add(lineage);
    return undefined;
  }

  return {
    step,
    get revision() {
      return revision;
    },
    get hash() {
      return hash;
    },
    lineageIs(other) {
      if (other === lineage) return 'same';
      return lineages.has(other) ? 'left' : 'new';
    },
    get isPinFound() {
      return isPinFound;
    },
    replay,
  };
}

/** Whether the tenant is at the change stepped on last. */
export function checkHead(
  chain: Chain,
  tenant: Pick<Tenant, 'revision' | 'headHash' | 'lineage'>,
): Break | undefined {
  const { revision } = chain;
  if (tenant.revision > revision) return missing(revision + 1);
  const broken = (kind: Break['kind'], detail: string): Break => ({ revision, kind, detail });
  if (tenant.revision < revision)
    return broken('head_mismatch', `the tenant is at revision ${tenant.revision}`);
  if (tenant.headHash !== chain.hash) {
    return broken('head_mismatch', `the tenant names ${tenant.headHash}, and the change has ${chain.hash}`);
  }
  if (chain.lineageIs(tenant.lineage) === 'left') {
    return broken('lineage_mismatch', `the tenant is of lineage ${tenant.lineage}, which was left before`);
  }
  return undefined;
}

export function missing(revision: number): Break {
  return { revision, kind: 'missing_revision', detail: 'it is not there' };
}
