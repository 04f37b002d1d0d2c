import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

/** Who a process is started as. */
export interface TestAccount {
  readonly name: string;
  /** Absent: whoever runs the tests. */
  readonly uid?: number;
}

const run = promisify(execFile);
const PROJECT = resolve(import.meta.dirname, '../..');
const NOBODY = { name: 'nobody', uid: 65534 };

/**
 * The accounts the service can be started as from here: ourselves, and an unprivileged one when we are root.
 * Without the latter where it cannot reach node or the project's packages, as in a checkout below root's home.
 */
export async function accountsToTest(): Promise<readonly TestAccount[]> {
  if (process.getuid?.() !== 0) return [{ name: 'an ordinary user' }];
  const probe = ['-c', 'cd "$1" && test -x "$2"', 'sh', PROJECT, process.execPath];
  const reachable = await run('/bin/sh', probe, { cwd: '/', uid: NOBODY.uid, gid: NOBODY.uid }).then(
    () => true,
    () => false,
  );
  return reachable ? [{ name: 'root' }, NOBODY] : [{ name: 'root' }];
}
