import type { Counters } from '../counters.js';
import type { Absences } from './absences.js';
import type { CallFailure } from './call-failure.js';
import type { Link } from './link.js';
import type { Service, SnapshotAnswer } from './service.js';
import type { Tenants } from './tenants.js';

/** Brings one tenant's list up to date. */
export interface Loader {
  /**
   * Asks the service for the tenant and files what it says. Calls for one tenant that overlap share one request. Never rejects.
   *
   * @returns whether the service answered as it should; that it knows no such tenant is such an answer.
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
  isDiscarded: boolean;
}

export function createLoader({ service, link, tenants, absences, counters }: SyncParts): Loader {
  const underWay = new Map<string, Load>();

  async function run(slug: string): Promise<boolean> {
    const answer = await service.snapshot(slug, tenants.get(slug)?.etag);
    if (link.state() === 'closed') return false;
    if (answer.kind === 'failure') return fail(slug, answer);
    if (underWay.get(slug)?.isDiscarded !== true) file(slug, answer);
    // After the list is in place: whoever waits for the link looks for the list.
    link.succeeded();
    return true;
  }

  function fail(slug: string, failure: CallFailure): false {
    counters.callsFailed += 1;
    if (failure.scope === 'tenant' && tenants.get(slug) === undefined) absences.setFailed(slug);
    link.failed(failure);
    return false;
  }

  function file(slug: string, answer: Exclude<SnapshotAnswer, CallFailure>): void {
    switch (answer.kind) {
      case 'snapshot':
        absences.delete(slug);
        tenants.take(answer.compiled, answer.etag, answer.sentAtMs);
        return;
      case 'not_modified': {
        const held = tenants.get(slug);
        if (held !== undefined) tenants.confirm(held, answer.sentAtMs);
        return;
      }
      case 'gone':
        absences.setUnknown(slug);
        tenants.drop(slug);
    }
  }

  function load(slug: string): Promise<boolean> {
    const shared = underWay.get(slug);
    if (shared !== undefined) return shared.answered;
    if (link.state() === 'closed') return Promise.resolve(false);
    const answered = run(slug).finally(() => underWay.delete(slug));
    underWay.set(slug, { answered, isDiscarded: false });
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
      if (shared !== undefined) shared.isDiscarded = true;
    },
  };
}
