import { join } from 'node:path';
import { serverAccount } from './account.js';
import { findBinaries } from './binaries.js';
import { openCluster } from './cluster.js';
import { claimDataDirectory } from './data-directory.js';
import { type PostgresServer, startServer } from './server.js';

/** A PostgreSQL of our own, running for as long as this process does. */
export interface EmbeddedPostgres {
  /** Connection URL, password included: never print it. */
  readonly url: string;
  /** Where the server writes what goes wrong. */
  readonly logFile: string;
  /** Resolves when the server has ended, asked to or not. */
  readonly ended: Promise<void>;
  /** Stops the server and gives the data directory up. */
  close(): Promise<void>;
}

/**
 * Opens the database in `dataDir`, making it on first use (about a second; 50 ms from then on).
 *
 * @throws StartError with what to do: no package, no way to run it here, a data directory in use or out of reach.
 */
export async function openEmbeddedPostgres(dataDir: string): Promise<EmbeddedPostgres> {
  const directory = await claimDataDirectory(dataDir);
  try {
    const logFile = join(dataDir, 'postgres.log');
    const server = await startIn(dataDir, logFile);
    const close = async () => {
      await server.stop();
      await directory.release();
    };
    return { url: server.url, logFile, ended: server.ended, close };
  } catch (error) {
    await directory.release();
    throw error;
  }
}

async function startIn(dataDir: string, logFile: string): Promise<PostgresServer> {
  const home = join(dataDir, 'postgres');
  const account = await serverAccount(home);
  const binaries = await findBinaries(account);
  const cluster = await openCluster({ home, binaries, account, sync: true });
  return startServer({ cluster, binaries, account, logFile });
}
