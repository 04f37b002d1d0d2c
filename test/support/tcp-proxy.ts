import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on loopback between a client and a server, to make the network misbehave. */
export interface TcpProxy {
  readonly port: number;
  /** From now on nothing gets through either way: open connections stay open, new ones are accepted and hear nothing. */
  pause(): void;
  /** Lets everything through again, what was held back first. */
  resume(): void;
  /** Resets every open connection and refuses new ones, as a dead server does, until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** How many connections are open now. */
  connections(): number;
  close(): Promise<void>;
}

/** Starts a proxy to `target`, taken from a URL such as `redis://127.0.0.1:6379`. Point the client at `proxiedUrl`. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const pairs = new Set<readonly [Socket, Socket]>();
  let paused = false;

  const server = createServer({ pauseOnConnect: true }, (near) => {
    const far = connect({ host: hostname, port: Number(targetPort) });
    const pair = [near, far] as const;
    pairs.add(pair);
    join(near, far, () => pairs.delete(pair));
    if (!paused) flow(pair);
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const cut = async () => {
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    await closed;
  };

  await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  const { port } = address;
  return {
    port,
    pause: () => {
      paused = true;
      for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    resume: () => {
      paused = false;
      for (const pair of pairs) flow(pair);
    },
    cut,
    mend: () => listen(port),
    connections: () => pairs.size,
    close: cut,
  };
}

/** The same URL through the proxy: credentials, path and query stay. */
export function proxiedUrl(target: string, proxy: TcpProxy): string {
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  return url.href;
}

/** Written by hand, not with pipe(): pipe resumes its source by itself, and a paused proxy must stay paused. */
function join(near: Socket, far: Socket, gone: () => void): void {
  far.pause();
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.on('data', (bytes) => to.write(bytes));
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      to.destroy();
      gone();
    });
  }
}

function flow(pair: readonly [Socket, Socket]): void {
  for (const socket of pair) socket.resume();
}
