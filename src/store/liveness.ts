import { Client, type Pool } from 'pg';
import { type Connection, heardBytes } from './connection.js';

/** How long work runs before the server is asked at all, and between two questions. */
const ASK_EVERY_MS = 500;
/** A server that was asked hangs when so many looks find nothing new; with the pause before, that is noticed within two seconds. */
const SILENT_LOOKS = 10;
const LOOK_EVERY_MS = 100;
/** How long a connection, or an answer on it, may take while the server goes on talking. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Watches the server during work of many statements, and closes the connection they run on when the server falls silent. A statement
 * may take its time, but a server that answers nobody meanwhile has stopped: it is asked on a connection of its own, since those of the
 * pool may all be busy, which is no sign of anything. Between two statements it is asked on the connection itself. The server ends a
 * transaction that hears nothing from its node, and so it learns that this one is computing and not gone.
 *
 * @returns ends the watch.
 */
export function watchServer(pool: Pool, connection: Connection): () => void {
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
    if (connection.isIdle()) {
      await connection.query('SELECT 1');
      return;
    }
    if (client === undefined) {
      const limits = { connectionTimeoutMillis: ANSWER_TIMEOUT_MS, query_timeout: ANSWER_TIMEOUT_MS };
      client = new Client({ ...pool.options, ...limits });
      client.on('error', () => {});
      await client.connect();
    }
    await client.query('SELECT 1');
  }

  const heard = () => connection.heardBytes() + (client === undefined ? 0 : heardBytes(client));

  function askSoon(): void {
    timer = setTimeout(() => {
      unlessSilent(ask(), heard).then(
        () => {
          if (!isOver) askSoon();
          else stop();
        },
        () => {
          const wasOver = isOver;
          stop();
          if (!wasOver) connection.close();
        },
      );
    }, ASK_EVERY_MS);
    timer.unref();
  }

  askSoon();
  return stop;
}

/**
 * Waits for an answer as long as the server says anything. To connect takes a dozen steps, there and here, each of which waits for
 * its turn while this process or the machine is busy. Hence looks and not a time: between two of them what has arrived is read.
 */
async function unlessSilent(answer: Promise<void>, heard: () => number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    const listen = (before: number, silentLooks: number): void => {
      if (silentLooks === SILENT_LOOKS) reject(new Error('The server does not say anything.'));
      else timer = setTimeout(() => listen(heard(), heard() === before ? silentLooks + 1 : 0), LOOK_EVERY_MS);
    };
    listen(heard(), 0);
  });
  try {
    await Promise.race([answer, silence]);
  } finally {
    clearTimeout(timer);
  }
}
