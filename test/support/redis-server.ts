import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startWatchdog } from '../../src/embedded/watchdog.js';
import { freePort } from './free-port.js';
import { endWithRunner } from './processes.js';

/** A Redis server of one test's own, which it may stall or kill. */
export interface PrivateRedis {
  readonly url: string;
  readonly port: number;
  /** Freezes the server (SIGSTOP): connections stay open, nothing answers. */
  stall(): void;
  resume(): void;
  /** Kills the server outright and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty, on the same port, after `kill`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 10_000;

/** The `redis-server` on the PATH, or `undefined`. */
export async function findRedisServer(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'redis-server');
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** Starts `redis-server` on a free loopback port, without persistence. Stop it in the same test file. */
export async function startRedis(flags: readonly string[] = []): Promise<PrivateRedis> {
  endWithRunner();
  const program = await findRedisServer();
  if (program === undefined) throw new Error('no redis-server on the PATH');
  const folder = await mkdtemp(join(tmpdir(), 'oa-test-redis-'));
  const port = await freePort();
  const start = () => launch(program, ['--port', String(port), '--dir', folder, ...flags]);
  let server = await start();
  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    stall: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    kill,
    restart: async () => {
      server = await start();
    },
    stop: async () => {
      await kill(); // Nothing in it is worth an orderly stop.
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(program: string, flags: readonly string[]): Promise<ChildProcess> {
  const bind = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  const server = spawn(program, [...bind, ...flags], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(server, 'spawn');
  const { pid, stdout } = server;
  if (pid === undefined) throw new Error(`${program} has no process id`);
  const watchdog = startWatchdog(pid, ['SIGKILL']);
  server.once('exit', () => watchdog.standDown());
  await untilReady(stdout);
  stdout.resume();
  return server;
}

async function untilReady(output: NodeJS.ReadableStream): Promise<void> {
  let said = '';
  const deadline = AbortSignal.timeout(START_TIMEOUT_MS);
  output.setEncoding('utf8');
  await new Promise<void>((resolve, reject) => {
    const fail = () => reject(new Error(`redis-server did not start: ${said.trim().split('\n').at(-1)}`));
    deadline.addEventListener('abort', fail, { once: true });
    output.on('end', fail);
    output.on('data', (text: string) => {
      said += text;
      if (said.includes('Ready to accept connections')) resolve();
    });
  });
}
