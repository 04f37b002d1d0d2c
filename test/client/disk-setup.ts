import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Allowlist, AllowlistOptions } from '@origin-allowlist/client';
import { expect, onTestFinished } from 'vitest';
import { createSetup, eventually } from './setup.js';

export const APP = { pattern: 'https://app.example.com' };
export const SOON = { pattern: 'https://soon.example.com', expiresAt: '2026-01-01T01:00:00.000Z' };
export const FROM_APP = { method: 'GET', target: '/', origin: 'https://app.example.com' };
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** A setup with a directory for copies, and a line to the service that can be cut. */
export async function createDiskSetup() {
  const setup = await createSetup();
  const parent = await mkdtemp(join(tmpdir(), 'origin-allowlist-'));
  onTestFinished(async () => {
    await chmod(parent, 0o700);
    await rm(parent, { recursive: true, force: true });
  });
  const directory = join(parent, 'copies');
  const line = { isCut: false };
  const fetchBy: typeof fetch = (url, init) =>
    line.isCut ? Promise.reject(new Error('cut')) : fetch(url, init);

  return {
    ...setup,
    parent,
    directory,
    line,
    /** Where the copy of a tenant is. */
    fileOf: (slug: string) => join(directory, `tenant-${slug}.allowlist`),
    start(options: Partial<AllowlistOptions> = {}) {
      const deps = { ...setup.clock.deps, fetch: fetchBy, ...options.deps };
      const allowlist = setup.create({ cacheDirectory: directory, ...options, deps });
      const news: unknown[] = [];
      allowlist.on('disk', (event) => news.push(event));
      return { allowlist, news };
    },
    files: () => readdir(directory),
  };
}

export type DiskSetup = Awaited<ReturnType<typeof createDiskSetup>>;

/** A directory with the copy of a client that ran before, and no way to the service. */
export async function createLeftBehind() {
  const setup = await createDiskSetup();
  const { lineage } = setup.service.write('acme', { entries: [APP, SOON] });
  const { allowlist } = setup.start();
  await holds(allowlist, 1);
  setup.clock.advance(1_000);
  const content = await written(setup.fileOf('acme'), '"revision":1');
  allowlist.close();
  setup.line.isCut = true;
  return { ...setup, lineage, path: setup.fileOf('acme'), content };
}

/** Waits until a client decides by a revision. */
export async function holds(allowlist: Allowlist, revision: number): Promise<void> {
  await eventually(() => expect(allowlist.status().tenants[0]).toMatchObject({ revision }));
}

/** Waits until the copy of a tenant is there, and whole: it is put there by one rename. */
export async function written(path: string, text: string): Promise<string> {
  let content = '';
  await expect
    .poll(async () => (content = await readFile(path, 'utf8').catch(() => '')), { interval: 2 })
    .toContain(text);
  return content;
}
