import type { Allowlist } from './client.js';
import type { Decision } from './core/index.js';
import type { RouteChoice } from './routes.js';

/** An allowlist as adapters ask it. Whoever has put a `decide` of their own in its place may have left `recall` out. */
export type AskedAllowlist = Pick<Allowlist, 'decide'> & Partial<Pick<Allowlist, 'recall'>>;

/**
 * The answer that is kept for a request. Nearly all come from the same few pages or from none, and for these no request is put together,
 * which would take as long as all the rest.
 *
 * @param origin the header, all its lines in one.
 */
export function recallKept(
  allowlist: Pick<AskedAllowlist, 'recall'>,
  method: string | undefined,
  origin: string | undefined,
  target: string,
  { policy, isAmbiguous }: RouteChoice,
): Decision | undefined {
  return method === 'OPTIONS' || isAmbiguous ? undefined : allowlist.recall?.(origin, target, policy);
}
