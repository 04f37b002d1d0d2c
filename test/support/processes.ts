import { readdir, readFile } from 'node:fs/promises';

/** Process ids of the direct children of a process, from /proc. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const children: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    // The name in parentheses may hold spaces; after it come the state and the parent's id.
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    if (parent === String(pid)) children.push(Number(name));
  }
  return children;
}

/** Ends this vitest worker when the run is killed, so that the watchdogs of its servers see the pipe close at once. */
export function endWithRunner(): void {
  if (process.listeners('disconnect').includes(exitNow)) return;
  process.once('disconnect', exitNow);
}

function exitNow(): void {
  process.exit(1);
}
