import { afterEach, expect, it, vi } from 'vitest';
import { openRedis, type RedisConnection } from '../../src/store/redis-connection.js';
import { freePort } from '../support/free-port.js';
import { type PrivateRedis, startRedis } from '../support/redis-server.js';
import { describeWithRedisServer } from '../support/requirements.js';
import { recordLog } from './log-recorder.js';

const cleanUps: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describeWithRedisServer('given a Redis that answers', () => {
  it('gives replies, and undefined for a command that Redis refuses', async () => {
    const { connection } = await open();
    expect(await connection.attempt((redis) => redis.set('key', 'value'))).toBe('OK');
    expect(await connection.attempt((redis) => redis.get('nothing'))).toBeNull();
    expect(await connection.attempt((redis) => redis.lpush('key', 'value'))).toBeUndefined();
    expect(await connection.ping()).toBe('up');
  });
});

describeWithRedisServer('given a Redis that is killed', () => {
  it('answers undefined at once, logs that once, and works again after a restart', async () => {
    const { server, connection, logged } = await open();
    const heard: string[] = [];
    connection.subscribe('channel', (text) => heard.push(text));
    let reconnects = 0;
    connection.onReconnect(() => {
      reconnects += 1;
    });
    await vi.waitFor(async () => expect(await subscribers(connection)).toBe(1));

    await server.kill();
    await vi.waitFor(async () => expect(await connection.ping()).toBe('down'));
    const startedMs = performance.now();
    for (let call = 0; call < 50; call += 1) await connection.attempt((redis) => redis.get('key'));
    expect(performance.now() - startedMs).toBeLessThan(200);

    await server.restart();
    await vi.waitFor(async () => expect(await subscribers(connection)).toBe(1), { timeout: 5_000 });
    await connection.attempt((redis) => redis.publish('channel', 'hello again'));
    await vi.waitFor(() => expect(heard).toEqual(['hello again']));
    // The scripts are gone from the server with the restart; the first use sends the text again.
    const args = ['store', 'lineage', '1', 'body', '0', 'seal', '60000'] as const;
    expect(await connection.attempt((redis) => redis.writeSnapshot('{key}', ...args))).toBe(1);
    expect(reconnects).toBe(2);
    expect(logged).toEqual([
      'warn: redis is away: reading from memory and postgres, announcing nothing',
      'info: redis is back',
    ]);
  });
});

describeWithRedisServer('given a Redis that hangs', () => {
  it('costs three calls a quarter of a second each, the others nothing, and works again when it goes on', async () => {
    const { server, connection, logged } = await open();
    server.stall();
    expect(await duration(() => connection.attempt((redis) => redis.get('key')))).toBeLessThan(700);
    await connection.attempt((redis) => redis.get('key'));
    await connection.attempt((redis) => redis.get('key'));
    expect(await duration(() => connection.attempt((redis) => redis.get('key')))).toBeLessThan(150);
    expect(await connection.ping()).toBe('down');

    server.resume();
    await vi.waitFor(async () => expect(await connection.ping()).toBe('up'), { timeout: 5_000 });
    expect(logged).toEqual([
      'warn: redis is away: reading from memory and postgres, announcing nothing',
      'info: redis is back',
    ]);
  });
});

describeWithRedisServer('given a Redis that is down at the start', () => {
  it('opens within its first failure and closes without waiting', async () => {
    const { log } = recordLog();
    const url = `redis://127.0.0.1:${await freePort()}`;
    let connection: RedisConnection | undefined;
    expect(
      await duration(async () => {
        connection = await openRedis({ url, log });
      }),
    ).toBeLessThan(1_000);
    expect(await connection?.ping()).toBe('down');
    connection?.close();
    expect(await connection?.attempt((redis) => redis.get('key'))).toBeUndefined();
  });

  it('opens within about a second when it hangs', async () => {
    const server = await startRedis();
    cleanUps.push(() => server.stop());
    server.stall();
    const { log } = recordLog();
    const startedMs = performance.now();
    const connection = await openRedis({ url: server.url, log });
    cleanUps.push(() => connection.close());
    expect(performance.now() - startedMs).toBeLessThan(1_800);
    server.resume();
    await vi.waitFor(async () => expect(await connection.ping()).toBe('up'), { timeout: 5_000 });
  });
});

async function open(): Promise<{ server: PrivateRedis; connection: RedisConnection; logged: string[] }> {
  const server = await startRedis();
  cleanUps.push(() => server.stop());
  const { log, logged } = recordLog();
  const connection = await openRedis({ url: server.url, log });
  cleanUps.push(() => connection.close());
  return { server, connection, logged };
}

async function subscribers(connection: RedisConnection): Promise<unknown> {
  const reply = await connection.attempt((redis) => redis.pubsub('NUMSUB', 'channel'));
  return reply?.[1];
}

async function duration(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
