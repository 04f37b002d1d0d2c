import { execFile } from 'node:child_process';
import { chmod, cp, lstat, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './account.js';
import { makeLibraryLinks } from './library-links.js';

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 5_000;

/**
 * A copy of the PostgreSQL files (60 MB) where `account` can read them, links made, kept for the next start.
 *
 * @returns the folder of the copy, or `undefined` when no temp directory is open to that account.
 */
export async function copyWithinReach(
  native: string,
  version: string,
  account: Account | undefined,
): Promise<string | undefined> {
  const name = `origin-allowlist-postgres-${version}-${process.getuid?.()}`;
  // TMPDIR may point into a folder of root's own.
  for (const parent of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    if (await canEnter(parent, account)) return copyOnce(native, join(parent, name));
  }
  return undefined;
}

async function canEnter(folder: string, account: Account | undefined): Promise<boolean> {
  const options = { cwd: '/', env: {}, timeout: PROBE_TIMEOUT_MS, ...account };
  return run('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], options).then(
    () => true,
    () => false,
  );
}

async function copyOnce(native: string, place: string): Promise<string> {
  // In a folder anyone may write to, a name proves nothing: what runs from there must be ours, and ours alone to change.
  const found = await lstat(place).catch(() => undefined);
  const ours = found?.isDirectory() === true && found.uid === process.getuid?.();
  if (ours && (found.mode & 0o022) === 0 && (await holdsAllOf(native, place))) {
    await makeLibraryLinks(place);
    return place;
  }
  // Copied beside and renamed, so that two first starts at once never see half of it.
  const fresh = await mkdtemp(`${place}-`);
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  await makeLibraryLinks(fresh);
  await openToAll(fresh);
  if (ours) await rm(place, { recursive: true, force: true });
  // The name is taken, by another start or by somebody's folder of that name: then ours stays where it is.
  return rename(fresh, place).then(
    () => place,
    () => fresh,
  );
}

/** Cleaners of the temp directory remove single files by age. */
async function holdsAllOf(source: string, copy: string): Promise<boolean> {
  for (const name of await readdir(source, { recursive: true })) {
    const [wanted, found] = await Promise.all([
      lstat(join(source, name)),
      lstat(join(copy, name)).catch(() => undefined),
    ]);
    if (found === undefined || (wanted.isFile() && found.size !== wanted.size)) return false;
  }
  return true;
}

/** mkdtemp gives 0700, and a umask of 077 takes the rest away from what was copied. */
async function openToAll(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    const stats = await lstat(path);
    if (stats.isDirectory()) await chmod(path, 0o755);
    else if (stats.isFile()) await chmod(path, name.startsWith('bin/') ? 0o755 : 0o644);
  }
  await chmod(folder, 0o755);
}
