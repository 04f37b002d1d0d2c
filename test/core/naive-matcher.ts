import type { SnapshotEntry } from '@origin-allowlist/client/core';

/** What the origin set is compared with: slow, and written without looking at it. */
export interface NaiveMatch {
  readonly pattern: string;
  /** Lower wins: exact, exact on any port, affix, subdomains; among these the nearest parent. */
  readonly rank: number;
}

/** Every entry that lets an origin in now, `*` aside; each tried as a regular expression. */
export function naiveMatches(
  entries: readonly SnapshotEntry[],
  origin: string,
  policy: string,
  nowMs: number,
): readonly NaiveMatch[] {
  return entries
    .filter((entry) => entry.pattern !== '*' && isActive(entry, policy, nowMs))
    .filter(({ pattern }) =>
      pattern === 'null' ? origin === 'null' : isOrigin(origin) && covers(pattern, origin),
    )
    .map(({ pattern }) => ({ pattern, rank: rankOf(pattern) }));
}

function isActive(entry: SnapshotEntry, policy: string, nowMs: number): boolean {
  const isDue = entry.expiresAt !== undefined && new Date(entry.expiresAt).getTime() <= nowMs;
  const isFor =
    entry.policies === undefined || entry.policies.length === 0 || entry.policies.includes(policy);
  return entry.enabled !== false && !isDue && isFor;
}

function covers(pattern: string, origin: string): boolean {
  const source = pattern
    .replace(/[.+[\]]/g, '\\$&')
    .replace('://*\\.', '://(?:[a-z0-9_-]+\\.)+')
    .replace(/:\*$/, '(?::[0-9]+)?')
    .replace('*', '[a-z0-9-]+');
  return new RegExp(`^${source}$`).test(origin);
}

function isOrigin(text: string): boolean {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:]+\]|[a-z0-9._-]+?)(?::([1-9][0-9]{0,4}))?$/.exec(text);
  if (match === null || text.endsWith('\n')) return false;
  const [, scheme = '', host = '', port] = match;
  if (scheme.length > 64 || scheme === 'file' || host.length > 253 || Number(port ?? 1) > 65_535)
    return false;
  if (`${scheme}:${port}` === 'https:443' || `${scheme}:${port}` === 'http:80') return false;
  if (host.startsWith('[') || /^[0-9.]+$/.test(host)) {
    return URL.canParse(`http://${host}`) && new URL(`http://${host}`).hostname === host;
  }
  const labels = host.replace(/\.$/, '').split('.');
  return (
    labels.every((label) => label.length >= 1 && label.length <= 63) && !/^[0-9]+$/.test(labels.at(-1) ?? '')
  );
}

function rankOf(pattern: string): number {
  const [, host = ''] = pattern.split('://');
  if (host.startsWith('*.')) return 1000 - host.split('.').length;
  if (host.replace(/:\*$/, '').includes('*')) return 2;
  return pattern.endsWith(':*') ? 1 : 0;
}
