import { readFile } from 'node:fs/promises';

/** A system account a child process can be started as. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Debian's and Alpine's numbers for `nobody`, for images whose /etc/passwd lists nobody at all. */
const NOBODY: Account = { name: 'nobody', uid: 65534, gid: 65534 };

/**
 * The account the PostgreSQL server must run as, since it refuses to run as root.
 *
 * @returns `postgres` or else `nobody` when this process is root; `undefined` when it is not: then the server runs as we do.
 */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  // Read, not asked from `id` or `getent`: a container may have neither, and the PATH may be empty.
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return findAccount(passwd, 'postgres') ?? findAccount(passwd, 'nobody') ?? NOBODY;
}

function findAccount(passwd: string, name: string): Account | undefined {
  for (const line of passwd.split('\n')) {
    const [account, , uid, gid] = line.split(':');
    if (account === name && uid !== '0') return { name, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}
