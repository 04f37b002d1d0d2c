import { createHash } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.js';

const WINDOW_MS = 1_000;
/** Callers counted at once; the least recently seen is forgotten. */
const MAX_CALLERS = 10_000;

/**
 * Gives every caller a budget of requests a second on this node; beyond it 429 with `Retry-After`. A caller is a key, or an
 * address without one: one key that runs wild leaves the others theirs.
 */
export async function registerRateLimit(app: FastifyInstance, requestsPerSecond: number): Promise<void> {
  await app.register(rateLimit, {
    max: requestsPerSecond,
    timeWindow: WINDOW_MS,
    cache: MAX_CALLERS,
    keyGenerator: ({ headers: { authorization }, ip }) =>
      authorization === undefined ? ip : createHash('sha256').update(authorization).digest('base64'),
    errorResponseBuilder: (_request, { max }) =>
      new AppError('rate_limited', `This caller may send ${max} requests a second to this node.`),
  });
}
