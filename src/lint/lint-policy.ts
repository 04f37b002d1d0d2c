import { checkPolicySettings, type PolicySettings, type SettingProblem } from '@origin-allowlist/client/core';
import type { FindingClass, Severity } from './finding.js';
import { isForbiddenRequestHeader, isForbiddenResponseHeader } from './forbidden-header.js';

/** Every code a policy's finding may have. Stable. */
export type PolicyFindingCode =
  | SettingProblem['code']
  | 'METHOD_NOT_UPPER_CASE'
  | 'FORBIDDEN_REQUEST_HEADER'
  | 'FORBIDDEN_RESPONSE_HEADER'
  | 'ANY_METHOD_WITH_CREDENTIALS'
  | 'ANY_HEADER_WITH_CREDENTIALS'
  | 'ANY_EXPOSED_HEADER'
  | 'ANY_EXPOSED_HEADER_WITH_CREDENTIALS'
  | 'AUTHORIZATION_NOT_COVERED_HINT'
  | 'MAX_AGE_TOO_LONG'
  | 'ALWAYS_SEND_WITHOUT_CREDENTIALS_HINT';

/** One result of the linter on a policy's settings. */
export interface PolicyFinding {
  /** RFC 6901 pointer into the settings: `/methods/0`. */
  readonly pointer: string;
  readonly code: PolicyFindingCode;
  readonly class: FindingClass;
  /** Only `reject` blocks a write; no rule but the engine's own, of what can be stored, says so. */
  readonly severity: Severity;
  /** One sentence for a person. */
  readonly detail: string;
  /** What to write instead of the value, where that is no guess. */
  readonly fix?: string;
}

/** The longest that Chromium keeps a preflight's answer; browsers that keep it longer are later to notice a removal. */
const LONG_MAX_AGE_SECONDS = 7_200;

/**
 * Everything to say about a policy's settings: what the engine cannot store, what has no effect in a browser, and what has more
 * effect than it seems to.
 *
 * @returns findings in the order of the settings within each severity, strongest first.
 */
export function lintPolicy(settings: PolicySettings): readonly PolicyFinding[] {
  const problems = checkPolicySettings(settings);
  const broken = new Set(problems.map(({ pointer }) => pointer));
  const rules = [
    ...methodFindings(settings),
    ...allowedHeaderFindings(settings),
    ...exposedHeaderFindings(settings),
    ...maxAgeFindings(settings),
    ...alwaysSendFindings(settings),
  ];
  const risks = rules.filter(({ pointer }) => !broken.has(pointer));
  return [
    ...problems.map(syntaxFinding),
    ...risks.filter(({ severity }) => severity === 'warn'),
    ...risks.filter(({ severity }) => severity === 'ok'),
  ];
}

function methodFindings({ methods, credentials }: PolicySettings): readonly PolicyFinding[] {
  return methods.flatMap((method, index) => {
    const pointer = `/methods/${index}`;
    if (method === '*')
      return credentials ? [warning(pointer, 'ANY_METHOD_WITH_CREDENTIALS', ANY_METHOD)] : [];
    return isNeverSent(method)
      ? [warning(pointer, 'METHOD_NOT_UPPER_CASE', METHOD_CASE, method.toUpperCase())]
      : [];
  });
}

const ANY_METHOD =
  'With credentials * is answered with the method that is asked for, whichever it is; name those there are.';
const METHOD_CASE =
  'Methods are compared with their case, and browsers leave the case of this one as the page wrote it.';

/** Whether pages that write a method in capitals, as they do, ask for something else. The six that Fetch upper-cases are safe. */
function isNeverSent(method: string): boolean {
  const upper = method.toUpperCase();
  return method !== upper && !UPPER_CASED_METHODS.has(upper);
}

/** Fetch §2.2.1 "normalize a method". */
const UPPER_CASED_METHODS = new Set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']);

function allowedHeaderFindings({ allowedHeaders, credentials }: PolicySettings): readonly PolicyFinding[] {
  const namesAuthorization = allowedHeaders.some((name) => name.toLowerCase() === 'authorization');
  return allowedHeaders.flatMap((name, index) => {
    const pointer = `/allowedHeaders/${index}`;
    if (name !== '*') {
      return isForbiddenRequestHeader(name)
        ? [warning(pointer, 'FORBIDDEN_REQUEST_HEADER', neverSent(name))]
        : [];
    }
    return [
      ...(credentials ? [warning(pointer, 'ANY_HEADER_WITH_CREDENTIALS', ANY_HEADER)] : []),
      ...(namesAuthorization ? [] : [hint(pointer, 'AUTHORIZATION_NOT_COVERED_HINT', AUTHORIZATION)]),
    ];
  });
}

const ANY_HEADER =
  'With credentials * is answered with the headers that are asked for, whichever they are; name those there are.';
/** Fetch §2.2.2 "CORS non-wildcard request-header name". */
const AUTHORIZATION = '* does not stand for Authorization; if pages send it, name it too.';

function neverSent(name: string): string {
  return name.toLowerCase() === 'cookie'
    ? 'Pages never set Cookie; browsers send cookies when the policy has credentials.'
    : 'Pages can never set this header, so no preflight asks for it.';
}

function exposedHeaderFindings({ exposedHeaders, credentials }: PolicySettings): readonly PolicyFinding[] {
  return exposedHeaders.flatMap((name, index) => {
    const pointer = `/exposedHeaders/${index}`;
    if (name === '*') {
      return [
        credentials
          ? warning(pointer, 'ANY_EXPOSED_HEADER_WITH_CREDENTIALS', NONE_EXPOSED)
          : warning(pointer, 'ANY_EXPOSED_HEADER', ANY_EXPOSED),
      ];
    }
    if (!isForbiddenResponseHeader(name)) return [];
    return [warning(pointer, 'FORBIDDEN_RESPONSE_HEADER', 'Pages can never read this header.')];
  });
}

const ANY_EXPOSED =
  'Pages of every listed origin read all headers of an answer, those that are added later too; name those that they need.';
const NONE_EXPOSED =
  'With credentials browsers take * for a header of that name, so it is left out; name those that pages read.';

function maxAgeFindings({ maxAgeSeconds }: PolicySettings): readonly PolicyFinding[] {
  if (maxAgeSeconds === undefined || maxAgeSeconds <= LONG_MAX_AGE_SECONDS) return [];
  const detail = `Chromium keeps a preflight’s answer for ${LONG_MAX_AGE_SECONDS} seconds at most, and Firefox longer; until then a removal is not noticed.`;
  return [warning('/maxAgeSeconds', 'MAX_AGE_TOO_LONG', detail, String(LONG_MAX_AGE_SECONDS))];
}

/** A request without an Origin gets the plain headers, whatever the policy says of credentials. */
function alwaysSendFindings({ alwaysSend, credentials }: PolicySettings): readonly PolicyFinding[] {
  if (!alwaysSend || !credentials) return [];
  return [hint('/alwaysSend', 'ALWAYS_SEND_WITHOUT_CREDENTIALS_HINT', ALWAYS_SEND)];
}

const ALWAYS_SEND =
  'What is sent to requests without an Origin never has Access-Control-Allow-Credentials, though the policy has credentials.';

function syntaxFinding(problem: SettingProblem): PolicyFinding {
  return { ...problem, class: 'syntax', severity: 'reject' };
}

function warning(pointer: string, code: PolicyFindingCode, detail: string, fix?: string): PolicyFinding {
  return { pointer, code, class: 'risk', severity: 'warn', detail, ...(fix !== undefined && { fix }) };
}

function hint(pointer: string, code: PolicyFindingCode, detail: string): PolicyFinding {
  return { pointer, code, class: 'hint', severity: 'ok', detail };
}
