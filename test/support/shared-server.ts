import { dockerAnswers, postgresContainer, redisContainer } from './docker.js';
import { startPostgres } from './postgres-server.js';
import { findRedisServer, startRedis } from './redis-server.js';

/** A server all test files of a run share. */
export interface SharedServer {
  readonly url: string;
  /** Where it comes from, for the line printed at the start. */
  readonly source: string;
  stop(): Promise<void>;
}

/** PostgreSQL: DATABASE_URL, else a Docker engine, else the embedded binaries. */
export async function sharedPostgres(): Promise<SharedServer> {
  const url = process.env.DATABASE_URL;
  if (url) return { url, source: 'DATABASE_URL', stop: async () => undefined };
  const container = await inContainer('PostgreSQL', postgresContainer);
  if (container) return container;
  const server = await startPostgres();
  return { url: server.url, source: 'the embedded binaries', stop: () => server.stop() };
}

/** Redis: REDIS_URL, else a Docker engine, else `redis-server` on the PATH, else none. */
export async function sharedRedis(): Promise<SharedServer | undefined> {
  const url = process.env.REDIS_URL;
  if (url) return { url, source: 'REDIS_URL', stop: async () => undefined };
  const container = await inContainer('Redis', redisContainer);
  if (container) return container;
  const program = await findRedisServer();
  if (program === undefined) return undefined;
  const server = await startRedis();
  return { url: server.url, source: program, stop: () => server.stop() };
}

/** An engine that answers may still have no image and no way to fetch one; the local binaries are the next in the order. */
async function inContainer(
  name: string,
  start: () => Promise<SharedServer>,
): Promise<SharedServer | undefined> {
  if (!(await dockerAnswers())) return undefined;
  try {
    return await start();
  } catch (error) {
    console.warn(`${name} in a container failed, trying local binaries: ${String(error)}`);
    return undefined;
  }
}
