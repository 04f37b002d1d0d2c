import type { OriginEntry, Pattern } from '@origin-allowlist/client/core';
import type { ExistingPatterns } from './existing-patterns.js';
import { hostText } from './host.js';
import type { HostPattern } from './lint-context.js';

/**
 * The entry that lets in everything a pattern does, and more: by a wider port, a wider wildcard, or `*`. Found as the engine
 * finds entries, by building the few texts that could cover the pattern, so it costs the same whatever the size of the list.
 *
 * Only an entry that counts now counts here, and only for whoever it covers: one that is disabled, expired or limited to some
 * policies does not make an entry for all policies needless.
 *
 * @param policies that the pattern is for; empty = all.
 * @returns the nearest; `undefined` when there is none.
 */
export function findCovering(
  existing: ExistingPatterns,
  pattern: Pattern,
  policies: readonly string[],
): OriginEntry | undefined {
  for (const text of widerTexts(pattern, existing)) {
    const entry = text === pattern.text ? undefined : existing.find(text);
    if (entry !== undefined && counts(entry, policies, existing.nowMs)) return entry;
  }
  return undefined;
}

function counts(entry: OriginEntry, policies: readonly string[], nowMs: number): boolean {
  // Written so that a time that is no number counts as passed, as the engine has it.
  const isLive = entry.enabled && (entry.expiresAtMs === undefined || nowMs < entry.expiresAtMs);
  if (!isLive || entry.policies === undefined) return isLive;
  const own = new Set(entry.policies);
  return policies.length > 0 && policies.every((policy) => own.has(policy));
}

/** Texts of the patterns that cover a pattern, itself included, nearest first. */
function* widerTexts(pattern: Pattern, existing: ExistingPatterns): Generator<string> {
  switch (pattern.kind) {
    case 'any':
      return;
    case 'null':
      yield '*';
      return;
    case 'exact':
    case 'subdomains':
    case 'affix': {
      const ports = pattern.anyPort ? [':*'] : [pattern.port === undefined ? '' : `:${pattern.port}`, ':*'];
      for (const host of widerHosts(pattern, existing)) {
        for (const port of ports) yield `${pattern.scheme}://${host}${port}`;
      }
      yield '*';
    }
  }
}

/** Host parts of those texts. */
function* widerHosts(pattern: HostPattern, existing: ExistingPatterns): Generator<string> {
  yield hostText(pattern);
  switch (pattern.kind) {
    case 'exact': {
      if (pattern.hostKind !== 'name') return;
      const parent = parentOf(pattern.host);
      if (parent === undefined) return;
      const label = pattern.host.slice(0, -parent.length - 1);
      // `_` is outside what an affix wildcard stands for.
      if (!label.includes('_')) yield* affixHosts(label, label, label.length - 1, parent, existing);
      yield* subdomainHosts(parent);
      return;
    }
    case 'subdomains': {
      const parent = parentOf(pattern.host);
      if (parent !== undefined) yield* subdomainHosts(parent);
      return;
    }
    case 'affix': {
      const { prefix, suffix, host } = pattern;
      yield* affixHosts(prefix, suffix, prefix.length + suffix.length, host, existing);
      yield* subdomainHosts(host);
    }
  }
}

/**
 * Affix wildcards whose texts begin `start` and end `end`.
 *
 * @param room characters that the two texts may have together: the wildcard stands for at least one.
 */
function* affixHosts(
  start: string,
  end: string,
  room: number,
  host: string,
  existing: ExistingPatterns,
): Generator<string> {
  for (let length = start.length; length >= 0; length -= 1) {
    const prefix = start.slice(0, length);
    if (!existing.mayHavePrefix(host, prefix)) continue;
    for (let index = 0; index <= end.length; index += 1) {
      const suffix = end.slice(index);
      // No pattern has an ending that does not touch the `*` with a hyphen: asking for one would be lost work.
      const fits = prefix.length + suffix.length <= room && (suffix === '' || suffix.startsWith('-'));
      if (fits) yield `${prefix}*${suffix}.${host}`;
    }
  }
}

/** `*.` before a host and before each host above it. */
function* subdomainHosts(host: string): Generator<string> {
  for (let parent: string | undefined = host; parent !== undefined; parent = parentOf(parent))
    yield `*.${parent}`;
}

/** A host without its first label; `undefined` when nothing is left. */
function parentOf(host: string): string | undefined {
  const dot = host.indexOf('.');
  const parent = dot === -1 ? '' : host.slice(dot + 1);
  return parent === '' ? undefined : parent;
}
