import { createHash } from 'node:crypto';
import { type CompiledAllowlist, compileSnapshot, parseSnapshot } from '../core/index.js';
import type { CallProblem, Version } from '../events.js';
import type { Settings } from '../settings.js';
import { type Answer, type CallFailure, createHttpCalls } from './http-call.js';
import type { ServerClock } from './server-clock.js';

/** What the service says about one tenant. */
export type SnapshotAnswer =
  | {
      readonly kind: 'snapshot';
      readonly compiled: CompiledAllowlist;
      readonly etag: string | undefined;
      readonly sentAtMs: number;
    }
  | { readonly kind: 'not_modified'; readonly sentAtMs: number }
  | { readonly kind: 'gone' }
  | CallFailure;

/** Which versions several tenants are at; `null` = no such tenant. */
export type VersionsAnswer =
  | {
      readonly kind: 'versions';
      readonly versions: ReadonlyMap<string, Version | null>;
      readonly sentAtMs: number;
    }
  | CallFailure;

/** The service's calls for SDKs. No call throws or rejects. */
export interface Service {
  /** @param etag of the version that is held, answered with `not_modified` while it is current. */
  snapshot(slug: string, etag: string | undefined): Promise<SnapshotAnswer>;
  /** @param slugs at most {@link MAX_VERSIONS}. */
  versions(slugs: readonly string[]): Promise<VersionsAnswer>;
  /** Aborts what is under way. */
  close(): void;
}

/** Tenants one versions call may ask about. */
export const MAX_VERSIONS = 1_000;

export function createService(settings: Settings, serverClock: ServerClock): Service {
  const http = createHttpCalls(settings, serverClock);
  const { now } = settings.deps;
  return {
    async snapshot(slug, etag) {
      const answer = await http.call(`v1/snapshot?tenant=${slug}`, {
        method: 'GET',
        headers: { ...(etag !== undefined && { 'if-none-match': etag }) },
      });
      if ('kind' in answer) return answer;
      if (answer.status === 200) return readSnapshot(answer, slug);
      if (answer.status === 304 && etag !== undefined)
        return { kind: 'not_modified', sentAtMs: answer.sentAtMs };
      if (answer.status === 404 && problemCode(answer) === 'tenant_not_found') return { kind: 'gone' };
      return failureOf(answer, now());
    },
    async versions(slugs) {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ tenants: slugs });
      const answer = await http.call('v1/versions', { method: 'POST', headers, body });
      if ('kind' in answer) return answer;
      return answer.status === 200 ? readVersions(answer, slugs) : failureOf(answer, now());
    },
    close: http.close,
  };
}

function readSnapshot(answer: Answer, slug: string): SnapshotAnswer {
  const { body, sentAtMs } = answer;
  // First of all: bytes that were cut or changed on the way are not even parsed.
  const digest = createHash('sha256').update(body).digest('base64');
  if (declaredDigest(answer.headers) !== digest)
    return failure(answer, 'digest_mismatch', 'The list does not have the digest the service declared.');
  try {
    const snapshot = parseSnapshot(parseJson(body));
    if (snapshot.tenant !== slug)
      return failure(answer, 'snapshot_invalid', 'The list is of another tenant.');
    const etag = answer.headers.get('etag') ?? undefined;
    return { kind: 'snapshot', compiled: compileSnapshot(snapshot), etag, sentAtMs };
  } catch {
    return failure(answer, 'snapshot_invalid', 'The list is not a snapshot this client understands.');
  }
}

/** RFC 9530: a dictionary of algorithms, such as `sha-256=:…:, sha-512=:…:`. */
function declaredDigest(headers: Headers): string | undefined {
  return /(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):/.exec(headers.get('repr-digest') ?? '')?.[1];
}

function readVersions(answer: Answer, slugs: readonly string[]): VersionsAnswer {
  const versions = new Map<string, Version | null>();
  const body = tryJson(answer.body);
  const listed = isRecord(body) && isRecord(body.versions) ? body.versions : undefined;
  if (listed === undefined)
    return failure(answer, 'body_invalid', 'The answer is not a list of versions.', 'service');
  for (const slug of slugs) {
    // Own members only: `constructor` is a fine slug.
    const version = Object.hasOwn(listed, slug) ? readVersion(listed[slug]) : undefined;
    if (version === undefined)
      return failure(answer, 'body_invalid', 'The answer does not tell every version.', 'service');
    versions.set(slug, version);
  }
  return { kind: 'versions', versions, sentAtMs: answer.sentAtMs };
}

function readVersion(value: unknown): Version | null | undefined {
  if (value === null) return null;
  if (!isRecord(value)) return undefined;
  const { lineage, revision } = value;
  if (typeof lineage !== 'string' || typeof revision !== 'number' || !Number.isSafeInteger(revision))
    return undefined;
  return { lineage, revision };
}

function failureOf(answer: Answer, nowMs: number): CallFailure {
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

function failure(
  answer: Answer,
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

function problemCode(answer: Answer): unknown {
  const body = tryJson(answer.body);
  return isRecord(body) ? body.code : undefined;
}

function tryJson(body: Uint8Array): unknown {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

function parseJson(body: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
