import { compileSnapshot, DEFAULT_POLICY, decide } from '@origin-allowlist/client/core';
import type { Regex } from '../../src/migrate/regex/regex.js';

/** What the library itself does: JavaScript looks anywhere, `re.match` from the beginning. */
export function matches({ source, flags, dialect }: Regex, text: string): boolean {
  return new RegExp(dialect === 'python' ? `^(?:${source})` : source, flags).test(text);
}

/** Whether the engine lets an origin in by these patterns. */
export function allowedBy(patterns: readonly string[]): (origin: string) => boolean {
  const entries = patterns.map((pattern) => ({ pattern }));
  const policies = [DEFAULT_POLICY];
  const list = { tenant: 'a', lineage: '', revision: 1, count: entries.length, policies, entries };
  const compiled = compileSnapshot(list);
  return (origin) => decide({ method: 'GET', origin }, compiled, 0).allowed;
}
