import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandLine, isRunning, workingDirectory } from './process-state.js';

/** What `postmaster.pid` says: PostgreSQL's own lock on a data directory. */
export interface PidFile {
  readonly pid: number;
  /** Whether the server takes connections. */
  readonly ready: boolean;
}

const POLL_INTERVAL_MS = 10;
/** SIGINT: roll back and close; SIGQUIT: drop everything, recover at the next start; SIGKILL: when it cannot answer. */
const STOP_STEPS = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 6_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

/** Reads `postmaster.pid` of a data directory; `undefined` when there is none, or it is being written. */
export async function readPidFile(dataDirectory: string): Promise<PidFile | undefined> {
  const text = await readFile(pidFilePath(dataDirectory), 'utf8').catch(() => '');
  // Line 1 is the process id, line 8 the status (PostgreSQL, src/include/utils/pidfile.h).
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 1 ? { pid, ready: lines[7]?.trim() === 'ready' } : undefined;
}

/**
 * Clears the way for a new server: stops one whose owner is gone, and removes the pid file of one that is dead.
 *
 * Call it only while holding the lock of the data directory; a running server then has no owner. PostgreSQL itself would
 * refuse to start beside an orphan, and also when an unrelated process has been given the old server's id.
 */
export async function clearStaleServer(dataDirectory: string): Promise<void> {
  const stale = await readPidFile(dataDirectory);
  if (stale !== undefined && (await isServerOf(stale.pid, dataDirectory))) await stopServer(stale.pid);
  await rm(pidFilePath(dataDirectory), { force: true });
}

/** Stops a PostgreSQL server by its process id, gently first. Resolves when the process is gone. */
export async function stopServer(pid: number): Promise<void> {
  for (const { signal, waitMs } of STOP_STEPS) {
    if (!sendSignal(pid, signal)) return;
    if (await endsWithin(pid, waitMs)) return;
  }
}

async function isServerOf(pid: number, dataDirectory: string): Promise<boolean> {
  if (!(await isRunning(pid))) return false;
  const command = await commandLine(pid);
  if (!command.includes('postgres')) return false;
  const path = await realpath(dataDirectory);
  // A server stays in its data directory; where the system does not tell that, its command line names it.
  return (await workingDirectory(pid)) === path || command.includes(path) || command.includes(dataDirectory);
}

async function endsWithin(pid: number, waitMs: number): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  while (Date.now() < deadline) {
    if (!(await isRunning(pid))) return true;
    await delay(POLL_INTERVAL_MS);
  }
  return false;
}

function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

function pidFilePath(dataDirectory: string): string {
  return join(dataDirectory, 'postmaster.pid');
}
