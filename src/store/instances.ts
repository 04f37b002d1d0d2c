import { AppError } from '../errors.js';
import type { Database } from './database.js';
import { insertEvent } from './event-row.js';
import {
  type HeldVersion,
  type InstanceName,
  type InstanceNote,
  type InstanceReport,
  MAX_INSTANCES_PER_KEY,
  recordBye,
  recordInstance,
} from './instance-record.js';
import { IS_SILENT, settle } from './instance-rows.js';
import { requireStandingKey } from './key-rows.js';
import { createLoadLimiter } from './load-limiter.js';
import { requireSlug, tenantNotFound } from './tenant-lock.js';
import type { TenantScope } from './tenants.js';
import type { Transaction } from './transaction.js';
import { isUuid } from './uuid.js';
import type { WriteContext } from './write-context.js';

/** Which instances there are, and what each decides by. Every method: AppError `store_unavailable`. */
export interface Instances {
  /**
   * Writes down what an instance says. Its last word counts, also when that is a lower revision. Tenants that do not exist or
   * that `scope` does not show are passed over.
   *
   * @throws AppError `too_many_instances`: the key has 1,000 others. Nobody is forgotten for a new one; the rollouts of its
   *   tenants say that they are not complete.
   */
  report(report: InstanceReport, scope: TenantScope): Promise<void>;
  /**
   * Writes down an instance that opens a stream, with what it holds as it does. It never lowers what a report said: the
   * opening may be written after the report that followed it. One that was not known is taken for one that serves when
   * stale, until it reports. Same error.
   */
  follow(
    name: InstanceName & { readonly service?: string | undefined },
    held: readonly HeldVersion[],
    scope: TenantScope,
  ): Promise<void>;
  /** Forgets an instance that says good-bye, and for five seconds does not hear it: a report may still be under way. */
  sayBye(name: InstanceName): Promise<void>;
  /**
   * Forgets, for one tenant, an instance of which an admin knows that it is no more. The trail of events keeps it.
   *
   * @throws AppError `tenant_not_found`, `instance_not_found`; `instance_not_silent`: it has reported lately and would again.
   */
  remove(slug: string, id: string, context: WriteContext): Promise<void>;
}

/** Reports written at once: the rest of the pool's connections stay with the writes. */
const CONCURRENT_REPORTS = 4;
const WAITING_REPORTS = 2_000;
/** How long a report may wait for its turn. */
const MAX_WAIT_MS = 5_000;

/** @param onMoved hears, after the commit, of which tenants an instance told something new. Must not throw. */
export function createInstances(db: Database, onMoved: (tenantIds: readonly string[]) => void): Instances {
  const limiter = createLoadLimiter({ concurrent: CONCURRENT_REPORTS, waiting: WAITING_REPORTS });
  let failedAtMs = Number.NEGATIVE_INFINITY;

  async function write(work: (transaction: Transaction) => Promise<readonly string[]>): Promise<void> {
    const waitingSinceMs = performance.now();
    const moved = await limiter.run(async () => {
      // In an outage each would find out by itself, one after the other. And a late one could take back what a later one said.
      if (failedAtMs > waitingSinceMs || performance.now() - waitingSinceMs > MAX_WAIT_MS) {
        throw new AppError('store_unavailable', 'The reports before it could not be written.');
      }
      return db.write(work).catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'store_unavailable') failedAtMs = performance.now();
        throw error;
      });
    });
    if (moved.length > 0) onMoved(moved);
  }

  async function record(note: InstanceNote, held: readonly HeldVersion[], scope: TenantScope): Promise<void> {
    let isRefused = false;
    await write(async (transaction) => {
      const moved = await recordInstance(transaction, note, held, scope);
      isRefused = moved === 'refused';
      return moved === 'refused' ? [] : moved;
    });
    // After the commit: that it was refused is written down.
    if (isRefused) {
      throw new AppError('too_many_instances', `The key has ${MAX_INSTANCES_PER_KEY} instances, its limit.`);
    }
  }

  return {
    report: ({ applied, isAll = false, ...report }, scope) =>
      record({ ...report, isAll, isFollowing: false }, applied, scope),

    follow: (name, held, scope) =>
      record({ ...name, transport: 'stream', isAll: false, isFollowing: true }, held, scope),

    sayBye: (name) => write((transaction) => recordBye(transaction, name)),

    async remove(slug, id, context) {
      requireSlug(slug);
      onMoved(await db.write((transaction) => removeSilent(transaction, slug, id, context)));
    },
  };
}

async function removeSilent(
  transaction: Transaction,
  slug: string,
  id: string,
  context: WriteContext,
): Promise<readonly string[]> {
  const { tenantIds = null } = context;
  const [tenant] = await transaction.query<{ readonly id: string }>(
    'SELECT id FROM tenants WHERE slug = $1 AND deleted_at IS NULL AND ($2::uuid[] IS NULL OR id = ANY($2))',
    [slug, tenantIds],
  );
  if (tenant === undefined) throw tenantNotFound(slug);
  const [found] = !isUuid(id)
    ? []
    : await transaction.query<{ readonly isSilent: boolean; readonly detail: object }>(
        `SELECT ${IS_SILENT} AS "isSilent", json_build_object('tenant', $3::text, 'key', i.key_id, 'instance', i.instance,
           'service', i.service, 'lineage', v.lineage, 'revision', v.revision, 'lastSeenAt', i.last_seen_at) AS detail
         FROM instances i JOIN instance_versions v ON v.instance_id = i.id
         WHERE i.id = $1 AND v.tenant_id = $2 FOR UPDATE OF i`,
        [id, tenant.id, slug],
      );
  if (found === undefined) throw new AppError('instance_not_found', 'The tenant has no such instance.');
  if (!found.isSilent) {
    throw new AppError(
      'instance_not_silent',
      'It has reported lately, and would be back with its next report.',
    );
  }
  await transaction.query(REMOVE_VERSION, [id, tenant.id]);
  await insertEvent(transaction, context, 'instance.remove', found.detail, [tenant.id]);
  await requireStandingKey(transaction, context);
  return [tenant.id];
}

const REMOVE_VERSION = `
  WITH gone AS (
    DELETE FROM instance_versions v WHERE v.instance_id = $1 AND v.tenant_id = $2
    RETURNING v.tenant_id, v.lineage, v.revision, clock_timestamp() AS left_at
  ), counts AS (SELECT tenant_id, 0 AS registered, 1 AS forgotten FROM gone), ${settle()}
  DELETE FROM instances i WHERE i.id = $1
    AND NOT EXISTS (SELECT FROM instance_versions v WHERE v.instance_id = $1 AND v.tenant_id <> $2)`;
