import type { Counters } from '../counters.js';
import type { DiskCopies } from '../disk.js';
import type { Absences } from './absences.js';
import type { CallFailure } from './call-failure.js';
import type { Link } from './link.js';
import type { Service, SnapshotAnswer } from './service.js';
import type { Tenants } from './tenants.js';

/** Brings one tenant's list up to date. */
export interface Loader {
  /**
   * Asks the service for the tenant and files what it says. Calls for one tenant that overlap share one request. Never rejects. For one that
   * is not held, a copy on disk does until the service answers; while the service wants to be left alone, only the copy is asked for.
   *
   * @returns whether the service answered as it should; that it knows no such tenant is such an answer, but not a list of before the
   *   tenant was made anew.
   */
  load(slug: string): Promise<boolean>;
  /** The same by a call that begins after this one: what is under way may have been answered before the news that asks for it. */
  reload(slug: string): Promise<boolean>;
  /** Has the answer of a call under way passed over: something newer is known of the tenant. */
  discard(slug: string): void;
}

/** The floor's shared parts. */
export interface SyncParts {
  readonly service: Service;
  readonly link: Link;
  readonly tenants: Tenants;
  readonly absences: Absences;
  readonly counters: Counters;
}

interface Load {
  readonly answered: Promise<boolean>;
  readonly fate: Fate;
}

interface Fate {
  isDiscarded: boolean;
  /** The service has said what counts, and no copy does any more. */
  isAnswered: boolean;
}

/** @param copies absent = there are none. */
export function createLoader(
  { service, link, tenants, absences, counters }: SyncParts,
  copies?: Pick<DiskCopies, 'has' | 'use' | 'standBy'>,
): Loader {
  const underWay = new Map<string, Load>();

  async function run(slug: string, fate: Fate): Promise<boolean> {
    const needsCopy = (): boolean =>
      !fate.isAnswered && !fate.isDiscarded && mayUseCopy() && tenants.get(slug) === undefined;
    if (link.retryInMs() > 0 && needsCopy() && copies?.has(slug) === true) {
      await copies.use(slug, needsCopy);
      return false;
    }
    const cancelCopy = needsCopy() ? copies?.standBy(slug, needsCopy) : undefined;
    const answer = await service.snapshot(slug, tenants.get(slug)?.etag);
    cancelCopy?.();
    fate.isAnswered = answer.kind !== 'failure' || answer.problem.code === 'unauthorized';
    if (answer.kind === 'failure' && needsCopy()) await copies?.use(slug, needsCopy);
    if (link.state() === 'closed') return false;
    if (answer.kind === 'failure') return fail(slug, answer);
    const isOfUse = fate.isDiscarded || file(slug, answer);
    // After the list is in place: whoever waits for the link looks for the list.
    link.succeeded();
    return isOfUse;
  }

  /** A key that is refused opens no copy either: the service is there, and says no. */
  function mayUseCopy(): boolean {
    return link.state() !== 'closed' && link.state() !== 'unauthorized';
  }

  function fail(slug: string, failure: CallFailure): false {
    counters.callsFailed += 1;
    if (failure.scope === 'tenant' && tenants.get(slug) === undefined) absences.setFailed(slug);
    link.failed(failure);
    return false;
  }

  /** @returns false for what a node answers that lags. */
  function file(slug: string, answer: Exclude<SnapshotAnswer, CallFailure>): boolean {
    switch (answer.kind) {
      case 'snapshot':
        return take(slug, answer);
      case 'not_modified': {
        const held = tenants.get(slug);
        if (held !== undefined) tenants.confirm(held, answer.sentAtMs);
        return true;
      }
      case 'gone':
        absences.setUnknown(slug);
        tenants.leave(slug);
        tenants.drop(slug);
        return true;
    }
  }

  function take(
    slug: string,
    { compiled, etag, sentAtMs }: Extract<SnapshotAnswer, { kind: 'snapshot' }>,
  ): boolean {
    const isTaken = tenants.take(compiled, etag, sentAtMs);
    if (isTaken) absences.delete(slug);
    // Not for each request anew while that node lags.
    else if (tenants.get(slug) === undefined && absences.get(slug) === undefined) absences.setFailed(slug);
    return isTaken;
  }

  function load(slug: string): Promise<boolean> {
    const shared = underWay.get(slug);
    if (shared !== undefined) return shared.answered;
    if (link.state() === 'closed') return Promise.resolve(false);
    const fate = { isDiscarded: false, isAnswered: false };
    const answered = run(slug, fate).finally(() => underWay.delete(slug));
    underWay.set(slug, { answered, fate });
    return answered;
  }

  return {
    load,
    async reload(slug) {
      await underWay.get(slug)?.answered;
      return load(slug);
    },
    discard(slug) {
      const shared = underWay.get(slug);
      if (shared !== undefined) shared.fate.isDiscarded = true;
    },
  };
}
