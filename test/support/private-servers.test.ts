import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { withClient } from './database-template.js';
import { startPostgres } from './postgres-server.js';
import { startRedis } from './redis-server.js';
import { describeWithRedisServer } from './requirements.js';
import { proxiedUrl, startTcpProxy } from './tcp-proxy.js';

const cleanUps: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('given a PostgreSQL of one test', () => {
  it('hangs open connections while stalled and answers them when resumed', async () => {
    const postgres = await startPostgres();
    cleanUps.push(() => postgres.stop());
    const client = new Client({ connectionString: postgres.url });
    await client.connect();
    cleanUps.push(() => client.end());

    await postgres.stall();
    const answer = client.query('SELECT 1 AS one');
    await expect(settledWithin(answer, 300)).resolves.toBe(false);

    await postgres.resume();
    expect((await answer).rows).toEqual([{ one: 1 }]);
  });

  it('is gone after kill, and stop still works', async () => {
    const postgres = await startPostgres();
    await postgres.kill();
    const use = withClient(postgres.url, (client) => client.query('SELECT 1'));
    await expect(use).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await postgres.stop();
  });
});

describeWithRedisServer('given a Redis of one test', () => {
  it('hangs while stalled, answers when resumed, and comes back empty on the same port after a kill', async () => {
    const server = await startRedis();
    cleanUps.push(() => server.stop());
    const redis = new Redis(server.url, { retryStrategy: () => 20 });
    redis.on('error', () => undefined);
    cleanUps.push(() => redis.disconnect());

    server.stall();
    const answer = redis.set('key', 'value');
    await expect(settledWithin(answer, 300)).resolves.toBe(false);
    server.resume();
    expect(await answer).toBe('OK');

    await server.kill();
    await server.restart();
    expect(await redis.get('key')).toBeNull();
  });
});

describeWithRedisServer('given a TCP proxy before a server', () => {
  it('holds everything back while paused, then passes it on in order', async () => {
    const { redis, proxy } = await redisBehindProxy();
    expect(await redis.set('key', '1')).toBe('OK');
    proxy.pause();
    const answers = Promise.all([redis.incr('key'), redis.incr('key')]);
    await expect(settledWithin(answers, 300)).resolves.toBe(false);
    proxy.resume();
    expect(await answers).toEqual([2, 3]);
  });

  it('resets connections and refuses new ones when cut, until mended', async () => {
    const { redis, proxy } = await redisBehindProxy();
    await redis.ping();
    expect(proxy.connections()).toBe(1);
    const closed = new Promise((resolve) => redis.once('close', () => resolve('closed')));
    await proxy.cut();
    expect(await closed).toBe('closed');
    expect(proxy.connections()).toBe(0);
    await proxy.mend();
    expect(await redis.ping()).toBe('PONG');
  });
});

async function redisBehindProxy() {
  const server = await startRedis();
  cleanUps.push(() => server.stop());
  const proxy = await startTcpProxy(server.url);
  cleanUps.push(() => proxy.close());
  const redis = new Redis(proxiedUrl(server.url, proxy), { retryStrategy: () => 20 });
  redis.on('error', () => undefined);
  cleanUps.push(() => redis.disconnect());
  return { redis, proxy };
}

/** Whether a promise settles in time: to prove a hang, time has to pass. */
async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms));
  return Promise.race([promise.then(() => true), late]);
}
