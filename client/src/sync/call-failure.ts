import type { CallProblem } from '../events.js';
import type { AnswerHead } from './http-call.js';

/** A call that came to nothing. */
export interface CallFailure {
  readonly kind: 'failure';
  readonly problem: CallProblem;
  /**
   * What is wrong: the `service` as a whole, so that other calls wait too, the answer about one `tenant`, or the `stream`, without which
   * all can be had.
   */
  readonly scope: 'service' | 'tenant' | 'stream';
  readonly sentAtMs: number;
  readonly status?: number;
  /** How long the service asked to be left alone. */
  readonly retryAfterMs?: number;
}

/** What an answer that is no success means. */
export function failureOf(answer: AnswerHead, nowMs: number): CallFailure {
  const { status } = answer;
  switch (status) {
    case 401:
    case 403:
      return failure(answer, 'unauthorized', `The service refused the key (${status}).`, 'service');
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return failure(
        answer,
        'redirected',
        `The service redirects (${status}); set \`url\` to where it is.`,
        'service',
      );
    case 429:
    case 503:
      return {
        ...failure(answer, 'busy', `The service asks to wait (${status}).`, 'service'),
        ...retryAfter(answer.headers.get('retry-after'), nowMs),
      };
    // Problems with one tenant's data must not keep the others waiting.
    case 400:
    case 422:
    case 500:
      return failure(answer, 'unexpected_status', `The service answered ${status}.`, 'tenant');
    default:
      return failure(
        answer,
        'unexpected_status',
        `The service answered ${status}; is \`url\` right?`,
        'service',
      );
  }
}

/** An answer that is of no use. */
export function failure(
  answer: AnswerHead,
  code: CallProblem['code'],
  detail: string,
  scope: CallFailure['scope'] = 'tenant',
): CallFailure {
  return {
    kind: 'failure',
    problem: { code, detail },
    scope,
    sentAtMs: answer.sentAtMs,
    status: answer.status,
  };
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfter(value: string | null, nowMs: number): { readonly retryAfterMs?: number } {
  if (value === null) return {};
  const delayMs = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return delayMs > 0 ? { retryAfterMs: delayMs } : {};
}
