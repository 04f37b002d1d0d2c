import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './log.js';

/** What has been opened so far, to be closed in the opposite order. */
export interface Closers {
  /** Remembers how to close something. A close that takes longer than `timeoutMs` is given up and told in the log. */
  add(name: string, timeoutMs: number, close: () => Promise<unknown>): void;
  /** Closes everything, last opened first; a failure does not keep the others open. Never throws. */
  closeAll(): Promise<void>;
}

export function createClosers(log: Logger): Closers {
  const open: {
    readonly name: string;
    readonly timeoutMs: number;
    readonly close: () => Promise<unknown>;
  }[] = [];
  return {
    add: (name, timeoutMs, close) => void open.push({ name, timeoutMs, close }),
    async closeAll() {
      for (let last = open.pop(); last !== undefined; last = open.pop()) {
        const { name, timeoutMs, close } = last;
        const late = delay(timeoutMs, `no end within ${timeoutMs} ms`, { ref: false });
        const problem = await Promise.race([close().then(() => undefined), late]).catch(
          (error: unknown) => error,
        );
        if (problem !== undefined) log.error({ err: problem }, `closing the ${name} failed`);
      }
    },
  };
}
