import { type ChangeLog, requireRevision, type Written } from './change-log.js';
import type { Database } from './database.js';
import { type EntryChange, listEntryChanges } from './entry-changes.js';
import type { EntryFilters } from './entry-filter.js';
import { readEntryPage } from './entry-page.js';
import type { Policy } from './generated/client.js';
import type { ListWriteContext } from './list-review.js';
import { createLoadLimiter } from './load-limiter.js';
import { findMoment, type Moment, type PastPoint } from './moments.js';
import { createPastSnapshots } from './past-snapshots.js';
import { type RestoreCounts, type RestoreOptions, restoreRevision } from './restore.js';
import { type RevisionDiff, readDiff } from './revision-diff.js';
import { entriesAt, policiesAt, revisionValues } from './row-versions.js';
import {
  type EntryRow,
  type Page,
  type PageRequest,
  POLICY_COLUMNS,
  type PolicyRow,
  toPolicyRow,
} from './rows.js';
import type { CachedSnapshot } from './snapshot-cache.js';
import { readPastSnapshot } from './snapshot-row.js';
import type { TenantScope } from './tenants.js';
import { createTrailSince } from './trail-since.js';
import type { Transaction } from './transaction.js';

/** Looks into the past at once: the rest of the pool's connections stay with the writes and the present. */
const CONCURRENT_LOOKS = 3;
const WAITING_LOOKS = 300;
/** Restores that hash the changes since at once: long pasts take seconds of computing. */
const CONCURRENT_TRAILS = 2;
const WAITING_TRAILS = 4;

/**
 * What tenants had, and the way back. The past of a deleted tenant cannot be asked for; its changes remain. Every method: AppError
 * `store_unavailable`; every one that takes a slug: `tenant_not_found`.
 */
export interface History {
  /** See {@link findMoment}. @throws AppError `revision_not_found`. */
  find(slug: string, point: PastPoint, scope?: TenantScope): Promise<Moment>;
  /** The entries of that moment, as {@link Entries.list} gives those of now. */
  entries(moment: Moment, filters: EntryFilters, page: PageRequest): Promise<Page<EntryRow>>;
  /** The policies of that moment, by name. */
  policies(moment: Moment): Promise<PolicyRow[]>;
  /** The snapshot of that moment. It displaces none of the present. */
  snapshot(moment: Moment): Promise<CachedSnapshot>;
  /** What leads from one moment of a tenant to another of it, in either direction. */
  diff(from: Moment, to: Moment, page: PageRequest): Promise<RevisionDiff>;
  /** What became of one entry. @throws AppError `entry_not_found`. */
  ofEntry(slug: string, id: string, page: PageRequest, scope?: TenantScope): Promise<Page<EntryChange>>;
  /**
   * Makes entries and policies what they were at a revision, as a new revision; see {@link restoreRevision}. When they are that
   * already, no revision is spent.
   *
   * @throws AppError `revision_not_found`, `revision_mismatch`, `history_mismatch`, `invalid_input`; what the review throws.
   */
  restore(
    slug: string,
    revision: number,
    options: RestoreOptions,
    context: ListWriteContext,
  ): Promise<Written<RestoreCounts>>;
}

export function createHistory(db: Database, changeLog: ChangeLog): History {
  const limiter = createLoadLimiter({ concurrent: CONCURRENT_LOOKS, waiting: WAITING_LOOKS });
  const trails = createLoadLimiter({ concurrent: CONCURRENT_TRAILS, waiting: WAITING_TRAILS });
  const snapshots = createPastSnapshots({
    load: (moment) => limiter.run(() => readPastSnapshot(db, moment)),
  });

  /** A list of 100,000 entries takes longer than other reads may. */
  function look<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return limiter.run(() =>
      db.readConsistently(async (transaction) => {
        await transaction.allowBulk();
        return work(transaction);
      }),
    );
  }

  return {
    find: (slug, point, scope) => findMoment(db.query, slug, point, scope),
    entries: (moment, filters, page) =>
      look(({ query }) => {
        const then = { table: entriesAt(), values: revisionValues(moment) };
        return readEntryPage(query, then, filters, new Date(moment.at), page);
      }),
    policies: (moment) =>
      look(async ({ query }) => {
        const found = await query<Policy>(
          `SELECT ${POLICY_COLUMNS} FROM ${policiesAt()} p ORDER BY name`,
          revisionValues(moment),
        );
        return found.map(toPolicyRow);
      }),
    snapshot: snapshots.get,
    diff: (from, to, page) => look((transaction) => readDiff(transaction, from, to, page)),
    ofEntry: (slug, id, page, scope) => listEntryChanges(db, slug, id, page, scope),
    async restore(slug, revision, { ifMatch, dryRun, acceptedRisks = [] }, context) {
      const { tenantIds = null } = context;
      const moment = await findMoment(db.query, slug, { atRevision: revision }, { tenantIds });
      // It is looked at again when the tenant is locked: here it keeps a stale restore from hashing for seconds.
      requireRevision(moment.head, ifMatch);
      const trail = createTrailSince(moment);
      await trails.run(() => trail.readOn(db));
      return changeLog.writeTenant(slug, context, { action: 'tenant.restore', ifMatch, dryRun }, (write) =>
        restoreRevision(write, trail, acceptedRisks, context),
      );
    },
  };
}
