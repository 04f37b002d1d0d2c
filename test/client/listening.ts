import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';

/** More than any header of a test. */
export const MAX_HEADER_BYTES = 65_536;

/** Serves the handler on a free port of the loopback until the test ends. @returns the port. */
export async function listen(handler: RequestListener): Promise<number> {
  const server: Server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return portOf(server.address());
}

/** The same for a Fastify app. */
export async function listenFastify(app: FastifyInstance): Promise<number> {
  onTestFinished(() => app.close());
  await app.listen({ port: 0, host: '127.0.0.1' });
  return portOf(app.server.address());
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}
