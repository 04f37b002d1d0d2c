import { type RequestOptions, request } from 'node:http';
import type { SharedServer } from './shared-server.js';

const PING_TIMEOUT_MS = 1_000;
const START_TIMEOUT_MS = 120_000;
const POSTGRES_IMAGE = 'postgres:18-alpine';
const REDIS_IMAGE = 'redis:8-alpine';

/** Whether a Docker engine answers. One that accepts and then says nothing would hang testcontainers, so we ask first. */
export async function dockerAnswers(): Promise<boolean> {
  const answers = await Promise.all(engineAddresses().map(ping));
  return answers.includes(true);
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

/** Where testcontainers looks: DOCKER_HOST alone when it is set, else the usual sockets, rootless ones included. */
function engineAddresses(): readonly RequestOptions[] {
  const { DOCKER_HOST, HOME = '', XDG_RUNTIME_DIR = `/run/user/${process.getuid?.()}` } = process.env;
  if (DOCKER_HOST === undefined) {
    const sockets = [
      '/var/run/docker.sock',
      `${XDG_RUNTIME_DIR}/docker.sock`,
      `${HOME}/.docker/run/docker.sock`,
      `${HOME}/.docker/desktop/docker.sock`,
    ];
    return sockets.map((socketPath) => ({ socketPath }));
  }
  if (DOCKER_HOST.startsWith('unix://')) return [{ socketPath: DOCKER_HOST.slice('unix://'.length) }];
  if (!URL.canParse(DOCKER_HOST)) return [];
  const { hostname, port } = new URL(DOCKER_HOST);
  return [{ hostname, port: port || 2375 }];
}

async function ping(where: RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(PING_TIMEOUT_MS);
    const asked = request({ ...where, path: '/_ping', agent: false, signal });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
