import type { AnyPattern, OriginEntry, Pattern } from '@origin-allowlist/client/core';
import type { ExistingPatterns } from './existing-patterns.js';
import { hostText } from './host.js';
import type { HostForm, HostPattern } from './lint-context.js';

/**
 * The entry that lets in everything a pattern does, and more: by a wider port, a wider wildcard, or `*`. Found as the engine
 * finds entries, by building the few patterns that could cover this one, so it costs the same whatever the size of the list.
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
  for (const wider of widerPatterns(pattern, existing)) {
    const entry = wider.text === pattern.text ? undefined : existing.find(wider);
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

const ANY: AnyPattern = { kind: 'any', text: '*', anyPort: false };

/** The patterns that cover a pattern, itself included, nearest first. */
function* widerPatterns(pattern: Pattern, existing: ExistingPatterns): Generator<Pattern> {
  switch (pattern.kind) {
    case 'any':
      return;
    case 'null':
      yield ANY;
      return;
    case 'exact':
    case 'subdomains':
    case 'affix': {
      const { scheme, port, anyPort } = pattern;
      for (const form of widerForms(pattern, existing)) {
        const stem = `${scheme}://${hostText(form)}`;
        const portText = port === undefined ? '' : `:${port}`;
        if (!anyPort) yield { ...form, scheme, text: stem + portText, port, anyPort };
        yield { ...form, scheme, text: `${stem}:*`, port: undefined, anyPort: true };
      }
      yield ANY;
    }
  }
}

/** The same without scheme and port. */
function* widerForms(pattern: HostPattern, existing: ExistingPatterns): Generator<HostForm> {
  yield pattern;
  switch (pattern.kind) {
    case 'exact': {
      const parent = pattern.hostKind === 'name' ? parentOf(pattern.host) : undefined;
      if (parent === undefined) return;
      const label = pattern.host.slice(0, -parent.length - 1);
      // `_` is outside what an affix wildcard stands for.
      if (!label.includes('_')) yield* affixForms(label, label, label.length - 1, parent, existing);
      yield* subdomainForms(parent);
      return;
    }
    case 'subdomains': {
      const parent = parentOf(pattern.host);
      if (parent !== undefined) yield* subdomainForms(parent);
      return;
    }
    case 'affix': {
      const { prefix, suffix, host } = pattern;
      yield* affixForms(prefix, suffix, prefix.length + suffix.length, host, existing);
      yield* subdomainForms(host);
    }
  }
}

/**
 * Affix wildcards whose texts begin `start` and end `end`. A text that does not touch the `*` with a hyphen is in no list: asking
 * for it would be lost work.
 *
 * @param room characters that the two texts may have together: the wildcard stands for at least one.
 */
function* affixForms(
  start: string,
  end: string,
  room: number,
  host: string,
  existing: ExistingPatterns,
): Generator<HostForm> {
  for (let length = start.length; length >= 0; length -= 1) {
    const prefix = start.slice(0, length);
    const touches = length === 0 || prefix.endsWith('-');
    if (!touches || !existing.mayHaveAffix(host, prefix)) continue;
    for (let index = 0; index <= end.length; index += 1) {
      const suffix = end.slice(index);
      const fits = prefix.length + suffix.length <= room && (suffix === '' || suffix.startsWith('-'));
      if (fits) yield { kind: 'affix', host, prefix, suffix };
    }
  }
}

/** `*.` before a host and before each host above it. */
function* subdomainForms(host: string): Generator<HostForm> {
  for (let parent: string | undefined = host; parent !== undefined; parent = parentOf(parent)) {
    yield { kind: 'subdomains', host: parent };
  }
}

/** A host without its first label; `undefined` when nothing is left. */
function parentOf(host: string): string | undefined {
  const dot = host.indexOf('.');
  const parent = dot === -1 ? '' : host.slice(dot + 1);
  return parent === '' ? undefined : parent;
}
