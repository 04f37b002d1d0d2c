import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSlug } from './core/index.js';

/** The files of one directory, one a tenant. Every call may reject with what the file system says. */
export interface DiskFolder {
  /** Makes the directory, and clears away what killed processes left half written. */
  prepare(nowMs: number): Promise<void>;
  /** Which tenants there are files of, and when each was last confirmed; the oldest first. */
  list(): Promise<readonly { readonly slug: string; readonly confirmedAtMs: number }[]>;
  /** When its list was confirmed; 0 when there is none. */
  confirmedAtMs(slug: string): Promise<number>;
  /**
   * @param limitBytes no more is read; the whole file when absent.
   * @returns `undefined` when there is none.
   */
  read(slug: string, limitBytes?: number): Promise<Uint8Array | undefined>;
  /** Puts a whole file in the place of the old one, or leaves the old one. */
  replace(slug: string, chunks: readonly Uint8Array[], confirmedAtMs: number): Promise<void>;
  /** Does nothing when there is none. */
  remove(slug: string): Promise<void>;
}

/** The largest snapshot the client takes, and its head. */
const MAX_FILE_BYTES = 65 * 1024 * 1024;
/** No write takes as long: a half-written file of that age is nobody's. */
const LEFT_OVER_MS = 3_600_000;
/** With something before the slug, since Windows gives some names (`con`) to devices. */
const NAME = /^tenant-(.+)\.allowlist$/;
const TEMPORARY_NAME = /^tenant-.+\.allowlist\.[^.]+\.tmp$/;

/** @param instance tells the temporary files of this process from those of others that share the directory. */
export function createDiskFolder(directory: string, instance: string): DiskFolder {
  // The slug's grammar has neither dot nor slash.
  const pathOf = (slug: string): string => join(directory, `tenant-${slug}.allowlist`);

  const make = () => mkdir(directory, { recursive: true, mode: 0o700 });

  return {
    async prepare(nowMs) {
      await make();
      for (const name of await readdir(directory)) {
        if (!TEMPORARY_NAME.test(name)) continue;
        const path = join(directory, name);
        if (nowMs - (await mtimeMsOf(path)) > LEFT_OVER_MS) await rm(path, { force: true });
      }
    },
    async list() {
      const files: { slug: string; confirmedAtMs: number }[] = [];
      for (const name of await readdir(directory)) {
        const slug = NAME.exec(name)?.[1];
        if (slug === undefined || !isSlug(slug)) continue;
        files.push({ slug, confirmedAtMs: await mtimeMsOf(join(directory, name)) });
      }
      return files.toSorted((a, b) => a.confirmedAtMs - b.confirmedAtMs);
    },
    confirmedAtMs: (slug) => mtimeMsOf(pathOf(slug)),
    async read(slug, limitBytes = MAX_FILE_BYTES) {
      const handle = await openIfThere(pathOf(slug));
      try {
        return await handle?.stat().then((stats) => {
          if (!stats.isFile() || stats.size > MAX_FILE_BYTES) throw new Error('It is no file of a copy.');
          return readUpTo(handle, Math.min(stats.size, limitBytes));
        });
      } finally {
        await handle?.close();
      }
    },
    async replace(slug, chunks, confirmedAtMs) {
      const temporary = `${pathOf(slug)}.${instance}.tmp`;
      // Whoever empties a cache may take the directory too.
      await make();
      try {
        const handle = await open(temporary, 'wx', 0o600);
        try {
          for (const chunk of chunks) await handle.writeFile(chunk);
          await handle.utimes(confirmedAtMs / 1_000, confirmedAtMs / 1_000);
          // Else a power cut may leave the new name to a file without content.
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(temporary, pathOf(slug));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    remove: (slug) => rm(pathOf(slug), { force: true }),
  };
}

/** Follows no link and waits for no writer of a pipe, whoever put one there. */
async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function readUpTo(handle: FileHandle, lengthBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthBytes);
  let filled = 0;
  while (filled < lengthBytes) {
    const { bytesRead } = await handle.read(bytes, filled, lengthBytes - filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Another process may take a file away at any time: then it is as old as can be. */
async function mtimeMsOf(path: string): Promise<number> {
  try {
    // Set as a fraction of seconds, it comes back as nearly that.
    return Math.round((await stat(path)).mtimeMs);
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
