import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.js';
import { withClient } from './database-template.js';
import { describeWithRedis, redisUrl } from './requirements.js';

describe('given the shared PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('gives a database of its own, in UTF-8', async () => {
    const { rows } = await withClient(database.url, (client) => client.query('SHOW server_encoding'));
    expect(rows).toEqual([{ server_encoding: 'UTF8' }]);
  });

  it('has every table in it', async () => {
    const { rows } = await withClient(database.url, (client) =>
      client.query("SELECT to_regclass('public.entries') IS NOT NULL AS migrated"),
    );
    expect(rows).toEqual([{ migrated: true }]);
  });

  it('leaves nothing of a dropped one', async () => {
    const other = await createTestDatabase();
    await other.drop();
    const use = withClient(other.url, (client) => client.query('SELECT 1'));
    await expect(use).rejects.toMatchObject({ code: '3D000' }); // invalid_catalog_name
  });
});

describeWithRedis('given the shared Redis', () => {
  it('answers', async () => {
    const redis = new Redis(redisUrl());
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
  });
});
