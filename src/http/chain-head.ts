import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Where a write left the tenant's chain. */
interface ChainHead {
  readonly revision: number;
  readonly headHash: string;
}

export const CHAIN_HEAD_HEADER = 'x-chain-head';

/** What each request wrote, until it is answered. */
const heads = new WeakMap<FastifyRequest, ChainHead>();

/** What the store is to tell of a write of this request. */
export function tellHeadOf(request: FastifyRequest): (head: ChainHead) => void {
  return (head) => void heads.set(request, head);
}

/**
 * Gives the answer of every write to a tenant `X-Chain-Head`: the hash of the change that made the revision in `X-Revision`. A
 * hook, so that no write can forget it.
 */
export function registerChainHead(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const head = heads.get(request);
    if (head !== undefined && reply.statusCode < 400) {
      reply.headers({ 'x-revision': head.revision, [CHAIN_HEAD_HEADER]: head.headHash });
    }
    return payload;
  });
}

interface Documented {
  readonly tags?: readonly string[];
  readonly responses: Record<string, { headers?: object }>;
}

/** What is said of the rollout is about a tenant, and writes nothing to it. */
const UNWRITTEN_TAG = 'rollout';
const DOCUMENTED_HEADERS = {
  'X-Revision': { description: 'The revision the tenant is at.', schema: { type: 'integer' } },
  'X-Chain-Head': {
    description:
      'Hash of the change that made that revision. It stands for every change before, so keep it elsewhere.',
    schema: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  },
};

/** Documents both headers on every operation that answers them. */
export function documentChainHeads(
  paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>,
): void {
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { tags = [], responses }] of Object.entries(operations)) {
      const isWrite = path.startsWith('/v1/tenants') && method !== 'get' && !tags.includes(UNWRITTEN_TAG);
      if (!isWrite && !(path === '/v1/tenants/{slug}' && method === 'get')) continue;
      for (const [status, response] of Object.entries(responses)) {
        if (status.startsWith('2')) response.headers = DOCUMENTED_HEADERS;
      }
    }
  }
}
