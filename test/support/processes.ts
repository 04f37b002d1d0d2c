import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startMark } from '../../src/embedded/process-state.js';

/** A process as it was when it was looked at: its id alone may go to another one later. */
export interface SeenProcess {
  readonly pid: number;
  readonly mark: string;
}

const run = promisify(execFile);
const GONE_TIMEOUT_MS = 10_000;
const POLL_INTERVAL_MS = 20;

/** Process ids of the direct children of a process. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const all = process.platform === 'linux' ? await listFromProc() : await listFromPs();
  return all.filter((entry) => entry.parent === pid).map((entry) => entry.pid);
}

/** A process with everything it has started, at every depth. */
export async function familyOf(pid: number): Promise<readonly SeenProcess[]> {
  const mark = await startMark(pid);
  if (mark === undefined) return [];
  const families = await Promise.all((await childrenOf(pid)).map(familyOf));
  return [{ pid, mark }, ...families.flat()];
}

/** Waits until none of the processes runs any more; names those that still do at the deadline. */
export async function stillRunning(processes: readonly SeenProcess[]): Promise<readonly SeenProcess[]> {
  const deadline = Date.now() + GONE_TIMEOUT_MS;
  for (;;) {
    const marks = await Promise.all(processes.map(({ pid }) => startMark(pid)));
    const left = processes.filter(({ mark }, index) => marks[index] === mark);
    if (left.length === 0 || Date.now() > deadline) return left;
    await delay(POLL_INTERVAL_MS);
  }
}

/** Sends a signal; to a process that is gone already, nothing. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Ends this vitest worker when the run is killed, so that the watchdogs of its servers see their pipe close at once. */
export function endWithRunner(): void {
  if (!process.listeners('disconnect').includes(exitNow)) process.once('disconnect', exitNow);
}

function exitNow(): void {
  process.exit(1);
}

async function listFromProc() {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      // The program's name in parentheses may hold spaces; after it come the state and the parent's id.
      return { pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) };
    }),
  );
}

async function listFromPs() {
  const { stdout } = await run('/bin/ps', ['-A', '-o', 'pid=,ppid=']);
  return stdout.split('\n').map((line) => {
    const [pid, parent] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent) };
  });
}
