import { once } from 'node:events';
import { connect } from 'node:net';

/** A request the server has begun to read and cannot answer yet: one that closes in order waits for it. */
export interface HalfRequest {
  /** Sends the rest and gives the whole answer. */
  finish(): Promise<string>;
}

/** Sends a POST to `/v1/evaluate` without its body, and waits until the server has taken it. */
export async function openHalfRequest(address: string, key: string): Promise<HalfRequest> {
  const { hostname, port, host } = new URL(address);
  const socket = connect(Number(port), hostname).setEncoding('utf8');
  socket.on('error', () => undefined); // A server that is killed resets it.
  const head = [
    'POST /v1/evaluate HTTP/1.1',
    `host: ${host}`,
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    'content-length: 2',
    'expect: 100-continue',
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await once(socket, 'data'); // 100 Continue
  return {
    finish: async () => {
      socket.write('{}');
      const [answer] = await once(socket, 'data');
      return String(answer);
    },
  };
}
