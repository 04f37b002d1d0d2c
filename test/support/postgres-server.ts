import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverAccount } from '../../src/embedded/account.js';
import { findBinaries } from '../../src/embedded/binaries.js';
import { openCluster } from '../../src/embedded/cluster.js';
import { startServer } from '../../src/embedded/server.js';
import { childrenOf, endWithRunner, sendSignal } from './processes.js';

/** A PostgreSQL server of one test's own, which it may stall or kill. */
export interface PrivatePostgres {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Freezes the server with all its backends (SIGSTOP): connections stay open, nothing answers. */
  stall(): Promise<void>;
  resume(): Promise<void>;
  /** Kills the server outright and waits until it is gone; `restart` brings it back on another port. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Durability is not under test here; speed is what lets every test file have a database of its own. */
const FAST = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_connections: '300',
  shared_buffers: '64MB',
};

/** Starts a server from the embedded binaries in a temporary folder (about a second). Stop it in the same test file. */
export async function startPostgres(): Promise<PrivatePostgres> {
  endWithRunner();
  const folder = await mkdtemp(join(tmpdir(), 'oa-test-postgres-'));
  const home = join(folder, 'postgres');
  const account = await serverAccount(home);
  const binaries = await findBinaries(account);
  const cluster = await openCluster({ home, binaries, account, sync: false });
  const server = await startServer({
    cluster,
    binaries,
    account,
    logFile: join(folder, 'postgres.log'),
    settings: FAST,
    // A test run that is killed may leave the server stalled: a stopped process takes no signal until it is continued.
    signalsOnOurDeath: ['SIGCONT', 'SIGQUIT'],
  });
  const signalAll = async (signal: NodeJS.Signals) => {
    for (const pid of [server.pid, ...(await childrenOf(server.pid))]) sendSignal(pid, signal);
  };
  let alive = true;
  void server.ended.then(() => {
    alive = false;
  });
  return {
    url: server.url,
    port: server.port,
    pid: server.pid,
    stall: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    kill: async () => {
      if (alive) await signalAll('SIGKILL');
      await server.ended;
    },
    stop: async () => {
      if (alive) await signalAll('SIGCONT');
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
