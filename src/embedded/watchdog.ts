import { spawn } from 'node:child_process';

/** Stops another process when this one is gone. */
export interface Watchdog {
  /** The process being watched over has ended by itself: the watchdog leaves without touching anything. */
  standDown(): void;
}

/**
 * Makes sure that `pid` does not outlive this process, even when this process is killed and can run no code of its own.
 *
 * A shell waits on a pipe whose other end only we hold. The kernel closes it when we die, however we die, and the shell
 * then sends the signals in order. It needs no PATH: `read` and `kill` are built into every POSIX shell.
 */
export function startWatchdog(pid: number, signals: readonly NodeJS.Signals[]): Watchdog {
  const kills = signals.map((signal) => `kill -s ${signal.replace(/^SIG/, '')} ${pid}`).join('; ');
  const shell = spawn('/bin/sh', ['-c', `read -r _ || { ${kills}; }`], {
    cwd: '/',
    // Its own session: Ctrl-C in the terminal, or a kill of our whole process group, must not take the watchdog first.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => undefined); // Without a shell there is no watchdog; a stale server is then found at the next start.
  shell.stdin.on('error', () => undefined);
  shell.unref();
  return { standDown: () => shell.stdin.end('\n') };
}
