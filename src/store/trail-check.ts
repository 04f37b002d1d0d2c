import type { Logger } from '../log.js';
import { type Database, openDatabase } from './database.js';
import type { Tenant } from './generated/client.js';
import { TENANT_COLUMNS } from './rows.js';
import { requireTenant, type TenantScope } from './tenants.js';
import { type Break, type Chain, checkHead, createChain, missing, type Pin } from './trail-chain.js';
import { compareRows } from './trail-rows.js';
import { createTraces } from './trail-traces.js';
import { readChanges, stepOn, stepToEnd, type Walk } from './trail-walk.js';
import type { Transaction } from './transaction.js';

/** What a check found. */
export interface TrailVerdict {
  readonly tenant: string;
  readonly tenantId: string;
  readonly fromRevision: number;
  /** The last change that was found to hold; 0 = none. */
  readonly toRevision: number;
  /** Its hash. */
  readonly hash: string | null;
  /** `null` = what was looked at holds. */
  readonly broken: Break | null;
  /** From where to go on, when the time was over before the end. */
  readonly nextRevision: number | null;
  /** Whether the rows in use and those that were kept were compared: only by a check of the whole chain at once. */
  readonly rowsCompared: boolean;
  /** Whether the lineage was renewed after the newest change, as an operator does after a restore; no change tells of it. */
  readonly lineageRenewed: boolean;
}

export interface CheckOptions {
  /** Where to begin; what is before is trusted. Default 1. */
  readonly fromRevision?: number | undefined;
  readonly pin?: Pin | undefined;
  /** How long to look for at most. Default: to the end. */
  readonly limitMs?: number | undefined;
}

/** Checks trails. Every method: AppError `store_unavailable`. */
export interface TrailCheck {
  /** The live tenant of this slug. @throws AppError `tenant_not_found`. */
  bySlug(slug: string, options?: CheckOptions, scope?: TenantScope): Promise<TrailVerdict>;
  /** The tenant of this id, which must be there, deleted or not. */
  byId(tenantId: string, options?: CheckOptions): Promise<TrailVerdict>;
  /** The tenants, deleted ones too, by their ids: those after `after`, of that slug. At most 1,000. */
  tenants(after: string | undefined, slug?: string): Promise<readonly CheckedTenant[]>;
}

export interface CheckedTenant {
  readonly id: string;
  /** Whether no later tenant has its slug. */
  readonly isNewest: boolean;
}

const TENANTS_PER_READ = 1_000;

export function createTrailCheck(db: Database): TrailCheck {
  async function byId(
    tenantId: string,
    { fromRevision = 1, pin, limitMs = Number.POSITIVE_INFINITY }: CheckOptions = {},
  ) {
    const startedMs = performance.now();
    const before = fromRevision === 1 ? undefined : (await readChanges(db, tenantId, fromRevision - 1, 1))[0];
    // What is before is trusted, so a pin is not missed that stands for what an earlier call went through.
    const isPinBefore = pin !== undefined && (await hasPin(db, tenantId, pin, fromRevision));
    const chain = createChain(before, isPinBefore ? undefined : pin);
    const traces = chain.replay && createTraces(tenantId);
    const walk: Walk = {
      tenantId,
      chain,
      follow:
        traces && ((reader, change) => traces.follow(reader, change, chain.replay?.takeReplaced() ?? [])),
    };
    const verdict = (tenant: Tenant, rest: Partial<TrailVerdict>): TrailVerdict => ({
      tenant: tenant.slug,
      tenantId,
      fromRevision,
      toRevision: chain.revision,
      hash: chain.hash,
      broken: null,
      nextRevision: null,
      rowsCompared: false,
      lineageRenewed: false,
      ...rest,
    });
    const hasTime = () => performance.now() - startedMs < limitMs;

    let broken =
      fromRevision > 1 && before?.revision !== fromRevision - 1 ? missing(fromRevision - 1) : undefined;
    let isAtEnd = false;
    while (broken === undefined && !isAtEnd && hasTime()) {
      const { count, broken: found } = await stepOn(db, walk);
      isAtEnd = count === 0;
      broken = found;
    }
    return db.readConsistently(async (transaction) => {
      await transaction.allowBulk();
      const tenant = await readTenant(transaction, tenantId);
      // What was written since: the rows are compared with the changes as of one moment.
      if (broken === undefined && isAtEnd) broken = await stepToEnd(transaction, walk);
      // What an earlier change has left comes before a later one that does not hold.
      broken = (await traces?.compare(transaction)) ?? broken;
      if (broken !== undefined) return verdict(tenant, { broken });
      if (!isAtEnd) return verdict(tenant, { nextRevision: chain.revision + 1 });
      broken = checkHead(chain, tenant) ?? checkPin(chain, pin);
      broken ??= await compareRows(transaction, chain, tenant);
      broken ??= await traces?.compareTotals(db, transaction, chain.revision);
      return verdict(tenant, {
        broken: broken ?? null,
        rowsCompared: broken === undefined && chain.replay !== undefined,
        lineageRenewed: chain.lineageIs(tenant.lineage) === 'new',
      });
    });
  }

  return {
    byId,
    bySlug: async (slug, options, scope) => byId((await requireTenant(db, slug, scope)).id, options),
    tenants: (after, slug) =>
      db.query<CheckedTenant>(
        `SELECT t.id, NOT EXISTS (SELECT FROM tenants n WHERE n.slug = t.slug AND n.created_at > t.created_at) AS "isNewest"
         FROM tenants t WHERE ($1::uuid IS NULL OR t.id > $1) AND ($2::text IS NULL OR t.slug = $2) ORDER BY t.id LIMIT $3`,
        [after ?? null, slug ?? null, TENANTS_PER_READ],
      ),
  };
}

/** Checks over a database of its own, which must be of this version. Close it. */
export async function openTrailCheck(
  databaseUrl: string,
  log: Logger,
): Promise<TrailCheck & Pick<Database, 'close'>> {
  const db = await openDatabase({ databaseUrl, log, poolSize: 2 });
  return { ...createTrailCheck(db), close: db.close };
}

async function readTenant(transaction: Transaction, tenantId: string): Promise<Tenant> {
  const [tenant] = await transaction.query<Tenant>(`SELECT ${TENANT_COLUMNS} FROM tenants WHERE id = $1`, [
    tenantId,
  ]);
  if (tenant === undefined) throw new Error(`tenant ${tenantId} is gone`);
  return tenant;
}

function checkPin({ isPinFound, revision }: Chain, pin: Pin | undefined): Break | undefined {
  if (isPinFound || pin === undefined) return undefined;
  return {
    revision: Math.min(pin.revision ?? revision, revision),
    kind: 'pin_mismatch',
    detail: `no change has the hash ${pin.hash} that was written down`,
  };
}

/** Whether a change before `fromRevision` is the one that was written down. */
async function hasPin(
  db: Database,
  tenantId: string,
  { hash, revision }: Pin,
  fromRevision: number,
): Promise<boolean> {
  const found = await db.query(
    `SELECT FROM changes WHERE tenant_id = $1 AND revision < $2 AND hash = $3 AND ($4::integer IS NULL OR revision = $4)`,
    [tenantId, fromRevision, hash, revision ?? null],
  );
  return found.length > 0;
}
