import type { Decision } from './decision.js';
import type { DecisionRequest } from './decision-request.js';

/** The answer to what a page asks before its requests, each time in the same words. */
export interface KeptPreflight {
  readonly requestMethod: string | undefined;
  readonly requestHeaders: string | undefined;
  readonly requestPrivateNetwork: string | undefined;
  readonly decision: Decision;
}

/** Kept at most of one origin. */
export const MAX_KEPT_PREFLIGHTS = 8;
/** Characters at most of each header of one. */
const MAX_HEADER_LENGTH = 256;

/** @param kept of the origin that asks. */
export function findPreflight(
  kept: readonly KeptPreflight[],
  request: DecisionRequest,
): Decision | undefined {
  const { requestMethod, requestHeaders, requestPrivateNetwork } = request;
  for (const answer of kept) {
    if (
      answer.requestMethod === requestMethod &&
      answer.requestHeaders === requestHeaders &&
      answer.requestPrivateNetwork === requestPrivateNetwork
    )
      return answer.decision;
  }
  return undefined;
}

/** What there is to keep of an answer that was asked for as browsers do, each header in one line; `undefined` of any other. */
export function toKeptPreflight(request: DecisionRequest, decision: Decision): KeptPreflight | undefined {
  const { requestMethod, requestHeaders, requestPrivateNetwork } = request;
  if (!isShort(requestMethod) || !isShort(requestHeaders) || !isShort(requestPrivateNetwork))
    return undefined;
  return { requestMethod, requestHeaders, requestPrivateNetwork, decision };
}

function isShort(value: string | readonly string[] | undefined): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length <= MAX_HEADER_LENGTH);
}
