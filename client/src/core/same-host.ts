import { MAX_ORIGIN_LENGTH } from './origin.js';
import { activeExact } from './origin-match.js';
import type { OriginEntry, OriginSet } from './origin-set.js';

/** The one exact entry on the request's own host and port; none when both schemes are listed, since the request does not tell which. */
export function sameHostEntry(
  set: OriginSet,
  host: string,
  policy: string,
  nowMs: number,
): OriginEntry | undefined {
  if (host.length > MAX_ORIGIN_LENGTH) return undefined;
  const name = host.toLowerCase();
  const secure = activeExact(set, `https://${withoutPort(name, ':443')}`, policy, nowMs);
  const insecure = activeExact(set, `http://${withoutPort(name, ':80')}`, policy, nowMs);
  return secure !== undefined && insecure !== undefined ? undefined : (secure ?? insecure);
}

function withoutPort(host: string, port: string): string {
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}
