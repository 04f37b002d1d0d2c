import { prefixKey } from './affix-index.js';
import { HYPHEN } from './ascii.js';
import { MAX_ORIGIN_LENGTH, type Origin, parseOrigin } from './origin.js';
import { ANY_PORT, type OriginEntry, type OriginSet } from './origin-set.js';

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
  const port = origin.port === undefined ? '' : `:${origin.port}`;
  const search: Search = { set, origin, port, policy, nowMs, inactivity };
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
  /** `:8443`; empty for the scheme's default. */
  readonly port: string;
  readonly policy: string;
  readonly nowMs: number;
  /** Of the first entry that fits and was passed over. */
  inactivity: OriginMiss | undefined;
}

function findWildcard(search: Search): OriginEntry | undefined {
  const { set, origin, port } = search;
  if (set.exactOnAnyPort.size > 0) {
    const withoutPort = port === '' ? origin.text : origin.text.slice(0, -port.length);
    const entry = consider(search, set.exactOnAnyPort, withoutPort);
    if (entry !== undefined) return entry;
  }
  return origin.hostKind === 'name' ? (findAffix(search) ?? findSubdomains(search)) : undefined;
}

/** Affix patterns whose texts the leftmost label begins and ends with. */
function findAffix(search: Search): OriginEntry | undefined {
  const { set, origin } = search;
  const { host } = origin;
  const { parents, prefixes, prefixLengths } = set.affixIndex;
  const entries = set.affixes.get(origin.scheme);
  const labelEnd = host.indexOf('.');
  if (entries === undefined || labelEnd === -1) return undefined;
  const parent = host.slice(labelEnd + 1);
  // What an affix wildcard stands for has no `_`; that a label has at most 63 characters the parser saw to.
  if (!parents.has(parent) || host.lastIndexOf('_', labelEnd) !== -1) return undefined;
  for (const length of prefixLengths.keys()) {
    if (length >= labelEnd || (length > 0 && host.charCodeAt(length - 1) !== HYPHEN)) continue;
    const prefix = host.slice(0, length);
    if (!prefixes.has(prefixKey(prefix, parent))) continue;
    const entry = findSuffix(search, entries, prefix, labelEnd);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function findSuffix(
  search: Search,
  entries: Entries,
  prefix: string,
  labelEnd: number,
): OriginEntry | undefined {
  const { set, origin } = search;
  for (const length of set.affixIndex.suffixLengths.keys()) {
    const start = labelEnd - length;
    // The wildcard stands for one character at least.
    if (start <= prefix.length || (length > 0 && origin.host.charCodeAt(start) !== HYPHEN)) continue;
    const entry = considerPorts(search, entries, `${prefix}*${origin.host.slice(start)}`);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/**
 * Subdomain patterns from the nearest parent outwards. Only parents of as many labels as some pattern's are asked for: a
 * header of 127 labels costs no more than the list is deep.
 */
function findSubdomains(search: Search): OriginEntry | undefined {
  const { set, origin } = search;
  const { host } = origin;
  const entries = set.subdomains.get(origin.scheme);
  if (entries === undefined) return undefined;
  const parents: number[] = [];
  let start = host.length;
  for (let depth = 1; depth <= set.deepestSubdomains; depth += 1) {
    start = host.lastIndexOf('.', start - 2) + 1;
    // At 0 the parent would be the host itself.
    if (start === 0) break;
    if (set.subdomainDepths.has(depth)) parents.push(start);
  }
  for (let index = parents.length - 1; index >= 0; index -= 1) {
    const entry = considerPorts(search, entries, host.slice(parents[index]));
    if (entry !== undefined) return entry;
  }
  return undefined;
}

type Entries = ReadonlyMap<string, OriginEntry>;

/** Tries the origin's own port, then any. */
function considerPorts(search: Search, entries: Entries, stem: string): OriginEntry | undefined {
  const entry = consider(search, entries, stem + search.port);
  if (entry !== undefined || search.set.wildcardsOnAnyPort === 0) return entry;
  return consider(search, entries, stem + ANY_PORT);
}

function consider(search: Search, entries: Entries, key: string): OriginEntry | undefined {
  const entry = entries.get(key);
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
