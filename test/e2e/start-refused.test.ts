import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Checkout, makeCheckout } from '../support/checkout.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { killServices, type ServiceProcess, startService } from '../support/service-process.js';

const ADMIN_KEY = 'an-admin-key-with-enough-characters';

/** As after `npm ci --omit=optional`. */
let checkout: Checkout;
let folder: string;

beforeAll(async () => {
  checkout = await makeCheckout({ mode: 0o755, embedded: false });
  folder = await mkdtemp(join(tmpdir(), 'oa-test-refused-'));
});
afterEach(killServices);
afterAll(async () => {
  await checkout.remove();
  await rm(folder, { recursive: true, force: true });
});

describe('given no database and no package to run one', () => {
  it('says in one line how to get it, and leaves no claim', async () => {
    const service = start({ DATA_DIR: folder });
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.stderr()).toBe(
      'origin-allowlist: The embedded PostgreSQL is not installed: run `npm ci` without `--omit=optional`, or set DATABASE_URL.\n',
    );
    expect(service.stdout()).toBe('');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('given wrong settings', () => {
  it.each([
    [{ NODE_ENV: 'production' }, 'DATABASE_URL must be set under NODE_ENV=production'],
    [
      { PORT: 'http', LOG_LEVEL: 'loud' },
      'PORT must be a whole number from 0 to 65535; LOG_LEVEL must be one of',
    ],
  ])('names those of %o in one line', async (env, problems) => {
    const service = start(env);
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.stderr()).toMatch(/^origin-allowlist: Wrong settings: .+\n$/);
    expect(service.stderr()).toContain(problems);
    expect(service.stdout()).toBe('');
  });
});

describe('given DATABASE_URL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('uses that database, logs JSON only, and makes no data directory', async () => {
    const unused = join(folder, 'unused');
    const service = start({ DATABASE_URL: database.url, DATA_DIR: unused, ADMIN_KEY });
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const response = await fetch(`${await service.ready}/v1/tenants`, { headers });
    expect(await response.json()).toEqual({ items: [], nextCursor: null });
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 0, signal: null });
    for (const line of service.stdout().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
    expect(service.stdout()).not.toContain('ADMIN_KEY');
    await expect(stat(unused)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('warns when there is no ADMIN_KEY', async () => {
    const service = start({ DATABASE_URL: database.url });
    await service.ready;
    expect(service.stdout()).toContain('ADMIN_KEY is not set: only keys made earlier through /v1/keys work');
  });

  it('says in one line that the database cannot be reached, without the password', async () => {
    const service = start({ DATABASE_URL: 'postgresql://user:hunter2@127.0.0.1:1/none', ADMIN_KEY });
    expect(await service.exited).toEqual({ code: 1, signal: null });
    expect(service.stderr()).toMatch(/^origin-allowlist: .*DATABASE_URL.*\n$/);
    expect(service.stdout() + service.stderr()).not.toContain('hunter2');
  });
});

function start(env: Readonly<Record<string, string>>): ServiceProcess {
  return startService({ folder: checkout.folder, env });
}
