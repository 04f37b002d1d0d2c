import { Client, type Pool } from 'pg';
import { inFairTime } from './fair-timeout.js';

/** How long work runs before the server is asked at all, and between two questions. */
const ASK_EVERY_MS = 500;
/** `SELECT 1` on a connection that does nothing else; with the pause before it, a server that hangs is noticed within two seconds. */
const ANSWER_TIMEOUT_MS = 1_000;

/**
 * Watches the server while one long statement after the other runs on another connection: that statement may take its time, but a
 * server that answers nobody has stopped. A connection of its own: those of the pool may all be busy, which is no sign of anything.
 *
 * @param onSilence is called once, when the server does not answer.
 * @returns ends the watch.
 */
export function watchServer(pool: Pool, onSilence: () => void): () => void {
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;

  function stop(): void {
    isOver = true;
    clearTimeout(timer);
    // A server that hangs does not answer the goodbye either.
    client?.end().catch(() => {});
  }

  async function ask(): Promise<void> {
    if (client === undefined) {
      client = new Client(pool.options);
      client.on('error', () => {});
      await client.connect();
    }
    await client.query('SELECT 1');
  }

  function askSoon(): void {
    timer = setTimeout(() => {
      inFairTime(ask(), ANSWER_TIMEOUT_MS).then(
        () => {
          if (!isOver) askSoon();
          else stop();
        },
        () => {
          const wasOver = isOver;
          stop();
          if (!wasOver) onSilence();
        },
      );
    }, ASK_EVERY_MS);
    timer.unref();
  }

  askSoon();
  return stop;
}
