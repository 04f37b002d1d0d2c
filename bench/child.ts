import { type ChildProcess, fork, spawnSync } from 'node:child_process';

/** A process of this benchmark, which answers what it is asked, one question at a time. */
export interface Child {
  /** @throws when no answer comes in time, or the process ends. */
  ask(question: object | undefined, timeoutMs: number): Promise<object>;
  /** Ends it; resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a file of this folder. It ends with this process in any case: its channel closes.
 *
 * @param core that it keeps to where `taskset` is there: left to themselves, client and server often end up on the same one.
 *   `undefined` = any.
 */
export function startChild(file: string, core: number | undefined, args: readonly string[] = []): Child {
  const child = fork(new URL(file, import.meta.url), [...args], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  if (core !== undefined) {
    spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(child.pid)]);
  }
  return {
    ask: (question, timeoutMs) => {
      const answer = nextMessage(child, file, timeoutMs);
      if (question !== undefined) child.send(question);
      return answer;
    },
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

function nextMessage(child: ChildProcess, file: string, timeoutMs: number): Promise<object> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      end();
    };
    const onMessage = (message: unknown) =>
      settle(() =>
        typeof message === 'object' && message !== null && !('error' in message)
          ? resolve(message)
          : reject(new Error(`${file}: ${JSON.stringify(message)}`)),
      );
    const onExit = () => settle(() => reject(new Error(`${file} ended.`)));
    const timer = setTimeout(() => settle(() => reject(new Error(`${file} did not answer.`))), timeoutMs);
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

/** A number in an answer. */
export function numberIn(answer: object, name: string): number {
  const value: unknown = Reflect.get(answer, name);
  if (typeof value !== 'number') throw new TypeError(`No ${name} in ${JSON.stringify(answer)}`);
  return value;
}
