import { exampleOrigins } from './example-origin.js';
import { type Finding, riskFinding } from './finding.js';
import { isAtOrBelow, isWebScheme, withoutTrailingDot } from './host.js';
import type { HostPattern } from './lint-context.js';
import { publicSuffixOf } from './public-suffix.js';
import { TUNNEL_HOSTS } from './tunnel.js';
import { USER_CONTENT_HOSTS } from './user-content.js';

/** What there is to say of hosts whose owner serves what others made. */
export function providerFindings(pattern: HostPattern): readonly Finding[] {
  if (!isWebScheme(pattern.scheme)) return [];
  const findings: Finding[] = [];
  const text = pattern.host;
  const examples = exampleOrigins(pattern);
  if (isAtOrBelow(pattern.host, USER_CONTENT_HOSTS) || isObjectStore(pattern)) {
    const detail = 'This site runs code of anyone who puts it there.';
    findings.push(riskFinding('USER_CONTENT_HOST', { text, detail, examples }));
  }
  if (isAtOrBelow(pattern.host, TUNNEL_HOSTS)) {
    const detail =
      'A tunnel’s name goes to someone else once it is closed; give the entry an expiresAt, or use a name of your own.';
    findings.push(riskFinding('EPHEMERAL_TUNNEL', { text, detail, examples }));
  }
  return findings;
}

/**
 * Whether this one host serves files of every customer, each below a path of its own: `https://s3.amazonaws.com/bucket/page.html`.
 * Of private suffixes only object stores do; at most others there is nobody's page, or the owner's.
 */
function isObjectStore({ kind, host }: HostPattern): boolean {
  if (kind !== 'exact') return false;
  const name = withoutTrailingDot(host);
  const suffix = publicSuffixOf(host);
  if (suffix?.isPrivate !== true || suffix.name !== name) return false;
  return /^s3[.-]/.test(name) || OBJECT_STORES.some((store) => name.endsWith(store));
}

/** Whose names hold no `s3`: each region is a suffix in the list. */
const OBJECT_STORES = ['.digitaloceanspaces.com', '.linodeobjects.com'];
