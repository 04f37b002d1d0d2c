import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { freePort } from '../test/support/free-port.js';
import { startPostgres } from '../test/support/postgres-server.js';
import { startRedis } from '../test/support/redis-server.js';
import { type ServiceProcess, startService } from '../test/support/service-process.js';

const ADMIN_KEY = 'bench-admin-key-of-at-least-32-characters';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A process of the service, on a port that stays its own. */
export interface ServiceNode {
  readonly url: string;
  /** Kills it outright and waits until it is gone. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Processes of the service as they are shipped, over one PostgreSQL and one Redis of their own. */
export interface ServiceNodes {
  readonly nodes: readonly ServiceNode[];
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly key: string;
  /** Calls the first node, and reads the answer to its end. @throws when it answers an error. */
  call(method: string, path: string, body?: object): Promise<void>;
  /** The same, leaving the reading to the caller. */
  read(method: string, path: string, options?: CallOptions): Promise<Response>;
  publish(channel: string, text: string): Promise<unknown>;
  stop(): Promise<void>;
}

interface CallOptions {
  readonly body?: object;
  readonly signal?: AbortSignal;
}

/** Builds the service and starts as many nodes. */
export async function startServiceNodes(count: number): Promise<ServiceNodes> {
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' });
  if (built.status !== 0) throw new Error('the service does not build');
  const postgres = await startPostgres();
  const redis = await startRedis();
  const nodes: ServiceNode[] = [];
  for (let index = 0; index < count; index += 1) nodes.push(await startNode(postgres.url, redis.url));
  const publisher = new Redis(redis.url);
  const [first] = nodes;
  async function read(method: string, path: string, { body, signal }: CallOptions = {}): Promise<Response> {
    const response = await fetch(`${first?.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_KEY}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(method === 'PUT' && path.endsWith('/origins') && { 'if-match': '*' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
    if (response.ok) return response;
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }

  return {
    nodes,
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    key: ADMIN_KEY,
    read,
    async call(method, path, body) {
      const response = await read(method, path, body && { body });
      await response.arrayBuffer();
    },
    publish: (channel, text) => publisher.publish(channel, text),
    async stop() {
      publisher.disconnect();
      for (const node of nodes) await node.kill();
      await redis.stop();
      await postgres.stop();
    },
  };
}

async function startNode(databaseUrl: string, redisUrl: string): Promise<ServiceNode> {
  const port = await freePort();
  let service: ServiceProcess | undefined;
  const node = {
    url: `http://127.0.0.1:${port}`,
    async start() {
      service = startService({
        folder: ROOT,
        env: {
          NODE_ENV: 'production',
          DATABASE_URL: databaseUrl,
          REDIS_URL: redisUrl,
          ADMIN_KEY,
          PORT: String(port),
          LOG_LEVEL: 'info',
          // One entry is added to a list of 100,000.
          MAX_ENTRIES_PER_TENANT: '200000',
          // All calls are made with one key here.
          READS_PER_MINUTE: '1000000',
          WRITES_PER_MINUTE: '1000000',
          EVALUATIONS_PER_MINUTE: '1000000',
          SYNC_CALLS_PER_MINUTE: '1000000',
        },
      });
      await service.ready;
    },
    async kill() {
      service?.kill('SIGKILL');
      await service?.exited;
    },
  };
  await node.start();
  return node;
}
