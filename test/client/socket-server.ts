import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type ServerOptions } from 'socket.io';
import { onTestFinished } from 'vitest';

/** Serves on a free port of the loopback until the test ends, whatever has been upgraded. @returns the port. */
export async function listenServer(server: HttpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return portOf(server.address());
}

/** A Socket.IO server that greets whoever connects. @returns the port. */
export async function listenSocketIo(options: Partial<ServerOptions>): Promise<number> {
  const server = createServer();
  const io = new Server(server, { serveClient: false, ...options });
  io.on('connection', (socket) => socket.emit('greeting', 'ok'));
  const port = await listenServer(server);
  onTestFinished(() => io.close());
  return port;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}
