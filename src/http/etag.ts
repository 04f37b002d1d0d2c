import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/** Below every revision, so that it matches none: what an unreadable If-Match means (RFC 9110 §13.1.1). */
const NO_REVISION = 0;

/** Documents `If-Match` on the writes that honour it. */
export const IfMatchHeaders = z.looseObject({
  'if-match': z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'The ETag read before; 412 when it has changed.' }),
});

/** The ETag of a row, or of a tenant's whole list: its revision. */
function revisionEtag(revision: number): string {
  return `"${revision}"`;
}

/** Headers of an answer that shows a row: its own ETag, and the revision the tenant is at. */
export function versionHeaders(rowRevision: number, tenantRevision = rowRevision) {
  return { etag: revisionEtag(rowRevision), 'x-revision': tenantRevision };
}

/**
 * What an `If-Match` header asks for: a revision; `any` for `*`, which a row that exists meets; nothing without the
 * header. Anything but one strong tag of ours is a revision no row has, so that the write answers 412 rather than going
 * through unchecked.
 */
export function parseIfMatch(header: string | undefined): number | 'any' | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return 'any';
  const digits = /^\s*"(\d{1,15})"\s*$/.exec(header)?.[1];
  return digits === undefined ? NO_REVISION : Number(digits);
}

/**
 * Gives every successful GET an ETag and answers 304 where `If-None-Match` holds it. A route that knows its version
 * sets its own tag; the others are tagged by their content. (`@fastify/etag` also tags writes and errors, and knows
 * neither `*` nor lists.)
 */
export function registerEtags(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (reply.statusCode !== 200 || (request.method !== 'GET' && request.method !== 'HEAD')) return payload;
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
    if (reply.getHeader('cache-control') === 'no-store') return payload;
    const etag = reply.getHeader('etag')?.toString() ?? contentEtag(payload);
    reply.header('etag', etag);
    if (!ifNoneMatchHolds(request.headers['if-none-match'], etag)) return payload;
    reply.code(304).removeHeader('content-length').removeHeader('content-type');
    return null;
  });
}

function contentEtag(payload: string | Buffer): string {
  return `"${createHash('sha256').update(payload).digest('base64url').slice(0, 27)}"`;
}

// RFC 9110 §13.1.2: a list, `*`, compared weakly.
function ifNoneMatchHolds(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => {
    const trimmed = tag.trim();
    return trimmed === '*' || trimmed.replace(/^W\//, '') === etag;
  });
}
