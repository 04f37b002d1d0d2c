import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PS_TIMEOUT_MS = 2_000;

/**
 * Whether a process with this id is running. A zombie is not: it holds no file and no port any more.
 */
export async function isRunning(pid: number): Promise<boolean> {
  return (await startMark(pid)) !== undefined;
}

/**
 * A text that stays the same for one process's life and differs for the next process that gets its id.
 *
 * @returns `undefined` when no such process is running.
 */
export async function startMark(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return startMarkByPs(pid);
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // proc(5): the name (field 2) may hold spaces and parentheses, so count from the last ')'. State is field 3, start time 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** The folder a process works in, or `undefined` when there is no such process or the system does not tell. */
export async function workingDirectory(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${pid}/cwd`).catch(() => undefined);
}

/** The command line of a process, joined by spaces; empty when there is no such process. */
export async function commandLine(pid: number): Promise<string> {
  if (process.platform !== 'linux') return ps(pid, 'command=');
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.split('\0').join(' ').trim();
}

async function startMarkByPs(pid: number): Promise<string | undefined> {
  const [state, ...started] = (await ps(pid, 'stat=,lstart=')).split(/\s+/);
  return state === undefined || state === '' || state.startsWith('Z') ? undefined : started.join(' ');
}

async function ps(pid: number, columns: string): Promise<string> {
  const result = await run('/bin/ps', ['-p', String(pid), '-o', columns], { timeout: PS_TIMEOUT_MS }).catch(
    () => undefined,
  );
  return result?.stdout.trim() ?? '';
}
