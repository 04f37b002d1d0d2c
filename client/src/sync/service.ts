import { createHash } from 'node:crypto';
import { type CompiledAllowlist, compileSnapshot, parseSnapshot } from '../core/index.js';
import type { Version } from '../events.js';
import type { Settings } from '../settings.js';
import { type CallFailure, failure, failureOf } from './call-failure.js';
import type { Answer, HttpCalls } from './http-call.js';

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
}

/** Tenants one versions call may ask about. */
export const MAX_VERSIONS = 1_000;

export function createService({ deps: { now } }: Settings, http: HttpCalls): Service {
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
      const answer = await http.call('v1/versions', { method: 'POST', json: { tenants: slugs } });
      if ('kind' in answer) return answer;
      return answer.status === 200 ? readVersions(answer, slugs) : failureOf(answer, now());
    },
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
