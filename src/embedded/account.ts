import { readFile, stat } from 'node:fs/promises';

/** A system account a child process can be started as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Debian's and Alpine's numbers for `nobody`, for images whose /etc/passwd lists no such account. */
const NOBODY: Account = { uid: 65534, gid: 65534 };

/**
 * The account the PostgreSQL server must run as, since it refuses to run as root.
 *
 * @param home the folder of the cluster: one that exists already keeps its owner.
 * @returns `undefined` when this process is not root: then the server runs as we do. Else the owner of `home`, or the
 * account `postgres`, or `nobody`.
 */
export async function serverAccount(home: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await stat(home).catch(() => undefined);
  if (existing !== undefined && existing.uid !== 0) return { uid: existing.uid, gid: existing.gid };
  // Read, not asked from `id` or `getent`: a container may have neither, and the PATH may be empty.
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return findAccount(passwd, 'postgres') ?? findAccount(passwd, 'nobody') ?? NOBODY;
}

function findAccount(passwd: string, name: string): Account | undefined {
  for (const line of passwd.split('\n')) {
    const [account, , uid, gid] = line.split(':');
    if (account === name && uid !== '0') return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}
