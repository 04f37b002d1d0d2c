import { SLASH } from './ascii.js';
import { endOfPlainPath, MAX_PATH_LENGTH, pathOf, readingsOf } from './path-reading.js';
import type { CompiledPolicy } from './policy.js';

/** The policy a request's path leads to, or why none can be told. */
export type PathChoice =
  | { readonly ok: true; readonly policy: CompiledPolicy }
  | { readonly ok: false; readonly reason: 'path_ambiguous' };

/** One literal prefix and where it leads. */
export interface PathBinding {
  readonly prefix: string;
  readonly choice: PathChoice;
}

/** The answer for every path that cannot be told. */
const AMBIGUOUS_PATH: PathChoice = { ok: false, reason: 'path_ambiguous' };

/**
 * Chooses the policy for a request target. Routers disagree on case, doubled slashes, encoded characters and dot segments, so
 * the raw path, the normalised path and both in lower case must all lead to the same policy; where they do not, some router
 * would serve one policy's route under another's rules, and the request is refused instead.
 *
 * @param bindings longest prefix first.
 * @param target the whole request target as received (`originalUrl`, never a router's remainder): origin-form, absolute-form
 *   or `*`.
 * @returns {@link AMBIGUOUS_PATH} also when no prefix covers the path, when it does not decode, and past {@link MAX_PATH_LENGTH}.
 */
export function choosePath(bindings: readonly PathBinding[], target: string): PathChoice {
  const plainEnd = endOfPlainPath(target);
  if (plainEnd !== -1) return longestPrefix(bindings, target, plainEnd);

  const raw = pathOf(target);
  if (raw === undefined || raw.length > MAX_PATH_LENGTH) return AMBIGUOUS_PATH;
  const choice = longestPrefix(bindings, raw, raw.length);
  const agree = readingsOf(raw)?.every(
    (reading) => longestPrefix(bindings, reading, reading.length) === choice,
  );
  return agree === true ? choice : AMBIGUOUS_PATH;
}

/** Whether a target is a path that decodes whoever reads it. (`indexOf` and not `includes`, which takes twice the time.) */
export function isBoundToDecode(target: string): boolean {
  return target.charCodeAt(0) === SLASH && target.length <= MAX_PATH_LENGTH && target.indexOf('%') === -1;
}

/** @param end where the path ends in the text. */
function longestPrefix(bindings: readonly PathBinding[], text: string, end: number): PathChoice {
  for (const { prefix, choice } of bindings) {
    if (covers(prefix, text, end)) return choice;
  }
  return AMBIGUOUS_PATH;
}

/** Whether a prefix covers a path on a segment border: `/api` covers `/api` and `/api/x`, not `/apiary`. */
export function covers(prefix: string, text: string, end = text.length): boolean {
  // The one that every list has.
  if (prefix === '/') return text.charCodeAt(0) === SLASH;
  if (prefix.length > end || !text.startsWith(prefix)) return false;
  return prefix.length === end || text.charCodeAt(prefix.length) === SLASH;
}
