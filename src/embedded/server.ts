import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../start-error.js';
import type { Account } from './account.js';
import type { PostgresBinaries } from './binaries.js';
import { type Cluster, DATABASE_USER, inDirectory } from './cluster.js';
import { clearStaleServer, readPidFile, stopServer } from './pid-file.js';
import { startWatchdog } from './watchdog.js';

/** A running PostgreSQL server, reachable on loopback by password only. */
export interface PostgresServer {
  /** Connection URL of its first database, password included: never print it. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Stops the server; resolves when it is gone. May be called twice. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly cluster: Cluster;
  readonly binaries: PostgresBinaries;
  readonly account: Account | undefined;
  /** Where the server's own messages go; emptied at every start. */
  readonly logFile: string;
  /** `postgresql.conf` settings beyond our own, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What the server gets when this process dies without stopping it. Default: SIGINT, an orderly stop. */
  readonly signalsOnOurDeath?: readonly NodeJS.Signals[];
}

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  // No socket file: it would need a folder both accounts may enter, and leave a name behind.
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
};
/** Crash recovery of a large database takes its time; a server that is only slow is not given up on early. */
const START_TIMEOUT_MS = 60_000;
const POLL_INTERVAL_MS = 10;
/** Between finding a free port and the server taking it, another process may come first. */
const PORT_ATTEMPTS = 3;

/**
 * Starts a server over a cluster, on a free port, and waits until it takes connections.
 *
 * @throws StartError `embedded_failed` when it does not, with the server's last words.
 */
export async function startServer(options: ServerOptions): Promise<PostgresServer> {
  await clearStaleServer(options.cluster.dataDirectory);
  for (let attempt = 1; ; attempt += 1) {
    const started = await tryStart(options, await freePort());
    if (started.ok) return started.server;
    const portWasTaken = started.reason.includes('could not create any TCP/IP sockets');
    if (!portWasTaken || attempt === PORT_ATTEMPTS) {
      throw new StartError(
        'embedded_failed',
        `The embedded PostgreSQL did not start: ${started.reason} (log: ${options.logFile})`,
      );
    }
  }
}

type Attempt =
  | { readonly ok: true; readonly server: PostgresServer }
  | { readonly ok: false; readonly reason: string };

async function tryStart(options: ServerOptions, port: number): Promise<Attempt> {
  const { cluster } = options;
  const { child, ended } = await launch(options, port);
  const { pid } = child;
  if (pid === undefined) return { ok: false, reason: 'the program could not be run' };
  const watchdog = startWatchdog(pid, options.signalsOnOurDeath ?? ['SIGINT']);
  void ended.then(() => watchdog.standDown());

  if (!(await becomesReady(child, cluster.dataDirectory))) {
    await stopServer(pid);
    return { ok: false, reason: await lastWords(options.logFile) };
  }
  // Over loopback, without TLS, whatever a PGSSLMODE of the caller asks for.
  const url = `postgresql://${DATABASE_USER}:${cluster.password}@127.0.0.1:${port}/postgres?sslmode=disable`;
  const stop = async () => {
    await stopServer(pid);
    await ended;
  };
  return { ok: true, server: { url, port, pid, ended, stop } };
}

async function launch(options: ServerOptions, port: number) {
  const { argument, spawn: where } = inDirectory(options.cluster.dataDirectory, options.account);
  const settings = { ...SETTINGS, ...options.settings, port: String(port) };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // A file, not a pipe to us: the server outlives us for a moment when we are killed, and still has things to say.
  const log = await open(options.logFile, 'w', 0o600);
  try {
    const child = spawn(options.binaries.postgres, ['-D', argument, ...flags], {
      ...where,
      // Its own session: Ctrl-C goes to us, and we stop the server last, after the requests in flight.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve()); // The program could not be run at all.
    });
    return { child, ended };
  } finally {
    await log.close();
  }
}

async function becomesReady(child: ChildProcess, dataDirectory: string): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const file = await readPidFile(dataDirectory);
    if (file?.pid === child.pid && file?.ready) return true;
    await delay(POLL_INTERVAL_MS);
  }
  return false;
}

async function lastWords(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trim().split('\n');
  const fatal = lines.findLast((line) => /\b(FATAL|PANIC|ERROR):/.test(line)) ?? lines.at(-1) ?? '';
  return fatal.replace(/^.*?\b(FATAL|PANIC|ERROR):\s*/, '') || 'it ended without a word';
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}
