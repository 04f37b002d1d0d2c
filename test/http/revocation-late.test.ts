import { Pool } from 'pg';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { buildApp } from '../../src/app.js';
import { report } from './reports.js';
import { openService, type TestService } from './service.js';

/** Of this database: others are tested on the same server. */
const LOCK_WAITS = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;

async function openNode(): Promise<TestService> {
  const node = await openService();
  onTestFinished(() => node.close());
  return node;
}

describe('given a write whose key ends while it waits for its tenant', () => {
  it.each([
    ['is revoked', 'revoked_at = now()'],
    ['expires', 'expires_at = now()'],
  ])('rolls it back when the key %s', async (_what, end) => {
    const node = await openNode();
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
      .poll(async () => (await pool.query(LOCK_WAITS)).rowCount, {
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
    node = await openNode();
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
    const answering = node.call('POST', `/v1/tenants/${slug}/origins?wait=applied&timeoutMs=2000`, {
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
