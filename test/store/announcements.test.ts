import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Announcements, openAnnouncements } from '../../src/store/announcements.js';
import type { TenantNews } from '../../src/store/feed.js';
import { createSeal } from '../../src/store/node-secret.js';
import { openRedis, type RedisConnection } from '../../src/store/redis-connection.js';
import { type PrivateRedis, startRedis } from '../support/redis-server.js';
import { describeWithRedisServer } from '../support/requirements.js';
import { silentLog } from '../support/silent-log.js';
import { moveTo, newVersion } from './snapshot-fixture.js';

const CHANNEL = 'origin-allowlist:announcements';
const SEAL = createSeal(Buffer.alloc(32, 1), 'announcement');

let server: PrivateRedis;
let connections: RedisConnection[];

beforeEach(async () => {
  server = await startRedis();
  connections = [];
});
afterEach(async () => {
  for (const connection of connections) connection.close();
  await server.stop();
});

describeWithRedisServer('given two nodes over one Redis', () => {
  it('brings moves, revoked keys and reports to both', async () => {
    const a = await openNode();
    const b = await openNode();
    await subscribed(2);
    const move = moveTo('acme', newVersion());
    const ops = [{ op: 'delete', pattern: 'https://a.example' }] as const;
    const written = { move, delta: { from: 1, to: 2, count: 0, ops }, ack: true };
    const deleted = { move: { ...moveTo('acme', newVersion()), deleted: true }, ack: false };
    a.announcements.tenantMoved(written);
    a.announcements.tenantMoved(deleted);
    a.announcements.keyChanged('abc');
    a.announcements.reported(['t1', 't2']);
    await vi.waitFor(() => expect(b.heard).toEqual([written, deleted, 'abc', ['t1', 't2']]));
    await vi.waitFor(() => expect(a.heard).toEqual([written, deleted, 'abc', ['t1', 't2']]));
  });

  it('listens again by itself after Redis was restarted', async () => {
    const a = await openNode();
    const b = await openNode();
    await subscribed(2);
    await server.kill();
    await server.restart();
    await subscribed(2);
    const news = { move: moveTo('acme', newVersion()), ack: false };
    a.announcements.tenantMoved(news);
    await vi.waitFor(() => expect(b.heard).toEqual([news]));
  });

  it('ignores what is no announcement, such as one of a kind it does not know, and what no node has signed', async () => {
    const { heard, announcements } = await openNode();
    await subscribed(1);
    const stranger = new Redis(server.url);
    const move = moveTo('acme', newVersion());
    for (const text of [
      'not JSON',
      'null',
      '{"kind":"tenant"}',
      '{"kind":"weather"}',
      JSON.stringify({ kind: 'tenant', move: { ...move, revision: '1' } }),
      JSON.stringify({ kind: 'tenant', move, delta: { from: 1, to: 2, count: 0, ops: ['*'] } }),
    ]) {
      await stranger.publish(CHANNEL, SEAL.close(text));
    }
    const genuine = JSON.stringify({ kind: 'tenant', move, ack: true });
    const other = createSeal(Buffer.alloc(32, 2), 'announcement');
    for (const text of [genuine, other.close(genuine), SEAL.close(genuine).replace('true', 'null')]) {
      await stranger.publish(CHANNEL, text);
    }
    stranger.disconnect();
    announcements.tenantMoved({ move, ack: false });
    await vi.waitFor(() => expect(heard).toEqual([{ move, ack: false }]));
  });
});

interface OpenNode {
  readonly announcements: Announcements;
  readonly heard: (TenantNews | string | readonly string[])[];
}

async function openNode(): Promise<OpenNode> {
  const connection = await openRedis({ url: server.url, log: silentLog });
  connections.push(connection);
  const heard: OpenNode['heard'][number][] = [];
  const hear = (news: OpenNode['heard'][number]) => void heard.push(news);
  const listeners = { onTenantMoved: hear, onKeyChanged: hear, onReported: hear };
  return { announcements: openAnnouncements(connection, SEAL, listeners, silentLog), heard };
}

async function subscribed(nodes: number): Promise<void> {
  const count = () => connections[0]?.attempt((redis) => redis.pubsub('NUMSUB', CHANNEL));
  await vi.waitFor(async () => expect(await count()).toEqual([CHANNEL, nodes]), { timeout: 5_000 });
}
