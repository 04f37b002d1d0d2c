import { HYPHEN } from './ascii.js';
import { MAX_ORIGIN_LENGTH, type Origin, parseOrigin } from './origin.js';
import { type Affixes, growSuffix, type OriginEntry, type OriginSet } from './origin-set.js';

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
  const exact = set.exact.get(text);
  const inactivity = exact === undefined ? undefined : inactivityOf(exact, policy, nowMs);
  if (exact !== undefined && inactivity === undefined) return exact;

  const origin = parseOrigin(text);
  if (origin === undefined) return inactivity ?? (text === 'null' ? 'origin_not_listed' : 'origin_invalid');
  const search: Search = { set, origin, policy, nowMs, inactivity };
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
  readonly origin: Origin;
  readonly policy: string;
  readonly nowMs: number;
  /** Of the first entry that fits and was passed over. */
  inactivity: OriginMiss | undefined;
}

function findWildcard(search: Search): OriginEntry | undefined {
  const { set, origin } = search;
  let entry: OriginEntry | undefined;
  if (set.exactOnAnyPort.size > 0) {
    entry = consider(search, set.exactOnAnyPort, `${origin.scheme}://${origin.host}:*`);
  }
  if (origin.hostKind !== 'name') return entry;
  if (entry === undefined && set.affixes.size > 0) entry = findAffix(search);
  if (entry === undefined && set.subdomains.size > 0) entry = findSubdomains(search);
  return entry;
}

/** Affix patterns whose texts the leftmost label begins and ends with. Only lengths that some pattern has are tried. */
function findAffix(search: Search): OriginEntry | undefined {
  const { host } = search.origin;
  const labelEnd = host.indexOf('.');
  if (labelEnd === -1) return undefined;
  const affixes = search.set.branches.get(host.slice(labelEnd + 1))?.affixes;
  // What an affix wildcard stands for has no `_`; that a label has at most 63 characters the parser saw to.
  if (affixes === undefined || host.lastIndexOf('_', labelEnd) !== -1) return undefined;
  for (const length of affixes.prefixLengths.keys()) {
    if (length >= labelEnd || (length > 0 && host.charCodeAt(length - 1) !== HYPHEN)) continue;
    const prefix = host.slice(0, length);
    if (!affixes.prefixes.has(prefix)) continue;
    const entry = findSuffix(search, affixes, prefix, labelEnd);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function findSuffix(
  search: Search,
  affixes: Affixes,
  prefix: string,
  labelEnd: number,
): OriginEntry | undefined {
  const { host } = search.origin;
  for (const length of affixes.suffixLengths.keys()) {
    const start = labelEnd - length;
    // The wildcard stands for one character at least.
    if (start <= prefix.length || (length > 0 && host.charCodeAt(start) !== HYPHEN)) continue;
    const entry = considerPorts(search, search.set.affixes, `${prefix}*`, start);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/**
 * Subdomain patterns from the nearest parent outwards. The host is walked from the right first, and given up at the first
 * suffix the list does not know: a header of 127 labels costs no more than the list is deep.
 */
function findSubdomains(search: Search): OriginEntry | undefined {
  const { set, origin } = search;
  const { host } = origin;
  const parents: number[] = [];
  for (let start = growSuffix(host, host.length); start > 0; start = growSuffix(host, start)) {
    const branch = set.branches.get(host.slice(start));
    if (branch === undefined) break;
    if (branch.subdomains > 0) parents.push(start);
  }
  for (let index = parents.length - 1; index >= 0; index -= 1) {
    const entry = considerPorts(search, set.subdomains, '*.', parents[index] ?? 0);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** Tries the text of a wildcard that goes on like the host from `start`: on the origin's own port, then on any. */
function considerPorts(
  search: Search,
  entries: ReadonlyMap<string, OriginEntry>,
  wildcard: string,
  start: number,
): OriginEntry | undefined {
  const { scheme, host, text } = search.origin;
  const hostStart = scheme.length + 3;
  const entry = consider(search, entries, `${scheme}://${wildcard}${text.slice(hostStart + start)}`);
  if (entry !== undefined || search.set.wildcardsOnAnyPort === 0) return entry;
  return consider(search, entries, `${scheme}://${wildcard}${host.slice(start)}:*`);
}

function consider(
  search: Search,
  entries: ReadonlyMap<string, OriginEntry>,
  pattern: string,
): OriginEntry | undefined {
  const entry = entries.get(pattern);
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
