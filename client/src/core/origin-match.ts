import { HYPHEN } from './ascii.js';
import { locateParts, MAX_ORIGIN_LENGTH, type OriginParts } from './origin.js';
import { LABELS } from './origin-scan.js';
import { ANY_PORT, type OriginEntry, type OriginSet } from './origin-set.js';
import { isCounted } from './tally.js';
import type { Parent } from './wildcards.js';

/** Why no entry lets an origin in. When an entry would but for its own state, that state is the reason. */
export type OriginMiss =
  | 'origin_invalid'
  | 'origin_not_listed'
  | 'entry_disabled'
  | 'entry_expired'
  | 'entry_other_policy';

/**
 * Finds the entry that lets an origin in: exact, exact on any port, affix, then subdomains from the nearest parent outwards.
 * An entry that is disabled, expired or for other policies is passed over. `*` is not looked at: see {@link activeAny}.
 *
 * @param text the raw header value. An exact hit costs one look-up and no parsing.
 * @param policy the name of the policy that answers.
 * @returns the entry, or why there is none.
 */
export function matchOrigin(
  set: OriginSet,
  text: string,
  policy: string,
  nowMs: number,
): OriginEntry | OriginMiss {
  // The length first: hashing an overlong header would be work that its sender chooses.
  if (text.length > MAX_ORIGIN_LENGTH) return 'origin_invalid';
  const exact = isCounted(set.exactLengths, text.length) ? set.exact.get(text) : undefined;
  const inactivity = exact === undefined ? undefined : inactivityOf(exact, policy, nowMs);
  if (exact !== undefined && inactivity === undefined) return exact;

  const parts = locateParts(text);
  if (parts === undefined) return inactivity ?? (text === 'null' ? 'origin_not_listed' : 'origin_invalid');
  const search: Search = { set, text, parts, policy, nowMs, inactivity };
  return findWildcard(search) ?? search.inactivity ?? 'origin_not_listed';
}

/** The entry `*` when it counts now for this policy; it then answers for every origin, parsable or not. */
export function activeAny(set: OriginSet, policy: string, nowMs: number): OriginEntry | undefined {
  return set.any === undefined || inactivityOf(set.any, policy, nowMs) !== undefined ? undefined : set.any;
}

/** The exact entry of this text when it counts now for this policy. */
export function activeExact(
  set: OriginSet,
  text: string,
  policy: string,
  nowMs: number,
): OriginEntry | undefined {
  const entry = set.exact.get(text);
  return entry === undefined || inactivityOf(entry, policy, nowMs) !== undefined ? undefined : entry;
}

interface Search {
  readonly set: OriginSet;
  readonly text: string;
  readonly parts: OriginParts;
  readonly policy: string;
  readonly nowMs: number;
  /** Of the first entry that fits and was passed over. */
  inactivity: OriginMiss | undefined;
}

function findWildcard(search: Search): OriginEntry | undefined {
  const { set, text, parts } = search;
  if (set.exactOnAnyPort.size > 0) {
    const entry = consider(search, set.exactOnAnyPort.get(text.slice(0, parts.hostEnd)));
    if (entry !== undefined) return entry;
  }
  const { schemeLengths, parents: schemes } = set.wildcards;
  if (parts.hostKind !== 'name' || !isCounted(schemeLengths, parts.schemeEnd)) return undefined;
  const parents = schemes.get(schemeOf(text, parts));
  return parents === undefined ? undefined : findBelow(search, parents);
}

/** Nearly always a text that V8 has hashed before: a slice is a new one each time. */
function schemeOf(text: string, { schemeEnd }: OriginParts): string {
  return schemeEnd === HTTPS.length && text.startsWith(HTTPS) ? HTTPS : text.slice(0, schemeEnd);
}

const HTTPS = 'https';

/**
 * Looks below the parents of a host, from the nearest outwards. Only parents of as many labels as some pattern's are asked for: a
 * header of 127 labels costs no more than the list is deep.
 */
function findBelow(search: Search, parents: ReadonlyMap<string, Parent>): OriginEntry | undefined {
  const { set, text, parts } = search;
  const { depths, deepest, onAnyPort } = set.wildcards;
  // As the parser left them.
  const { dots, places } = LABELS;
  for (let index = Math.max(0, dots - deepest); index < dots; index += 1) {
    if (!isCounted(depths, dots - index)) continue;
    const labelEnd = places[index] ?? 0;
    // What follows the host, if anything, is the port: as in the keys.
    const onPort = parents.get(text.slice(labelEnd + 1));
    const onAny =
      onAnyPort === 0 ? undefined : parents.get(text.slice(labelEnd + 1, parts.hostEnd) + ANY_PORT);
    if (onPort === undefined && onAny === undefined) continue;
    const isLeftmost = index === 0;
    const entry =
      (isLeftmost
        ? (findAffix(search, onPort, labelEnd) ?? findAffix(search, onAny, labelEnd))
        : undefined) ??
      consider(search, onPort?.subdomains) ??
      consider(search, onAny?.subdomains);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** Affix patterns whose texts the leftmost label begins and ends with. */
function findAffix(search: Search, parent: Parent | undefined, labelEnd: number): OriginEntry | undefined {
  if (parent?.affixes === undefined) return undefined;
  const { set, text, parts } = search;
  const start = parts.hostStart;
  // What an affix wildcard stands for has no `_`; that a label has at most 63 characters the parser saw to.
  const underscore = text.indexOf('_', start);
  if (underscore !== -1 && underscore < labelEnd) return undefined;
  for (const length of set.affixIndex.prefixLengths.keys()) {
    const end = start + length;
    if (end >= labelEnd || (length > 0 && text.charCodeAt(end - 1) !== HYPHEN)) continue;
    const entries = parent.affixes.get(text.slice(start, end));
    const entry = entries === undefined ? undefined : findSuffix(search, entries, end, labelEnd);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function findSuffix(
  search: Search,
  entries: ReadonlyMap<string, OriginEntry>,
  prefixEnd: number,
  labelEnd: number,
): OriginEntry | undefined {
  const { set, text } = search;
  for (const length of set.affixIndex.suffixLengths.keys()) {
    const start = labelEnd - length;
    // The wildcard stands for one character at least.
    if (start <= prefixEnd || (length > 0 && text.charCodeAt(start) !== HYPHEN)) continue;
    const entry = consider(search, entries.get(text.slice(start, labelEnd)));
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** An entry that fits, when it counts now. */
function consider(search: Search, entry: OriginEntry | undefined): OriginEntry | undefined {
  if (entry === undefined) return undefined;
  const inactivity = inactivityOf(entry, search.policy, search.nowMs);
  if (inactivity === undefined) return entry;
  search.inactivity ??= inactivity;
  return undefined;
}

function inactivityOf(entry: OriginEntry, policy: string, nowMs: number): OriginMiss | undefined {
  if (!entry.enabled) return 'entry_disabled';
  // Written so that a time that is no number counts as passed.
  if (entry.expiresAtMs !== undefined && !(nowMs < entry.expiresAtMs)) return 'entry_expired';
  if (entry.policies !== undefined && !entry.policies.includes(policy)) return 'entry_other_policy';
  return undefined;
}
