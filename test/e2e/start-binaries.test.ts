import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { copyWithinReach } from '../../src/embedded/binaries-copy.js';

/** Whoever runs the test: may enter every folder made here. */
const OURSELVES = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let folder: string;
let native: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oa-test-binaries-'));
  native = join(folder, 'native');
  await mkdir(join(native, 'bin'), { recursive: true });
  await mkdir(join(native, 'lib'));
  await writeFile(join(native, 'bin/postgres'), 'program', { mode: 0o700 });
  await writeFile(join(native, 'lib/libpq.so.5.18'), 'library', { mode: 0o600 });
  // As unpacked by npm: the links of a package are a list.
  const link = { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' };
  await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify([link]));
  vi.stubEnv('TMPDIR', join(folder, 'tmp'));
  await mkdir(join(folder, 'tmp'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe('given PostgreSQL files another account cannot reach', () => {
  it('copies them once, open to all and writable by us only, with their links', async () => {
    const copy = await makeCopy();
    expect(copy).toBe(join(folder, `tmp/origin-allowlist-postgres-1.2.3-${OURSELVES.uid}`));
    expect(await modeOf(copy)).toBe('755');
    expect(await modeOf(join(copy, 'bin/postgres'))).toBe('755');
    expect(await modeOf(join(copy, 'lib/libpq.so.5.18'))).toBe('644');
    expect(await readFile(join(copy, 'lib/libpq.so'), 'utf8')).toBe('library');
    const madeAt = (await lstat(copy)).ctimeMs;
    expect(await makeCopy()).toBe(copy);
    expect((await lstat(copy)).ctimeMs).toBe(madeAt);
  });

  it('makes the copy again when a cleaner of temporary files has been there', async () => {
    const copy = await makeCopy();
    await rm(join(copy, 'lib/libpq.so.5.18'));
    expect(await makeCopy()).toBe(copy);
    expect(await readdir(join(copy, 'lib'))).toEqual(['libpq.so', 'libpq.so.5.18']);
    expect(await readdir(join(folder, 'tmp'))).toEqual([basename(copy)]);
  });

  it('makes the copy again when others could write to it', async () => {
    const copy = await makeCopy();
    await chmod(copy, 0o777);
    await writeFile(join(copy, 'bin/postgres'), 'another program');
    expect(await makeCopy()).toBe(copy);
    expect(await modeOf(copy)).toBe('755');
    expect(await readFile(join(copy, 'bin/postgres'), 'utf8')).toBe('program');
  });

  it('runs nothing from a link somebody else may have put in its place', async () => {
    const copy = await makeCopy();
    await rm(copy, { recursive: true });
    await symlink(native, copy);
    const other = await makeCopy();
    expect(dirname(other)).toBe(dirname(copy));
    expect(other).not.toBe(copy);
  });
});

async function makeCopy(): Promise<string> {
  return (await copyWithinReach(native, '1.2.3', OURSELVES)) ?? 'nowhere';
}

async function modeOf(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o777).toString(8);
}
