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
  if (set.wildcards.size === 0) return inactivity ?? 'origin_not_listed';
  const search: Search = { set, origin, policy, nowMs, port: portText(origin), inactivity };
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
  /** `:8443`, or the empty string for the scheme's default. */
  readonly port: string;
  /** Of the first entry that fits and was passed over. */
  inactivity: OriginMiss | undefined;
}

function findWildcard(search: Search): OriginEntry | undefined {
  const { origin } = search;
  const onAnyPort = consider(search, `${origin.scheme}://${origin.host}:*`);
  if (onAnyPort !== undefined || origin.hostKind !== 'name') return onAnyPort;
  return findAffix(search) ?? findSubdomains(search);
}

/** Affix patterns whose texts the leftmost label begins and ends with. */
function findAffix(search: Search): OriginEntry | undefined {
  const { host } = search.origin;
  const labelEnd = host.indexOf('.');
  if (labelEnd === -1) return undefined;
  const affixes = search.set.branches.get(host.slice(labelEnd + 1))?.affixes;
  // The label is at most 63 characters (the parser saw to it), and `_` is outside what an affix wildcard stands for.
  if (affixes === undefined || host.lastIndexOf('_', labelEnd) !== -1) return undefined;
  const label = host.slice(0, labelEnd);
  for (const length of affixes.prefixLengths.keys()) {
    if (!endsPrefix(label, length) || !affixes.prefixes.has(label.slice(0, length))) continue;
    const entry = findSuffix(search, affixes, labelEnd, length);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function findSuffix(
  search: Search,
  affixes: Affixes,
  labelEnd: number,
  prefixLength: number,
): OriginEntry | undefined {
  const { scheme, host } = search.origin;
  const prefix = host.slice(0, prefixLength);
  for (const length of affixes.suffixLengths.keys()) {
    const suffixStart = labelEnd - length;
    // The wildcard stands for at least one character.
    if (suffixStart <= prefixLength) continue;
    if (length > 0 && host.charCodeAt(suffixStart) !== HYPHEN) continue;
    const entry = considerPorts(search, `${scheme}://${prefix}*${host.slice(suffixStart)}`);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

const HYPHEN = 0x2d;

function endsPrefix(label: string, length: number): boolean {
  return length === 0 || (length < label.length && label.charCodeAt(length - 1) === HYPHEN);
}

/** Subdomain patterns from the nearest parent outwards. */
function findSubdomains(search: Search): OriginEntry | undefined {
  const { scheme, host } = search.origin;
  let start = farthestKnownSuffix(search.set, host);
  while (start < host.length) {
    const entry = considerPorts(search, `${scheme}://*.${host.slice(start)}`);
    if (entry !== undefined) return entry;
    const dot = host.indexOf('.', start);
    start = dot === -1 ? host.length : dot + 1;
  }
  return undefined;
}

/**
 * Where the longest parent of a host that the list knows begins; the host's length when it knows none. Walked from the right
 * and given up at the first unknown suffix, so a header of 127 labels costs no more than the list is deep.
 */
function farthestKnownSuffix(set: OriginSet, host: string): number {
  let known = host.length;
  for (let start = growSuffix(host, known); start > 0; start = growSuffix(host, start)) {
    if (!set.branches.has(host.slice(start))) break;
    known = start;
  }
  return known;
}

function considerPorts(search: Search, stem: string): OriginEntry | undefined {
  return consider(search, stem + search.port) ?? consider(search, `${stem}:*`);
}

function consider(search: Search, pattern: string): OriginEntry | undefined {
  const entry = search.set.wildcards.get(pattern);
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

function portText(origin: Origin): string {
  return origin.port === undefined ? '' : `:${origin.port}`;
}
