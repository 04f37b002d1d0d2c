import { readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';

/** `pg-symlinks.json` of the package; its paths start at the package's root. */
const LinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Makes the links between the PostgreSQL libraries that are missing in `native`, a package's folder or a copy of it.
 *
 * npm packages cannot hold links. The package makes them in an install script, which `npm ci --ignore-scripts` skips.
 */
export async function makeLibraryLinks(native: string): Promise<void> {
  const list: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'));
  for (const { source, target } of LinksSchema.parse(list)) {
    const path = join(native, relative('native', target));
    await symlink(relative(dirname(target), source), path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}
