import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { buildApp } from '../../src/app.js';
import { startRedis } from '../support/redis-server.js';
import { describeWithRedisServer } from '../support/requirements.js';
import { report } from './reports.js';
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

describe('given a write whose key ends while it waits for its tenant', () => {
  it.each([
    ['is revoked', 'revoked_at = now()'],
    ['expires', 'expires_at = now()'],
  ])('rolls it back when the key %s', async (_what, end) => {
    const [node] = await openNodes();
    const slug = await node.tenant();
    const { body: made } = await node.call('POST', '/v1/keys', { body: { name: 'x', preset: 'admin' } });
    const pool = new Pool({ connectionString: node.databaseUrl });
    onTestFinished(() => pool.end());
    const holder = await pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM tenants WHERE slug = $1 FOR UPDATE', [slug]);
    const writing = node.call('POST', `/v1/tenants/${slug}/origins`, {
      key: made.key,
      body: { pattern: 'https://app.example.com' },
    });
    await expect
      .poll(async () => (await pool.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount, {
        interval: 10,
      })
      .toBe(1);
    await pool.query(`UPDATE api_keys SET ${end} WHERE id = $1`, [made.id]);
    await holder.query('COMMIT');
    holder.release();
    const { status, body } = await writing;
    expect([status, body.code]).toEqual([401, 'unauthorized']);
    expect(await node.revisionOf(slug)).toBe(1);
  });
});

describe('given a call that goes on after its key was revoked', () => {
  let node: TestService;
  let slug: string;
  let made: { readonly id: string; readonly key: string };
  beforeEach(async () => {
    [node] = await openNodes();
    slug = await node.tenant();
    made = (await node.call('POST', '/v1/keys', { body: { name: 'x', preset: 'admin' } })).body;
  });
  const evaluation = () => ({ tenant: slug, method: 'GET', origin: 'https://a.example.com' });

  it('is refused when its body comes', async () => {
    const url = await node.app.listen({ host: '127.0.0.1', port: 0 });
    const [first = '', rest = ''] = JSON.stringify(evaluation()).split(/(?<=tenant":)/);
    const encoder = new TextEncoder();
    let sendRest = (): void => {};
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(encoder.encode(first));
        sendRest = () => {
          controller.enqueue(encoder.encode(rest));
          controller.close();
        };
      },
    });
    const answering = fetch(`${url}/v1/evaluate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${made.key}`, 'content-type': 'application/json' },
      body,
      duplex: 'half',
    });
    await untilUsed();
    await node.call('DELETE', `/v1/keys/${made.id}`);
    sendRest();
    expect((await answering).status).toBe(401);
  });

  it('is refused when it has waited for a revision, whether that came or not', async () => {
    for (const minRevision of [2, 3]) {
      // Looked at when it comes in and when its body is there; the third look is after the wait.
      let looks = 0;
      const verify = async (hash: string) => {
        looks += 1;
        return looks <= 2 ? await node.store.keys.verify(hash) : undefined;
      };
      // It waits once it has seen that the list is too old; a write from before would leave nothing to wait for.
      let seen = 0;
      const bySlug = async (tenant: string) => {
        const snapshot = await node.store.snapshots.bySlug(tenant);
        seen += 1;
        return snapshot;
      };
      const store = {
        ...node.store,
        keys: { ...node.store.keys, verify },
        snapshots: { ...node.store.snapshots, bySlug },
      };
      const app = await buildApp({ store });
      const answering = app.inject({
        method: 'POST',
        url: '/v1/evaluate',
        headers: { authorization: `Bearer ${made.key}` },
        payload: { ...evaluation(), minRevision },
      });
      await expect.poll(() => seen, { interval: 1 }).toBeGreaterThan(0);
      if (minRevision === 2) {
        const body = { pattern: 'https://a.example.com' };
        await node.call('POST', `/v1/tenants/${slug}/origins`, { body });
      }
      expect((await answering).json().code).toBe('unauthorized');
      expect(looks).toBe(3);
      await app.close();
    }
  });

  it('is answered as written when its write stands, and not told who has applied it', async () => {
    const { body: tenant } = await node.call('GET', `/v1/tenants/${slug}`);
    await report(node, { instance: 'lagging', applied: [{ slug, lineage: tenant.lineage, revision: 1 }] });
    const answering = node.call('POST', `/v1/tenants/${slug}/origins?wait=applied&timeoutMs=1000`, {
      key: made.key,
      body: { pattern: 'https://a.example.com' },
    });
    await expect.poll(() => node.revisionOf(slug), { interval: 10 }).toBe(2);
    await node.call('DELETE', `/v1/keys/${made.id}`);
    const { status, body } = await answering;
    expect([status, body.rollout.incompleteBecause, body.rollout.lagging]).toEqual([201, ['not_known'], []]);
  });

  async function untilUsed(): Promise<void> {
    const lastUsedAt = async () => (await node.call('GET', `/v1/keys/${made.id}`)).body.lastUsedAt;
    await expect.poll(lastUsedAt, { interval: 10 }).not.toBeNull();
  }
});
