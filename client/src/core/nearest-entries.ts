import { type Origin, parseOrigin } from './origin.js';
import { findDifference } from './origin-difference.js';
import { distanceOf } from './origin-distance.js';
import { matchOrigin } from './origin-match.js';
import { addOrigin, createOriginSet, type OriginEntry, type OriginSet, visitOrigins } from './origin-set.js';
import { parsePattern } from './pattern.js';
import { shownNames } from './shown-text.js';

/** An entry that might have been meant for an origin, and the first thing that keeps it from letting the origin in. */
export interface NearEntry {
  /** The entry's pattern. */
  readonly pattern: string;
  /**
   * A part of the origin, or the state of an entry that covers it. `credentials`: a socket that acts on cookies takes nobody in by `*`
   * or `null`.
   */
  readonly differs: 'scheme' | 'host' | 'port' | 'disabled' | 'expired' | 'policy' | 'credentials';
  /** What lets in: the part, or the state, that the entry asks for. */
  readonly expected: string;
  /** What there is instead. */
  readonly got: string;
  /** The rest of a sentence that begins with the entry: `the host label is shop, not app`. */
  readonly detail: string;
}

/** Entries that are told of one refused origin. */
const MAX_NEAREST = 5;

/**
 * The entries nearest to an origin that none of them lets in, the nearest first; of equally near ones the first by their text. Looks at
 * every entry of the list once and keeps five: some 40 ms for 100,000 entries, nothing that belongs on the way of a request.
 *
 * @param text the raw header value; what is neither an origin nor `null` has nothing near it but `*`.
 * @param policy the name of the policy that answers.
 */
export function findNearest(
  set: OriginSet,
  text: string,
  policy: string,
  nowMs: number,
): readonly NearEntry[] {
  const origin = parseOrigin(text);
  const nearest: Candidate[] = [];
  const nullEntry = text === 'null' ? set.exact.get('null') : undefined;
  if (nullEntry !== undefined) insert(nearest, { entry: nullEntry, distance: 0 });
  if (set.any !== undefined) insert(nearest, { entry: set.any, distance: ANY_DISTANCE });
  if (origin !== undefined) collect(set, origin, nearest);
  return nearest.map(({ entry }) => describe(entry, origin, policy, nowMs));
}

/** After entries that cover the origin by its name, before all that do not cover it. */
const ANY_DISTANCE = 1;

interface Candidate {
  readonly entry: OriginEntry;
  readonly distance: number;
}

/** @param nearest kept sorted, the nearest first, and never longer than {@link MAX_NEAREST}. */
function collect(set: OriginSet, origin: Origin, nearest: Candidate[]): void {
  visitOrigins(set, (entry) => {
    if (entry.kind === 'any' || entry.kind === 'null') return;
    const distance = distanceOf(origin, entry.pattern, entry.kind);
    const last = nearest[MAX_NEAREST - 1];
    if (last !== undefined && distance > last.distance) return;
    const candidate = { entry, distance };
    if (last === undefined || isNearer(candidate, last)) insert(nearest, candidate);
  });
}

function insert(nearest: Candidate[], candidate: Candidate): void {
  const at = nearest.findIndex((other) => isNearer(candidate, other));
  nearest.splice(at === -1 ? nearest.length : at, 0, candidate);
  if (nearest.length > MAX_NEAREST) nearest.pop();
}

function isNearer(a: Candidate, b: Candidate): boolean {
  if (a.distance !== b.distance) return a.distance < b.distance;
  return a.entry.pattern < b.entry.pattern;
}

function describe(entry: OriginEntry, origin: Origin | undefined, policy: string, nowMs: number): NearEntry {
  const { pattern: patternText } = entry;
  const parsed = parsePattern(patternText);
  if (origin !== undefined && parsed.ok && parsed.pattern.kind !== 'any' && parsed.pattern.kind !== 'null') {
    const difference = findDifference(origin, parsed.pattern);
    if (difference !== undefined) return { pattern: patternText, ...difference };
  }
  return { pattern: patternText, ...stateOf(entry, policy, nowMs) };
}

/** Why an entry that covers an origin does not let it in. */
function stateOf(entry: OriginEntry, policy: string, nowMs: number): Omit<NearEntry, 'pattern'> {
  switch (missOf(entry, policy, nowMs)) {
    case 'entry_disabled':
      return { differs: 'disabled', expected: 'enabled', got: 'disabled', detail: 'it is disabled' };
    case 'entry_expired': {
      const expected = `before ${timeText(entry.expiresAtMs)}`;
      const detail = `it expired at ${timeText(entry.expiresAtMs)}`;
      return { differs: 'expired', expected, got: timeText(nowMs), detail };
    }
    case 'entry_other_policy': {
      const expected = shownNames(entry.policies ?? []);
      return { differs: 'policy', expected, got: policy, detail: `it is for ${expected}, not for ${policy}` };
    }
    default: {
      const detail = 'it names no origin, and a socket that acts on cookies takes nobody in by it';
      return { differs: 'credentials', expected: 'no cookies', got: 'cookies', detail };
    }
  }
}

/** Asked of the decision's own rule: an entry that stands under a header's very text is matched, unless its state is against it. */
function missOf(entry: OriginEntry, policy: string, nowMs: number): string | undefined {
  const set = createOriginSet();
  addOrigin(set, { kind: 'null', text: 'null', anyPort: false }, entry);
  const match = matchOrigin(set, 'null', policy, nowMs);
  return typeof match === 'string' ? match : undefined;
}

/** ISO 8601 in UTC; a time that is no number counts as passed, and has no text. */
function timeText(ms: number | undefined): string {
  const time = new Date(ms ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? 'a time that cannot be read' : time.toISOString();
}
