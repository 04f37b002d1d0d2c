import type { AnyPattern, OriginEntry, Pattern } from '@origin-allowlist/client/core';
import type { AffixesBelow, ExistingPatterns } from './existing-patterns.js';
import { hostText } from './host.js';
import type { HostPattern } from './lint-context.js';

/**
 * The entry that lets in everything a pattern does, and more: by a wider port, a wider wildcard, or `*`. Found as the engine
 * finds entries, by asking what the list has below the hosts above this one, so it costs the same whatever the size of the list.
 *
 * Only an entry that counts now counts here, and only for whoever it covers: one that is disabled, expired or limited to some
 * policies does not make an entry for all policies needless.
 *
 * @param policies that the pattern is for; empty = all.
 * @returns the first that the engine would come to; `undefined` when there is none.
 */
export function findCovering(
  existing: ExistingPatterns,
  pattern: Pattern,
  policies: readonly string[],
): OriginEntry | undefined {
  for (const entry of widerEntries(pattern, existing)) {
    const isOther = entry !== undefined && entry.pattern !== pattern.text;
    if (isOther && counts(entry, policies, existing.nowMs)) return entry;
  }
  return undefined;
}

function counts(entry: OriginEntry, policies: readonly string[], nowMs: number): boolean {
  // Written so that a time that is no number counts as passed, as the engine has it.
  const isLive = entry.enabled && (entry.expiresAtMs === undefined || nowMs < entry.expiresAtMs);
  if (!isLive || entry.policies === undefined) return isLive;
  if (policies.length === 0) return false;
  const own = new Set(entry.policies);
  return policies.every((policy) => own.has(policy));
}

const ANY: AnyPattern = { kind: 'any', text: '*', anyPort: false };

/**
 * Look-ups spent on the affix wildcards that may cover one pattern; what is past it stays unsaid. How many a label may be worth
 * grows with the square of its hyphens: ten are worth 160 if a list has all there can be, and only labels and lists made for it
 * come near this.
 */
const MAX_AFFIX_LOOK_UPS = 250;

/** The entries that cover a pattern, itself included, whatever their state: in the order in which the engine looks for them. */
function* widerEntries(pattern: Pattern, existing: ExistingPatterns): Generator<OriginEntry | undefined> {
  switch (pattern.kind) {
    case 'any':
      return;
    case 'null':
      yield existing.find(ANY);
      return;
    case 'exact':
    case 'subdomains':
    case 'affix':
      if (!pattern.anyPort) yield existing.find(onAnyPort(pattern));
      yield* widerAffixes(pattern, existing);
      yield* widerSubdomains(pattern, existing);
      yield existing.find(ANY);
  }
}

function onAnyPort(pattern: HostPattern): HostPattern {
  const text = `${pattern.scheme}://${hostText(pattern)}:*`;
  return { ...pattern, text, port: undefined, anyPort: true };
}

function* widerAffixes(pattern: HostPattern, existing: ExistingPatterns): Generator<OriginEntry | undefined> {
  const label = labelOf(pattern);
  const host = parentOf(pattern);
  if (label === undefined || host === undefined) return;
  const budget = { left: MAX_AFFIX_LOOK_UPS };
  for (const port of widerPorts(pattern)) {
    for (const { affixes } of existing.wildcardsBelow(pattern.scheme, host + port)) {
      if (affixes !== undefined) yield* affixesAround(label, affixes, budget);
    }
  }
}

/** `*.` before the host that a pattern is below, and before each host above it. */
function* widerSubdomains(
  pattern: HostPattern,
  existing: ExistingPatterns,
): Generator<OriginEntry | undefined> {
  for (let host = parentOf(pattern); host !== undefined; host = hostAbove(host)) {
    for (const port of widerPorts(pattern)) {
      for (const { subdomains } of existing.wildcardsBelow(pattern.scheme, host + port)) yield subdomains();
    }
  }
}

/** A label as far as it is known: what it begins and ends with. */
interface Label {
  readonly start: string;
  readonly end: string;
  /** Characters that the texts of a wildcard around it may have together: the wildcard stands for at least one. */
  readonly room: number;
}

/** The label that an affix wildcard would have to stand for; `undefined` when none can. */
function labelOf(pattern: HostPattern): Label | undefined {
  switch (pattern.kind) {
    case 'exact': {
      const label = pattern.host.split('.', 1)[0] ?? '';
      // `_` is outside what an affix wildcard stands for.
      return label.includes('_') ? undefined : { start: label, end: label, room: label.length - 1 };
    }
    case 'subdomains':
      return undefined;
    case 'affix': {
      const { prefix, suffix } = pattern;
      return { start: prefix, end: suffix, room: prefix.length + suffix.length };
    }
  }
}

/** The affix entries around a label, found as the engine finds them: by prefix, then by suffix. */
function* affixesAround(
  { start, end, room }: Label,
  { prefixLengths, suffixLengths, withPrefix }: AffixesBelow,
  budget: { left: number },
): Generator<OriginEntry | undefined> {
  for (const prefixLength of prefixLengths) {
    if (prefixLength > start.length || (prefixLength > 0 && start.at(prefixLength - 1) !== '-')) continue;
    if (budget.left === 0) return;
    budget.left -= 1;
    const entries = withPrefix(start.slice(0, prefixLength));
    if (entries === undefined) continue;
    for (const suffixLength of suffixLengths) {
      if (suffixLength > end.length || prefixLength + suffixLength > room) continue;
      const suffixStart = end.length - suffixLength;
      if (suffixLength > 0 && end.at(suffixStart) !== '-') continue;
      if (budget.left === 0) return;
      budget.left -= 1;
      yield entries.get(end.slice(suffixStart));
    }
  }
}

/** The pattern's own port, as patterns write it, and any. */
function widerPorts({ port, anyPort }: HostPattern): readonly string[] {
  return anyPort ? [':*'] : [port === undefined ? '' : `:${port}`, ':*'];
}

/** The host that a pattern's leftmost label, or its wildcard, is below; `undefined` when there is none. */
function parentOf(pattern: HostPattern): string | undefined {
  if (pattern.kind === 'affix') return pattern.host;
  const isAddress = pattern.kind === 'exact' && pattern.hostKind !== 'name';
  return isAddress ? undefined : hostAbove(pattern.host);
}

/** A host without its first label; `undefined` when nothing is left. */
function hostAbove(host: string): string | undefined {
  const dot = host.indexOf('.');
  const parent = dot === -1 ? '' : host.slice(dot + 1);
  return parent === '' ? undefined : parent;
}
