import type { Counters } from '../counters.js';
import type { Absences } from './absences.js';
import type { Link } from './link.js';
import type { Service } from './service.js';
import type { Tenants } from './tenants.js';

/** Brings one tenant's list up to date. */
export interface Loader {
  /**
   * Asks the service for the tenant and files what it says. Calls for one tenant that overlap share one request. Never rejects.
   *
   * @returns whether the service answered as it should; that it knows no such tenant is such an answer.
   */
  load(slug: string): Promise<boolean>;
}

/** The floor's shared parts. */
export interface SyncParts {
  readonly service: Service;
  readonly link: Link;
  readonly tenants: Tenants;
  readonly absences: Absences;
  readonly counters: Counters;
}

export function createLoader({ service, link, tenants, absences, counters }: SyncParts): Loader {
  const underWay = new Map<string, Promise<boolean>>();

  async function run(slug: string): Promise<boolean> {
    const answer = await service.snapshot(slug, tenants.get(slug)?.etag);
    if (link.state() === 'closed') return false;
    const held = tenants.get(slug);
    switch (answer.kind) {
      case 'snapshot':
        absences.delete(slug);
        tenants.take(answer.compiled, answer.etag, answer.sentAtMs);
        break;
      case 'not_modified':
        if (held !== undefined) tenants.confirm(held, answer.sentAtMs);
        break;
      case 'gone':
        absences.setUnknown(slug);
        tenants.drop(slug);
        break;
      case 'failure':
        counters.callsFailed += 1;
        if (answer.scope === 'tenant' && held === undefined) absences.setFailed(slug);
        link.failed(answer);
        return false;
    }
    // After the list is in place: whoever waits for the link looks for the list.
    link.succeeded();
    return true;
  }

  return {
    load(slug) {
      const shared = underWay.get(slug);
      if (shared !== undefined) return shared;
      const load = run(slug).finally(() => underWay.delete(slug));
      underWay.set(slug, load);
      return load;
    },
  };
}
