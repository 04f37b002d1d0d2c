import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.js';

const WINDOW_MS = 1_000;
/** Callers counted at once; the least recently seen is forgotten. */
const MAX_CALLERS = 10_000;

/**
 * Gives every address a budget of requests a second on this node; beyond it 429 with `Retry-After`. It comes before
 * authentication, so that guessing keys costs no query, and hence counts addresses: a key could be spelled in many ways.
 */
export async function registerRateLimit(app: FastifyInstance, requestsPerSecond: number): Promise<void> {
  await app.register(rateLimit, {
    // Its own hooks belong to the routes, which run after those of the instance: authentication would be first.
    global: false,
    max: requestsPerSecond,
    timeWindow: WINDOW_MS,
    cache: MAX_CALLERS,
    errorResponseBuilder: (_request, { max }) =>
      new AppError('rate_limited', `An address may send ${max} requests a second to this node.`),
  });
  app.addHook('onRequest', app.rateLimit());
}
