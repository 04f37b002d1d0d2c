import { isForbiddenMethod, isToken } from './http-token.js';
import { isPlainPath, normalisePath } from './path-reading.js';
import { MAX_AGE_LIMIT_SECONDS, type PolicySettings } from './policy-settings.js';

/** Which rule a setting breaks: the linter's codes of what cannot be stored. */
export type SettingProblemCode =
  | 'PATH_NOT_ABSOLUTE'
  | 'PATH_NOT_NORMAL'
  | 'METHOD_INVALID'
  | 'METHOD_FORBIDDEN'
  | 'HEADER_INVALID'
  | 'MAX_AGE_RANGE';

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

function checkPath(path: string, pointer: string): readonly SettingProblem[] {
  if (!path.startsWith('/')) {
    return [{ pointer, code: 'PATH_NOT_ABSOLUTE', detail: 'A path prefix begins with a slash.' }];
  }
  if (isNormalPrefix(path)) return [];
  const detail =
    'A path prefix is lower-case ASCII without doubled or trailing slashes, dot segments, encoded characters, query or ' +
    'fragment: any other has readings that differ, so no request would ever be given the policy.';
  const normal = normalisePath(path)?.toLowerCase() ?? '';
  return [{ pointer, code: 'PATH_NOT_NORMAL', detail, ...(isNormalPrefix(normal) && { fix: normal }) }];
}

function isNormalPrefix(path: string): boolean {
  return isPlainPath(path) && (path === '/' || !path.endsWith('/'));
}

function checkMethod(method: string, pointer: string): readonly SettingProblem[] {
  if (!isToken(method)) {
    return [{ pointer, code: 'METHOD_INVALID', detail: 'A method is one name without spaces, or *.' }];
  }
  if (!isForbiddenMethod(method)) return [];
  return [
    { pointer, code: 'METHOD_FORBIDDEN', detail: 'Browsers never send CONNECT, TRACE or TRACK for a page.' },
  ];
}

function checkHeader(name: string, pointer: string): readonly SettingProblem[] {
  if (isToken(name)) return [];
  const fix = name.trim();
  const detail = 'A header is one name without spaces or colon, or *.';
  return [{ pointer, code: 'HEADER_INVALID', detail, ...(isToken(fix) && { fix }) }];
}

function checkMaxAge(seconds: number | undefined): readonly SettingProblem[] {
  if (seconds === undefined) return [];
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_AGE_LIMIT_SECONDS) return [];
  const detail = `maxAgeSeconds is a whole number from 0 to ${MAX_AGE_LIMIT_SECONDS}.`;
  return [{ pointer: '/maxAgeSeconds', code: 'MAX_AGE_RANGE', detail }];
}
