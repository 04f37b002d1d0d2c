import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { startWatchdog } from '../../src/embedded/watchdog.js';
import { endWithRunner, familyOf, type SeenProcess, sendSignal, stillRunning } from './processes.js';

/** The service as a process of its own. */
export interface ServiceProcess {
  readonly pid: number;
  /** Resolves when it answers, with its address; rejects with what it said when it ends before. */
  readonly ready: Promise<string>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** All it printed so far. */
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** It and everything it has started. */
  family(): Promise<readonly SeenProcess[]>;
}

export interface ServiceOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Start it as another account; only root can. */
  readonly uid?: number;
  /** Permissions taken from every file it makes, as the shell's `umask`. Default 022. */
  readonly umask?: string;
  /** The command instead of `node dist/main.js`, run in `folder`. */
  readonly command?: string;
  /** What it prints when it answers; the match is the address. Default: the line with its documentation. */
  readonly readyWhen?: RegExp;
}

/** The last line of the welcome text, or the line of the log. */
const DOCUMENTATION_LINE = /http:\/\/\S+:\d+(?=\/docs)/;

const LAST_WORDS_TIMEOUT_MS = 2_000;

const running = new Set<ServiceProcess>();

/** Kills every service a test has left running, and waits for what they had started. For `afterEach`. */
export async function killServices(): Promise<void> {
  for (const service of running) {
    const family = await service.family();
    service.kill('SIGKILL');
    await service.exited;
    for (const { pid } of await stillRunning(family)) sendSignal(pid, 'SIGKILL');
  }
}

/**
 * Starts the service with exactly this environment (no PATH, unless given) on a free port.
 * Killed when the test run is.
 */
export function startService(options: ServiceOptions): ServiceProcess {
  endWithRunner();
  const { folder, env, uid, umask = '022', readyWhen = DOCUMENTATION_LINE } = options;
  const command = options.command ?? `exec '${process.execPath}' dist/main.js`;
  const child = spawn('/bin/sh', ['-c', `umask ${umask}; ${command}`], {
    cwd: folder,
    env: { PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the service was not started');
  const watchdog = startWatchdog(pid, ['SIGKILL']);
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = once(child, 'exit').then(async () => {
    watchdog.standDown();
    // Its last words; they end when nobody holds the pipe any more, and a process left behind would hold it for ever.
    if (!child.stderr.closed) await Promise.race([once(child, 'close'), delay(LAST_WORDS_TIMEOUT_MS)]);
    return { code: child.exitCode, signal: child.signalCode };
  });
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const address = readyWhen.exec(stdout)?.[0];
      if (address !== undefined) resolve(address);
    });
    void exited.then(() => reject(new Error(`the service ended: ${stdout}${stderr}`)));
  });
  ready.catch(() => undefined); // A test that expects the end does not look at it.
  const service: ServiceProcess = {
    pid,
    ready,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    family: () => familyOf(pid),
  };
  running.add(service);
  void exited.then(() => running.delete(service));
  return service;
}
