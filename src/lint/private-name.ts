import { addressKind, isAtOrBelow, isLoopback, isSingleLabel } from './host.js';
import type { HostPattern } from './lint-context.js';

/** How a name that is no address leads to another machine on each network; `undefined` = as far as known it does not. */
export type PrivateNameKind = 'special' | 'pointing';

/** Classes a name, or the name that a wildcard stands below. */
export function privateNameKind(name: string): PrivateNameKind | undefined {
  if (isAtOrBelow(name, SPECIAL_SUFFIXES)) return 'special';
  return isAtOrBelow(name, POINTING_NAMES) ? 'pointing' : undefined;
}

/** Whether a pattern is for names that mean the same on every network, as far as can be told from them. */
export function isPublicName(pattern: HostPattern): boolean {
  const isOneMachine = isLoopback(pattern) || isSingleLabel(pattern);
  return !isOneMachine && addressKind(pattern) === undefined && privateNameKind(pattern.host) === undefined;
}

/** Names that each network gives out itself. `localhost` is not here: it means the user's machine everywhere. */
const SPECIAL_SUFFIXES: ReadonlySet<string> = new Set([
  'local', // RFC 6762, and Kubernetes' cluster.local
  'home.arpa', // RFC 8375
  'internal', // set aside by ICANN in 2024
  'localdomain', // what some systems put behind localhost
  // RFC 6762 appendix G: in use without having been given to anyone
  'corp',
  'home',
  'intranet',
  'lan',
  'private',
]);

/**
 * Names of the public DNS that lead to the user's own machine, or to the address that is written in them: `10.0.0.1.nip.io`. For
 * the latter anybody can have a name. It cannot be complete: a name that is missing is judged like any other host.
 */
const POINTING_NAMES: ReadonlySet<string> = new Set([
  'lacolhost.com',
  'localtest.me',
  'lvh.me',
  'nip.io',
  'sslip.io',
  'traefik.me',
  'vcap.me',
  'xip.io',
]);
