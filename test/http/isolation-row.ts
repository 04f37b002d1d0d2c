import type { Scope } from '../../src/http/scopes.js';
import type { Subject } from './isolation-world.js';

/**
 * How a route is called, and who may. **A new route needs a row** in `isolation-table.ts` or in what that takes in; without one
 * `isolation.test.ts` fails. To add it:
 *
 * 1. `route` as it is registered, and the `scopes` of which one is enough.
 * 2. `status` of a call that is let in, when that is not 200.
 * 3. What the call needs beside the slug in its path: `params`, `query`, `body`, `headers`, made of the tenant it is about
 *    ({@link Subject}). Where a row deletes or changes something it is that tenant's own: each call that is let in has a world of its own.
 * 4. Where the tenant is named, when it is neither in the path (`:slug`) nor left out: `names: 'query'`, judged before the scope as in
 *    the path, or `names: 'body'`, judged after it; also for what belongs to a tenant, such as a key. `hidden` = the status for a tenant
 *    that the key may not see, when that is not 404.
 *
 * The test takes each row times each scope times keys of the tenant itself, of two others, of none and of all, times that tenant, a
 * foreign one and one that does not exist, and looks after each refused call that nothing was written. A route that takes several
 * shapes of a call has a row for each, told apart by `shape`.
 */
export interface Row {
  readonly route: string;
  readonly shape?: string;
  readonly scopes: readonly Scope[];
  /** Scopes that it takes besides. */
  readonly besides?: readonly Scope[];
  readonly status?: number;
  readonly params?: (subject: Subject) => Readonly<Record<string, string>>;
  readonly query?: (subject: Subject) => string;
  readonly body?: (subject: Subject) => object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly names?: 'query' | 'body';
  readonly hidden?: number;
  /** A key bound to tenants may not, whatever its scopes: 403. */
  readonly ofAllTenants?: true;
  /** It answers with events, and does not end. */
  readonly isStream?: true;
}
