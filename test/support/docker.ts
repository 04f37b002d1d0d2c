import { request } from 'node:http';
import type { SharedServer } from './shared-server.js';

const PING_TIMEOUT_MS = 1_000;
const START_TIMEOUT_MS = 120_000;
const POSTGRES_IMAGE = 'postgres:18-alpine';
const REDIS_IMAGE = 'redis:8-alpine';

/** Whether a Docker engine answers. A socket that accepts and then says nothing would hang testcontainers. */
export async function dockerAnswers(): Promise<boolean> {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const where = engineAddress(host);
  if (where === undefined) return false;
  return new Promise((resolve) => {
    const ping = request({
      ...where,
      path: '/_ping',
      agent: false,
      signal: AbortSignal.timeout(PING_TIMEOUT_MS),
    });
    ping.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('error', () => resolve(false));
    ping.end();
  });
}

export async function postgresContainer(): Promise<SharedServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(POSTGRES_IMAGE)
    .withEnvironment({ POSTGRES_PASSWORD: 'test' })
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'max_connections=300'])
    .withExposedPorts(5432)
    // The image starts the server twice: once for its own set-up, then for good.
    .withWaitStrategy(Wait.forLogMessage('database system is ready to accept connections', 2))
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  return {
    url: `postgresql://postgres:test@${container.getHost()}:${container.getMappedPort(5432)}/postgres`,
    source: `a container of ${POSTGRES_IMAGE}`,
    stop: async () => void (await container.stop()),
  };
}

export async function redisContainer(): Promise<SharedServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(REDIS_IMAGE)
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
    source: `a container of ${REDIS_IMAGE}`,
    stop: async () => void (await container.stop()),
  };
}

function engineAddress(host: string) {
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) };
  if (!URL.canParse(host)) return undefined;
  const { hostname, port } = new URL(host);
  return { host: hostname, port: Number(port) || 2375 };
}
