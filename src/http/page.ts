import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

const MAX_PAGE = 200;

/** Query fields of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50),
  cursor: z.string().max(500).optional().meta({ description: '`nextCursor` of the page before; opaque.' }),
};

/** A page of `item`: the items and the cursor of the next page, `null` on the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** Adds the RFC 8288 link to the next page, when there is one. */
export function linkNext(request: FastifyRequest, reply: FastifyReply, nextCursor: string | null): void {
  if (nextCursor === null) return;
  const queryAt = request.url.indexOf('?');
  const path = queryAt < 0 ? request.url : request.url.slice(0, queryAt);
  const params = new URLSearchParams(queryAt < 0 ? '' : request.url.slice(queryAt + 1));
  params.set('cursor', nextCursor);
  reply.header('link', `<${path}?${params}>; rel="next"`);
}
