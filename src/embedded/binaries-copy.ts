import { chmod, cp, lstat, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A copy of the PostgreSQL files (60 MB) that every account can read, made once per version and machine.
 *
 * @returns the folder of the copy: a shared one below the temp directory, or one of our own when that name is not ours.
 */
export async function reachableCopy(native: string, version: string): Promise<string> {
  const place = join(tmpdir(), `origin-allowlist-postgres-${version}`);
  if ((await isOurs(place)) && (await holdsAllOf(native, place))) return place;
  // Copied beside and renamed, so that two first starts at once never see half of it.
  const fresh = await mkdtemp(`${place}-`);
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  await openToAll(fresh);
  if (await isOurs(place)) await rm(place, { recursive: true, force: true });
  // Taken by another start, or by somebody else's folder: then ours stays where it is.
  return rename(fresh, place).then(
    () => place,
    () => fresh,
  );
}

/** In a folder anyone may write to, a name proves nothing: what we run from there must be ours, and ours alone to change. */
async function isOurs(folder: string): Promise<boolean> {
  const stats = await lstat(folder).catch(() => undefined);
  return stats?.isDirectory() === true && stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0;
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
