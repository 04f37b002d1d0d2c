import { type Decision, decide } from './decision.js';
import { type DecisionRequest, single } from './decision-request.js';
import { readRequestHeaders } from './request-headers.js';
import { shownNames, shownText } from './shown-text.js';
import type { CompiledAllowlist } from './snapshot.js';

/** What a preflight asked for in vain. */
export interface RefusedNames {
  readonly part: 'method' | 'header';
  /** The method, or every header that is refused, in lower case; texts that are no names are escaped and cut. */
  readonly names: readonly string[];
  /** What the policy allows; a method beside the three that need no listing. */
  readonly allowed: readonly string[];
}

/** The method or the headers that a preflight was refused for; `undefined` when it was for something else. */
export function findRefusedNames(
  request: DecisionRequest,
  decision: Decision,
  compiled: CompiledAllowlist,
  nowMs: number,
): RefusedNames | undefined {
  const policy = decision.policy === undefined ? undefined : compiled.policies.byName.get(decision.policy);
  if (policy === undefined) return undefined;
  switch (decision.reason) {
    case 'method_invalid':
    case 'method_forbidden':
    case 'method_not_allowed': {
      const { requestMethod = '' } = request;
      const method = single(requestMethod) ?? `${requestMethod.length} lines`;
      return {
        part: 'method',
        names: [shownText(method)],
        allowed: [...new Set(['GET', 'HEAD', 'POST', ...policy.methods])],
      };
    }
    case 'request_header_not_allowed': {
      const names = refusedHeaders(request, policy.name, compiled, nowMs);
      return { part: 'header', names, allowed: [...policy.headers] };
    }
    default:
      return undefined;
  }
}

/** Each name is put to the same decision by itself, so that there is one rule for what is refused. There are 128 at most. */
function refusedHeaders(
  request: DecisionRequest,
  policy: string,
  compiled: CompiledAllowlist,
  nowMs: number,
): readonly string[] {
  const names = readRequestHeaders(request.requestHeaders);
  if (typeof names === 'string') return [];
  return [...new Set(names)].filter((name) => {
    const { reason } = decide({ ...request, policy, requestHeaders: name }, compiled, nowMs);
    return reason === 'request_header_not_allowed';
  });
}

/** The same in a sentence. */
export function refusedSentence({ part, names, allowed }: RefusedNames): string {
  const what = names.length === 1 ? `The ${part}` : `The ${part}s`;
  return `${what} ${shownNames(names)} ${names.length === 1 ? 'is' : 'are'} refused; allowed: ${shownNames(allowed)}.`;
}
