import { parseOrigin } from '@origin-allowlist/client/core';
import type { HostPattern } from './lint-context.js';

/**
 * An origin that a pattern lets in and, where it has a wildcard, that someone else could own.
 *
 * @param port to show that any port is let in, for a pattern that has `:*`; absent = the scheme's default.
 * @returns a list of one, or an empty one when no such origin is short enough for a browser to send.
 */
export function exampleOrigins(pattern: HostPattern, port?: number): readonly string[] {
  const shown = pattern.anyPort ? port : pattern.port;
  const portText = shown === undefined ? '' : `:${shown}`;
  const origins = ATTACKER_LABELS.map(
    (label) => `${pattern.scheme}://${exampleHost(pattern, label)}${portText}`,
  );
  const origin = origins.find((text) => parseOrigin(text) !== undefined);
  return origin === undefined ? [] : [origin];
}

/** The second for hosts that have no room for the first. */
const ATTACKER_LABELS = ['evil', 'x'];

function exampleHost(pattern: HostPattern, label: string): string {
  switch (pattern.kind) {
    case 'exact':
      return pattern.host;
    case 'subdomains':
      return `${label}.${pattern.host}`;
    case 'affix':
      return `${pattern.prefix}${label}${pattern.suffix}.${pattern.host}`;
  }
}
