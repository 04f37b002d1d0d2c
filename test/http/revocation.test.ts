import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../support/redis-server.js';
import { describeWithRedisServer } from '../support/requirements.js';
import { openService, type TestService } from './service.js';
import { openStream } from './sse-reader.js';

const CONCURRENT_REQUESTS = 1_000;
const TENANTS = 20;
/** Or half of the calls of the ended key would be 429. */
const NO_LIMITS = { strangersPerSecond: 10_000_000, failuresPerMinute: 10_000_000 };
/** Between two calls of a caller: two nodes in one process answer so many, and no more. */
const PAUSE_MS = 500;
/** The promise: so long after a revocation was answered, no node lets the key in. */
const PROMISED_MS = 1_000;

interface Call {
  readonly kind: string;
  readonly node: TestService;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly body?: object;
}

interface Seen {
  readonly isRevoker: boolean;
  readonly kind: string;
  readonly startedMs: number;
  readonly status: number;
}

/** Two nodes of one database. */
async function openNodes(redisUrl?: string): Promise<readonly [TestService, TestService]> {
  const options = { rateLimits: NO_LIMITS, ...(redisUrl !== undefined && { redisUrl }) };
  const first = await openService(options);
  const second = await openService({ on: first, ...options });
  onTestFinished(async () => {
    await second.close();
    await first.close();
  });
  return [first, second];
}

/** What the key does, most of it without the database: that would answer a thousand at once with 503. No two writes are the same. */
const KINDS = ['write', 'list', 'wait', ...Array(9).fill('evaluate'), ...Array(8).fill('snapshot')];

/** All kinds of calls in turn, on both nodes, to all tenants. */
function createCalls(nodes: readonly [TestService, TestService], slugs: readonly string[]): () => Call {
  let made = 0;
  return () => {
    made += 1;
    const node = nodes[made % 2 === 0 ? 0 : 1];
    const slug = slugs[Math.floor(made / 40) % slugs.length];
    const origins = `/v1/tenants/${slug}/origins`;
    const request = { tenant: slug, method: 'GET', origin: 'https://a.example.com' };
    const kind = KINDS[Math.floor(made / 2) % KINDS.length];
    switch (kind) {
      case 'write':
        return {
          kind,
          node,
          method: 'PUT',
          url: `${origins}/by-pattern?pattern=https://n${made}.example.com`,
          body: {},
        };
      case 'list':
        return { kind, node, method: 'GET', url: origins };
      case 'snapshot':
        return { kind, node, method: 'GET', url: `/v1/snapshot?tenant=${slug}` };
      case 'wait':
        return { kind, node, method: 'POST', url: '/v1/evaluate', body: { ...request, minRevision: 2 } };
      default:
        return { kind: 'evaluate', node, method: 'POST', url: '/v1/evaluate', body: request };
    }
  };
}

async function expectNothingThrough(nodes: readonly [TestService, TestService]): Promise<void> {
  const [node, other] = nodes;
  const slugs = await Promise.all(Array.from({ length: TENANTS }, () => node.tenant()));
  const scopes = ['origins:read', 'origins:write', 'evaluate', 'sync'];
  const { body: made } = await node.call('POST', '/v1/keys', { body: { name: 'stolen', scopes } });
  const { id, key } = made;
  const url = await other.app.listen({ host: '127.0.0.1', port: 0 });
  const stream = await openStream(url, key, []);
  onTestFinished(() => stream.close());

  const nextCall = createCalls(nodes, slugs);
  const seen: Seen[] = [];
  let isOver = false;
  const keepCalling = async (): Promise<void> => {
    for (;;) {
      const { kind, node: to, method, url: path, body } = nextCall();
      const startedMs = performance.now();
      const { status } = await to.call(method, path, { key, body });
      seen.push({ isRevoker: to === node, kind, startedMs, status });
      if (isOver) return;
      await delay(PAUSE_MS);
    }
  };
  const changes = async () => {
    const [row] = await node.sql('SELECT count(*)::int AS count FROM changes WHERE actor = $1', [
      `key:${id}`,
    ]);
    return row?.count;
  };

  onTestFinished(() => {
    isOver = true;
  });
  const callers = Array.from({ length: CONCURRENT_REQUESTS }, keepCalling);
  const kindsLetIn = () => new Set(seen.filter(({ status }) => status < 300).map(({ kind }) => kind)).size;
  await expect.poll(kindsLetIn, { timeout: 20_000 }).toBe(5);
  expect((await node.call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
  const revokedMs = performance.now();
  // The one place that waits: what is promised is a time.
  await delay(PROMISED_MS);
  const changesInTime = await changes();
  const promisedMs = performance.now();
  isOver = true;
  await Promise.all(callers);
  const late = Array.from({ length: CONCURRENT_REQUESTS }, keepCalling);
  await Promise.all(late);

  const startedAfter = (ms: number) => seen.filter(({ startedMs }) => startedMs >= ms);
  // 503: whose key it is could not be looked up.
  const letIn = (some: readonly Seen[]) => some.filter(({ status }) => status !== 401 && status !== 503);
  expect(letIn(startedAfter(revokedMs).filter(({ isRevoker }) => isRevoker))).toEqual([]);
  expect(startedAfter(promisedMs).length).toBeGreaterThanOrEqual(CONCURRENT_REQUESTS);
  expect(letIn(startedAfter(promisedMs))).toEqual([]);
  expect(await changes()).toBe(changesInTime);
  expect(seen.filter(({ kind, status }) => kind === 'write' && status === 201)).toHaveLength(changesInTime);
  expect(await stream.ended()).toContain('retry: ');
}

describe('given a key that is revoked during 1,000 concurrent requests on two nodes', () => {
  it('lets nothing through a second later, without Redis', async () => {
    await expectNothingThrough(await openNodes());
  }, 60_000);
});

describeWithRedisServer('given the same and a Redis', () => {
  it('lets nothing through a second later', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    await expectNothingThrough(await openNodes(redis.url));
  }, 60_000);
});
