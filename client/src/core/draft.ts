import type { DecisionReason } from './decision-reason.js';
import type { DecisionKind } from './decision-request.js';
import type { OriginEntry } from './origin-set.js';
import type { AnswerValues, CompiledPolicy } from './policy.js';
import {
  ALLOW_CREDENTIALS,
  ALLOW_ORIGIN,
  CORS_RESPONSE_HEADERS,
  EXPOSE_HEADERS,
  VARY,
} from './response-headers.js';

/** A decision before enforcement and version are put to it. */
export interface Draft {
  readonly kind: DecisionKind;
  readonly allowed: boolean;
  readonly reason: DecisionReason;
  readonly entry: OriginEntry | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly vary: readonly string[];
  readonly remove: readonly string[];
}

/** For answers that set nothing. */
export const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** A refused answer: no CORS response header, not even one that code before us set. */
export function refusal(
  kind: DecisionKind,
  reason: DecisionReason,
  policy: CompiledPolicy | undefined,
  entry?: OriginEntry,
): Draft {
  const vary = varyFor(kind, policy, entry);
  return { kind, allowed: false, reason, entry, headers: NO_HEADERS, vary, remove: CORS_RESPONSE_HEADERS };
}

/** An allowed answer to anything but a preflight. `origin` is the text to send: the request's own, `*`, or a listed one. */
export function grant(
  kind: DecisionKind,
  reason: DecisionReason,
  entry: OriginEntry,
  values: AnswerValues,
  origin: string,
): Draft {
  const headers: Record<string, string> = { [ALLOW_ORIGIN]: origin };
  if (values.credentials) headers[ALLOW_CREDENTIALS] = 'true';
  if (values.exposedHeaders !== undefined) headers[EXPOSE_HEADERS] = values.exposedHeaders;
  const vary = entry.kind === 'any' ? VARY.nothing : VARY.origin;
  return { kind, allowed: true, reason, entry, headers, vary, remove: values.removedHeaders };
}

/** What an answer depended on. An active `*` answers every origin alike, so there the origin is not part of it. */
export function varyFor(
  kind: DecisionKind,
  policy: CompiledPolicy | undefined,
  entry: OriginEntry | undefined,
): readonly string[] {
  const isAny = entry?.kind === 'any';
  if (kind !== 'preflight') return isAny ? VARY.nothing : VARY.origin;
  if (policy?.privateNetwork === true) {
    return isAny ? VARY.anyOriginPreflightPrivateNetwork : VARY.preflightPrivateNetwork;
  }
  return isAny ? VARY.anyOriginPreflight : VARY.preflight;
}
