import { exampleOrigins } from './example-origin.js';
import { type Finding, riskFinding } from './finding.js';
import { isAtOrBelow, isWebScheme } from './host.js';
import type { HostPattern } from './lint-context.js';
import { TUNNEL_HOSTS } from './tunnel.js';
import { USER_CONTENT_HOSTS } from './user-content.js';

/** What there is to say of hosts whose owner serves what others made. */
export function providerFindings(pattern: HostPattern): readonly Finding[] {
  if (!isWebScheme(pattern.scheme)) return [];
  const findings: Finding[] = [];
  const text = pattern.host;
  const examples = exampleOrigins(pattern);
  if (isAtOrBelow(pattern.host, USER_CONTENT_HOSTS)) {
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
