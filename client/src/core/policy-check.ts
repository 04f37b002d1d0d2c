import { isForbiddenMethod, isToken } from './http-token.js';
import { normalisePath } from './path.js';
import type { PolicySettings } from './policy-settings.js';

/** Which rule a setting breaks. */
export type SettingProblemCode =
  | 'path_not_absolute'
  | 'path_not_normal'
  | 'method_invalid'
  | 'method_forbidden'
  | 'header_invalid'
  | 'max_age_range';

/** One thing wrong with a policy's settings. */
export interface SettingProblem {
  /** RFC 6901 pointer into the settings: `/paths/0`. */
  readonly pointer: string;
  readonly code: SettingProblemCode;
  /** One sentence for a person. */
  readonly detail: string;
  /** What to write instead, where that is no guess. */
  readonly fix?: string;
}

/** The longest time a preflight's answer may be kept: one day, the most any browser honours (Firefox). */
export const MAX_AGE_LIMIT_SECONDS = 86_400;

/** Everything wrong with a policy's settings, in their order; empty when they can be stored. */
export function checkPolicySettings(settings: PolicySettings): readonly SettingProblem[] {
  return [
    ...settings.paths.flatMap((path, index) => checkPath(path, `/paths/${index}`)),
    ...settings.methods.flatMap((method, index) => checkMethod(method, `/methods/${index}`)),
    ...settings.allowedHeaders.flatMap((name, index) => checkHeader(name, `/allowedHeaders/${index}`)),
    ...settings.exposedHeaders.flatMap((name, index) => checkHeader(name, `/exposedHeaders/${index}`)),
    ...checkMaxAge(settings.maxAgeSeconds),
  ];
}

/** A prefix that is not in normal form leads nowhere: some reading of every path below it differs, which is refused. */
function checkPath(path: string, pointer: string): readonly SettingProblem[] {
  if (!path.startsWith('/')) {
    const detail = 'A path prefix begins with a slash.';
    return [{ pointer, code: 'path_not_absolute', detail }];
  }
  const normal = path.includes('?') || path.includes('#') ? undefined : normalisePath(path)?.toLowerCase();
  if (normal === path) return [];
  const detail =
    'A path prefix is written as requests are compared: lower case, decoded, without doubled or trailing slashes, dot segments, query or fragment.';
  const fix = normal === undefined || normalisePath(normal)?.toLowerCase() !== normal ? undefined : normal;
  return [{ pointer, code: 'path_not_normal', detail, ...(fix !== undefined && { fix }) }];
}

function checkMethod(method: string, pointer: string): readonly SettingProblem[] {
  if (!isToken(method)) {
    return [{ pointer, code: 'method_invalid', detail: 'A method is one name without spaces, or *.' }];
  }
  if (!isForbiddenMethod(method)) return [];
  return [
    { pointer, code: 'method_forbidden', detail: 'Browsers never send CONNECT, TRACE or TRACK for a page.' },
  ];
}

function checkHeader(name: string, pointer: string): readonly SettingProblem[] {
  if (isToken(name)) return [];
  const fix = name.trim();
  const detail = 'A header is one name without spaces or colon, or *.';
  return [{ pointer, code: 'header_invalid', detail, ...(isToken(fix) && { fix }) }];
}

function checkMaxAge(seconds: number | undefined): readonly SettingProblem[] {
  if (seconds === undefined) return [];
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_AGE_LIMIT_SECONDS) return [];
  const detail = `maxAgeSeconds is a whole number from 0 to ${MAX_AGE_LIMIT_SECONDS}.`;
  return [{ pointer: '/maxAgeSeconds', code: 'max_age_range', detail }];
}
