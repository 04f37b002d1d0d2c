import { randomBytes } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { createTemplate, dropRun } from './database-template.js';
import { findRedisServer } from './redis-server.js';
import { sharedPostgres, sharedRedis } from './shared-server.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the PostgreSQL server's first database, for an account that may create databases. */
    readonly postgresUrl: string;
    /** Every database of this run starts with this. */
    readonly databasePrefix: string;
    /** URL of a Redis all test files share; `null` when there is none. */
    readonly redisUrl: string | null;
    /** Path of a `redis-server` tests may start for themselves; `null` when there is none. */
    readonly redisServer: string | null;
    /** Path of a Chromium; `null` when there is none. */
    readonly chromiumPath: string | null;
  }
}

interface Servers {
  readonly provided: {
    readonly postgresUrl: string;
    readonly databasePrefix: string;
    readonly redisUrl: string | null;
    readonly redisServer: string | null;
    readonly chromiumPath: string | null;
  };
  stop(): Promise<void>;
}

/** Vitest calls setup once per project, in one process; the module itself is loaded anew each time, so state stands here. */
declare global {
  var originAllowlistTestServers: { users: number; readonly opened: Promise<Servers> } | undefined;
}

/** Global setup of every project that needs servers: the first opens them, the others join. */
export async function setup(project: TestProject): Promise<void> {
  globalThis.originAllowlistTestServers ??= { users: 0, opened: openServers() };
  globalThis.originAllowlistTestServers.users += 1;
  const { provided } = await globalThis.originAllowlistTestServers.opened;
  project.provide('postgresUrl', provided.postgresUrl);
  project.provide('databasePrefix', provided.databasePrefix);
  project.provide('redisUrl', provided.redisUrl);
  project.provide('redisServer', provided.redisServer);
  project.provide('chromiumPath', provided.chromiumPath);
}

/** The last project to leave stops the servers. */
export async function teardown(): Promise<void> {
  const shared = globalThis.originAllowlistTestServers;
  if (shared === undefined) return;
  shared.users -= 1;
  if (shared.users > 0) return;
  globalThis.originAllowlistTestServers = undefined;
  const servers = await shared.opened.catch(() => undefined); // Told by setup already.
  await servers?.stop();
}

async function openServers(): Promise<Servers> {
  const [redisServer, chromiumPath] = await Promise.all([findRedisServer(), findChromium()]);
  const postgres = await sharedPostgres();
  const redis = await sharedRedis().catch(async (error: unknown) => {
    await postgres.stop(); // Or the run would wait for it, and never end.
    throw error;
  });
  const stop = async () => {
    await dropRun(postgres.url, databasePrefix);
    await Promise.all([postgres.stop(), redis?.stop()]);
  };
  console.log(`PostgreSQL: ${postgres.source}`);
  console.log(
    `Redis: ${redis?.source ?? 'none (REDIS_URL, Docker or redis-server); its suites are skipped'}`,
  );
  if (chromiumPath === null) console.log('Chromium: none (CHROMIUM_PATH); its suites are skipped');

  const databasePrefix = `oa_test_${randomBytes(6).toString('hex')}`;
  await createTemplate(postgres.url, databasePrefix).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const redisUrl = redis?.url ?? null;
  return {
    provided: {
      postgresUrl: postgres.url,
      databasePrefix,
      redisUrl,
      redisServer: redisServer ?? null,
      chromiumPath,
    },
    stop,
  };
}

async function findChromium(): Promise<string | null> {
  const path = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  return access(path, constants.X_OK).then(
    () => path,
    () => null,
  );
}
