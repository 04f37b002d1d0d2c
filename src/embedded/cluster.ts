import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { StartError } from '../start-error.js';
import type { Account } from './account.js';
import type { PostgresBinaries } from './binaries.js';
import { startWatchdog } from './watchdog.js';

/** A PostgreSQL data directory and the password of its one user. */
export interface Cluster {
  readonly dataDirectory: string;
  readonly password: string;
}

export interface ClusterOptions {
  /** The folder to hold the cluster: `data/` and `password`. Made on first use; its parent must exist. */
  readonly home: string;
  readonly binaries: PostgresBinaries;
  readonly account: Account | undefined;
  /** Whether initdb waits until the files are on the disk. Tests do without. */
  readonly sync: boolean;
}

export const DATABASE_USER = 'postgres';

const run = promisify(execFile);
const INITDB_TIMEOUT_MS = 60_000;
const PASSWORD_BYTES = 32;

/**
 * Opens the cluster in `home`, or makes it. A first start that is cut short leaves nothing that looks like a cluster.
 *
 * @throws StartError `data_dir_unusable` when the files cannot be read or written; `embedded_failed` when initdb fails.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { home } = options;
  const existing = await readCluster(home);
  if (existing !== undefined) return existing;
  await removeUnfinished(home);
  const stage = await mkdtemp(`${home}.new-`);
  try {
    await initialise(stage, options);
    await rename(stage, home);
  } catch (cause) {
    await rm(stage, { recursive: true, force: true });
    throw cause;
  }
  return { dataDirectory: join(home, 'data'), password: await readPassword(home) };
}

/**
 * How a PostgreSQL program is told its data directory, and started in it.
 *
 * On Linux another account gets `/proc/self/cwd` in place of the path: root enters the directory, the account only has to
 * own it. So a checkout below a folder only root may enter (root's home is 0700) keeps its data where it stands.
 */
export function inDirectory(dataDirectory: string, account: Account | undefined) {
  const byCwd = account !== undefined && process.platform === 'linux';
  return {
    argument: byCwd ? '/proc/self/cwd' : dataDirectory,
    spawn: {
      cwd: dataDirectory,
      // Nothing of ours: PGDATA, PGPORT or a locale of the caller would change what the server does.
      env: { LC_ALL: 'C' },
      ...account,
    },
  };
}

async function readCluster(home: string): Promise<Cluster | undefined> {
  const present = await stat(home).catch(() => undefined);
  if (present === undefined) return undefined;
  return { dataDirectory: join(home, 'data'), password: await readPassword(home) };
}

async function readPassword(home: string): Promise<string> {
  const path = join(home, 'password');
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new StartError(
      'data_dir_unusable',
      `Cannot read ${path}: start as the user that made it, or set another DATA_DIR.`,
      { cause },
    );
  });
}

/** What a killed first start left. Its owner holds the lock of the data directory no more, or we would not be here. */
async function removeUnfinished(home: string): Promise<void> {
  const parent = dirname(home);
  for (const name of await readdir(parent)) {
    if (name.startsWith(`${basename(home)}.new-`))
      await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function initialise(stage: string, options: ClusterOptions): Promise<void> {
  const { binaries, account, sync } = options;
  const data = join(stage, 'data');
  const password = join(stage, 'password');
  await mkdir(data, { mode: 0o700 });
  await writeFile(password, randomBytes(PASSWORD_BYTES).toString('base64url'), { mode: 0o600 });
  // Explicit modes: whatever the umask, and the account must be able to read its own files.
  await chmod(data, 0o700);
  await chmod(password, 0o600);
  if (account) for (const path of [stage, data, password]) await chown(path, account.uid, account.gid);

  const { argument, spawn } = inDirectory(data, account);
  const flags = [
    `--username=${DATABASE_USER}`,
    '--pwfile=../password',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--auth-local=reject',
    '--auth-host=scram-sha-256',
    ...(sync ? [] : ['--no-sync']),
  ];
  const running = run(binaries.initdb, ['-D', argument, ...flags], { ...spawn, timeout: INITDB_TIMEOUT_MS });
  // It goes on for a second when we are killed; on SIGTERM it stops and clears up.
  const watchdog =
    running.child.pid === undefined ? undefined : startWatchdog(running.child.pid, ['SIGTERM']);
  try {
    await running;
  } catch (cause) {
    throw new StartError('embedded_failed', `initdb failed: ${lastLine(cause)}`, { cause });
  } finally {
    watchdog?.standDown();
  }
}

function lastLine(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return (stderr || String(error)).split('\n').at(-1) ?? '';
}
