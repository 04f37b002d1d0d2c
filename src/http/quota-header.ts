import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Quotas } from '../limits.js';
import type { Usage } from '../store/store.js';

/** What each request found or left of a tenant's quotas, until it is answered. */
const usages = new WeakMap<FastifyRequest, Usage>();

/** Where the store, or a route that reads, tells what the tenant of this request has. */
export function tellUsageOf(request: FastifyRequest): (usage: Usage) => void {
  return (usage) => void usages.set(request, usage);
}

/**
 * Gives the answer of every write to a tenant, and of the reads that know it, `X-Quota`: what the tenant has and may have, as
 * a dictionary of RFC 9651, such as `entries=12;limit=100000, wildcards=3;limit=1000, policies=1;limit=100`.
 */
export function registerQuotaHeader(app: FastifyInstance, quotas: Quotas): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const usage = usages.get(request);
    if (usage === undefined) return payload;
    const { entries, wildcards, policies } = usage;
    reply.header(
      'x-quota',
      [
        `entries=${entries};limit=${quotas.entries}`,
        `wildcards=${wildcards};limit=${quotas.wildcards}`,
        `policies=${policies};limit=${quotas.policies}`,
      ].join(', '),
    );
    return payload;
  });
}
