import { type DecisionRequest, single } from './decision-request.js';

/**
 * Whether a request comes from a page of the application itself or from the browser's user: nothing that a list of other origins
 * decides. Browsers set `Sec-Fetch-Site` and no page can (Fetch Metadata §2.4). Those too old to send it send the page's origin; the
 * others may send `null` for it, under `Referrer-Policy: no-referrer` (Fetch §3.1.4).
 */
export function isFromOwnPage({ secFetchSite, origin, ownOrigins = [] }: DecisionRequest): boolean {
  const site = single(secFetchSite);
  if (site === 'same-origin' || site === 'none') return true;
  const text = single(origin);
  // Any site can make itself a `null` origin.
  return text !== undefined && text !== 'null' && ownOrigins.includes(text);
}
