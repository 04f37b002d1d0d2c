import { describe, expect, it } from 'vitest';
import { readConfig, SETTINGS } from '../../src/config.js';
import { type Compose, readCompose } from './compose.js';
import { parseDockerfile } from './dockerfile.js';
import { readText } from './workspace.js';

const SECRETS = {
  ADMIN_KEY: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
  POSTGRES_PASSWORD: 'a1b2c3d4e5f60718',
  REDIS_PASSWORD: '18076f5e4d3c2b1a',
};

const compose = await readCompose(SECRETS);

describe('given docker-compose.yml', () => {
  it.each(Object.keys(SECRETS))('does not start without %s', async (name) => {
    await expect(readCompose({ ...SECRETS, [name]: '' })).rejects.toThrow(name);
  });

  it('runs the service from the Dockerfile, on PostgreSQL and Redis of a pinned major version', () => {
    expect(service('allowlist').build).toBe('.');
    expect(service('postgres').image).toBe('postgres:18');
    expect(service('redis').image).toBe('redis:7');
  });

  it('passes the service only settings it knows, and values it takes', () => {
    const { environment } = service('allowlist');
    expect(SETTINGS.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(environment)));
    expect(readConfig({ ...environment, NODE_ENV: 'production' })).toMatchObject({
      port: 8080,
      host: '0.0.0.0',
      databaseUrl: 'postgresql://allowlist:a1b2c3d4e5f60718@postgres:5432/allowlist',
      redisUrl: 'redis://:18076f5e4d3c2b1a@redis:6379',
      adminKey: SECRETS.ADMIN_KEY,
      logLevel: 'info',
    });
  });

  it('gives PostgreSQL and Redis the account the URLs name', () => {
    expect(service('postgres').environment).toMatchObject({
      POSTGRES_USER: 'allowlist',
      POSTGRES_DB: 'allowlist',
      POSTGRES_PASSWORD: SECRETS.POSTGRES_PASSWORD,
    });
    expect(service('redis').command?.slice(-2)).toEqual(['--requirepass', SECRETS.REDIS_PASSWORD]);
    expect(service('redis').environment).toEqual({ REDISCLI_AUTH: SECRETS.REDIS_PASSWORD });
  });

  it('shows one port, to this machine only, the one the image exposes', async () => {
    expect(Object.values(compose.services).flatMap(({ ports }) => ports)).toEqual(['127.0.0.1:8080:8080']);
    expect(parseDockerfile(await readText('Dockerfile')).at(-1)?.port).toBe(8080);
  });

  it('starts the service once both servers are healthy', () => {
    expect(service('allowlist').depends_on).toEqual({
      postgres: { condition: 'service_healthy' },
      redis: { condition: 'service_healthy' },
    });
  });

  it('checks the health of each, by its own means', () => {
    expect(service('allowlist').healthcheck.test.slice(0, 3)).toEqual(['CMD', 'node', '-e']);
    expect(service('postgres').healthcheck.test).toContain('pg_isready');
    expect(service('redis').healthcheck.test.join(' ')).toContain('redis-cli ping');
  });

  it("keeps PostgreSQL's data in a named volume", () => {
    expect(service('postgres').volumes).toEqual(['postgres-data:/var/lib/postgresql']);
    expect(Object.keys(compose.volumes)).toEqual(['postgres-data', 'redis-data']);
  });
});

function service(name: string): Compose['services'][string] {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}
