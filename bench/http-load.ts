/** The load generator of `bench http`, a process of its own. Each message is one run; the answer says what came of it. */
import { createConnection, type Socket } from 'node:net';

/** One run of load. */
export interface Load {
  readonly port: number;
  /** The Origin header; absent for a request without one. */
  readonly origin?: string;
  readonly connections: number;
  readonly durationMs: number;
}

/** What came of it. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  /** Share of one core that the generator took: near 1 it is the generator that was measured. */
  readonly generatorCpu: number;
  /** The head of the first answer. */
  readonly head: string;
}

process.on('message', (message) => {
  const load = readLoad(message);
  run(load).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());

/** Keeps every connection busy with one request at a time, and counts whole answers. */
async function run({ port, origin, connections, durationMs }: Load): Promise<LoadResult> {
  const request = Buffer.from(
    `GET /v1/items HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${origin === undefined ? '' : `Origin: ${origin}\r\n`}\r\n`,
  );
  const sockets = await Promise.all(Array.from({ length: connections }, () => connect(port)));
  let answers = 0;
  let head = '';
  let failure: Error | undefined;
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  for (const socket of sockets) {
    const read = answerReader((text) => {
      answers += 1;
      head ||= text;
      socket.write(request);
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        read(chunk);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
      }
    });
    socket.write(request);
  }
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const elapsedMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  for (const socket of sockets) socket.destroy();
  if (failure !== undefined) throw failure;
  return {
    requestsPerSecond: (answers / elapsedMs) * 1000,
    generatorCpu: (user + system) / 1000 / elapsedMs,
    head,
  };
}

/**
 * Tells whole answers apart. As all of a run are of one length, a chunk of that length is one: whatever else comes is read by its
 * Content-Length.
 */
function answerReader(onAnswer: (head: string) => void): (chunk: Buffer) => void {
  let length = 0;
  let pending = Buffer.alloc(0);
  return (chunk) => {
    if (pending.length === 0 && chunk.length === length && chunk.subarray(0, OK.length).equals(OK)) {
      onAnswer('');
      return;
    }
    pending = Buffer.concat([pending, chunk]);
    const end = pending.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = pending.toString('latin1', 0, end);
    const body = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (!head.startsWith('HTTP/1.1 200') || body === undefined) throw new Error(`Unexpected answer: ${head}`);
    length = end + 4 + Number(body);
    if (pending.length < length) return;
    if (pending.length > length) throw new Error('An answer that nobody asked for.');
    pending = Buffer.alloc(0);
    onAnswer(head);
  };
}

const OK = Buffer.from('HTTP/1.1 200');

function connect(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function readLoad(message: unknown): Load {
  if (
    typeof message === 'object' &&
    message !== null &&
    'port' in message &&
    typeof message.port === 'number' &&
    'connections' in message &&
    typeof message.connections === 'number' &&
    'durationMs' in message &&
    typeof message.durationMs === 'number'
  ) {
    const { port, connections, durationMs } = message;
    const origin =
      'origin' in message && typeof message.origin === 'string' ? { origin: message.origin } : {};
    return { port, connections, durationMs, ...origin };
  }
  throw new TypeError('Not a load.');
}
