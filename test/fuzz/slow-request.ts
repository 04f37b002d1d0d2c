import type { DecisionKind, DecisionRequest, Enforcement } from '@origin-allowlist/client/core';

/** No Origin · OPTIONS with Origin and Access-Control-Request-Method · anything else. */
export function kindOf({ method, origin, requestMethod }: DecisionRequest): DecisionKind {
  if (linesOf(origin).length === 0) return 'non-cors';
  return method === 'OPTIONS' && linesOf(requestMethod).length > 0 ? 'preflight' : 'actual';
}

/** Whether a refused request is kept from the application: `block` and sockets do, but for the application's own pages. */
export function stops(
  { socket, secFetchSite, origin, ownOrigins = [] }: DecisionRequest,
  enforcement: Enforcement,
): boolean {
  if (enforcement !== 'block' && socket === undefined) return false;
  const [site = '', ...more] = linesOf(secFetchSite);
  if (more.length === 0 && ['same-origin', 'none'].includes(site)) return false;
  const [own = '', ...others] = linesOf(origin);
  return others.length > 0 || !ownOrigins.includes(own) || own === 'null';
}

/** The lines a header came in. */
export function linesOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
