import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../start-error.js';
import { startMark } from './process-state.js';

/** The data directory while this process owns it. */
export interface DataDirectory {
  readonly path: string;
  /** Gives it up; call it when nothing of ours uses it any more. */
  release(): Promise<void>;
}

/** Far longer than from reading a lock to replacing it. */
const SETTLE_MS = 50;

/**
 * Makes the data directory if need be and claims it for this process.
 *
 * The claim is a file with our process id and start time, so that a file left by a killed process, whose id another
 * process may have by now, is not taken for a running service. PostgreSQL's own lock stands behind it.
 *
 * @throws StartError `data_dir_in_use` when another service runs on it; `data_dir_unusable` when it cannot be written.
 */
export async function claimDataDirectory(path: string): Promise<DataDirectory> {
  const lock = join(path, 'service.pid');
  try {
    const created = await mkdir(path, { recursive: true, mode: 0o700 });
    if (created !== undefined) await chmod(path, 0o700);
    await takeLock(path, lock);
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError('data_dir_unusable', `Cannot use ${path} (${reason}): set another DATA_DIR.`, {
      cause,
    });
  }
  return { path, release: () => rm(lock, { force: true }) };
}

async function takeLock(path: string, lock: string): Promise<void> {
  const ours = `${process.pid}\n${await startMark(process.pid)}\n`;
  const draft = `${lock}.${process.pid}`;
  const found = await readLock(lock);
  await refuseIfOwned(path, found);
  await writeFile(draft, ours, { mode: 0o600 });
  try {
    // Two starts may get this far at once. A link is there whole or not at all, and only one of them makes it; over a
    // dead service's lock the last rename wins, and whoever finds another's lock after a moment has lost.
    const linked = found === undefined && (await tryLink(draft, lock));
    if (!linked) {
      await rename(draft, lock);
      await delay(SETTLE_MS);
    }
    const settled = await readLock(lock);
    if (settled !== ours) await refuseIfOwned(path, settled);
  } finally {
    await rm(draft, { force: true });
  }
}

/** @returns false only where the file system has no links, and a rename must do. */
async function tryLink(draft: string, lock: string): Promise<boolean> {
  return link(draft, lock).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'EEXIST',
  );
}

async function readLock(lock: string): Promise<string | undefined> {
  return readFile(lock, 'utf8').catch(() => undefined);
}

async function refuseIfOwned(path: string, lock: string | undefined): Promise<void> {
  const [pid, mark] = lock?.split('\n') ?? [];
  const running = await startMark(Number(pid));
  if (running === undefined || running !== mark) return;
  throw new StartError(
    'data_dir_in_use',
    `${path} is in use by process ${pid}: stop that one first, or set another DATA_DIR (and PORT) for this one.`,
  );
}
