import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createCounts } from '../../src/store/counts.js';
import { openRedis, type RedisConnection } from '../../src/store/redis-connection.js';
import { startRedis } from '../support/redis-server.js';
import { describeWithRedis, redisUrl } from '../support/requirements.js';
import { silentLog } from '../support/silent-log.js';

const MINUTE_MS = 60_000;

describe('given a node without Redis', () => {
  it('counts within a window, which begins with the first', () => {
    let nowMs = 0;
    const counts = createCounts({ redis: undefined, now: () => nowMs });
    expect(counts.read('a')).toEqual({ count: 0, resetMs: 0 });
    expect(counts.add('a', MINUTE_MS)).toEqual({ count: 1, resetMs: MINUTE_MS });
    nowMs = 59_999;
    expect(counts.add('a', MINUTE_MS)).toEqual({ count: 2, resetMs: 1 });
    expect(counts.add('b', MINUTE_MS)).toEqual({ count: 1, resetMs: MINUTE_MS });
    nowMs = 60_000;
    expect(counts.read('a')).toEqual({ count: 0, resetMs: 0 });
    expect(counts.add('a', MINUTE_MS)).toEqual({ count: 1, resetMs: MINUTE_MS });
  });

  it('forgets the name not counted for the longest when there are too many', () => {
    const counts = createCounts({ redis: undefined, now: () => 0 });
    counts.add('first', MINUTE_MS);
    counts.add('second', MINUTE_MS);
    counts.add('first', MINUTE_MS);
    for (let index = 0; index < 19_999; index += 1) counts.add(`other ${index}`, MINUTE_MS);
    expect(counts.read('first').count).toBe(2);
    expect(counts.read('second').count).toBe(0);
  });
});

describeWithRedis('given nodes over one Redis', () => {
  let connections: readonly [RedisConnection, RedisConnection];
  let raw: Redis;
  beforeAll(async () => {
    const open = () => openRedis({ url: redisUrl(), log: silentLog });
    connections = [await open(), await open()];
    raw = new Redis(redisUrl());
  });
  afterAll(() => {
    for (const connection of connections) connection.close();
    raw.disconnect();
  });

  function openNode(redis: RedisConnection, now = () => performance.now()) {
    const counts = createCounts({ redis, now });
    onTestFinished(() => counts.close());
    return counts;
  }

  it('each comes to know what the other has counted, and nothing is counted twice', async () => {
    const [one, other] = [openNode(connections[0]), openNode(connections[1])];
    const name = randomUUID();
    for (let index = 0; index < 50; index += 1) one.add(name, MINUTE_MS);
    expect(other.add(name, MINUTE_MS).count).toBe(1);
    await vi.waitFor(async () => {
      expect(await raw.get(`origin-allowlist:count:${name}`)).toBe('51');
      expect([one.add(name, MINUTE_MS).count, other.add(name, MINUTE_MS).count]).not.toContain(1);
    }, 5_000);
    let added = 0;
    await vi.waitFor(async () => {
      added += 2;
      const least = Math.min(one.add(name, MINUTE_MS).count, other.add(name, MINUTE_MS).count);
      expect(least).toBeGreaterThan(51 + added / 2);
      expect(least).toBeLessThanOrEqual(Number(await raw.get(`origin-allowlist:count:${name}`)) + added);
    }, 5_000);
  });

  it('keeps the counts of a second to itself', async () => {
    const node = openNode(connections[0]);
    const [short, long] = [randomUUID(), randomUUID()];
    node.add(short, 1_000);
    node.add(long, MINUTE_MS);
    await vi.waitFor(async () => expect(await raw.get(`origin-allowlist:count:${long}`)).toBe('1'), 5_000);
    expect(await raw.exists(`origin-allowlist:count:${short}`)).toBe(0);
  });

  it('believes no window longer than its own, and replaces what is no count', async () => {
    let nowMs = 0;
    const node = openNode(connections[0], () => nowMs);
    const [endless, broken] = [randomUUID(), randomUUID()];
    await raw.set(`origin-allowlist:count:${endless}`, '1000', 'PX', 999_999_999);
    await raw.hset(`origin-allowlist:count:${broken}`, 'a', 'b');
    node.add(endless, MINUTE_MS);
    node.add(broken, MINUTE_MS);
    await vi.waitFor(() => expect(node.read(endless).count).toBe(1_001), 5_000);
    expect(node.read(endless).resetMs).toBe(MINUTE_MS);
    nowMs = MINUTE_MS;
    expect(node.read(endless).count).toBe(0);
    await vi.waitFor(async () => expect(await raw.get(`origin-allowlist:count:${broken}`)).toBe('1'), 5_000);
  });
});

describeWithRedis('given a Redis that hangs', () => {
  it('goes on counting by itself, and tells it when it is back', async () => {
    const server = await startRedis();
    const connection = await openRedis({ url: server.url, log: silentLog });
    const counts = createCounts({ redis: connection, now: () => performance.now() });
    onTestFinished(async () => {
      counts.close();
      connection.close();
      await server.stop();
    });
    counts.add('name', MINUTE_MS);
    await vi.waitFor(async () => {
      expect(await connection.attempt((client) => client.get('origin-allowlist:count:name'))).toBe('1');
    }, 5_000);
    server.stall();
    for (let index = 2; index <= 100; index += 1) expect(counts.add('name', MINUTE_MS).count).toBe(index);
    await vi.waitFor(async () => expect(await connection.ping()).toBe('down'), 5_000);
    expect(counts.read('name').count).toBe(100);
    server.resume();
    await vi.waitFor(async () => {
      counts.add('name', MINUTE_MS);
      const told = await connection.attempt((client) => client.get('origin-allowlist:count:name'));
      expect(Number(told)).toBeGreaterThan(1);
    }, 10_000);
  });
});
