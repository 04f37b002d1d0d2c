import { createServer } from 'node:http';
import type { Allowlist } from '@origin-allowlist/client';
import { corsDelegate } from '@origin-allowlist/client/cors-delegate';
import { allowRequest, verifyClient, verifyUpgrade } from '@origin-allowlist/client/upgrade';
import { Server } from 'socket.io';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { listenServer } from '../client/socket-server.js';
import type { Start } from './adapters.js';
import type { Traffic } from './traffic.js';

/** `ws`, by each of the two ways to have it check a handshake. */
export const WEB_SOCKETS = {
  'ws, verifyClient': async (allowlist, traffic) => {
    const server = createServer();
    const sockets = new WebSocketServer({ server, verifyClient: verifyClient(allowlist) });
    server.prependListener('upgrade', (request) => traffic.arrived(request));
    sockets.on('connection', (_socket, { headers }) => traffic.handled('socket', headers));
    return listenServer(server);
  },
  'ws, verifyUpgrade': async (allowlist, traffic) => {
    const server = createServer();
    const sockets = new WebSocketServer({ noServer: true });
    const check = verifyUpgrade(allowlist);
    server.on('upgrade', (request, socket, head) => {
      traffic.arrived(request);
      check(request, socket, () =>
        sockets.handleUpgrade(request, socket, head, () => traffic.handled('socket', request.headers)),
      );
    });
    return listenServer(server);
  },
} satisfies Record<string, Start>;

/** Socket.IO, whose polling is CORS and whose sockets are not. */
export const SOCKET_IO = {
  'Socket.IO': async (allowlist: Allowlist, traffic: Traffic) => {
    const server = createServer();
    const io = new Server(server, {
      cors: corsDelegate(allowlist),
      allowRequest: allowRequest(allowlist),
    });
    // A session is many requests: it is told of once, when it is opened or refused.
    io.engine.on('connection_error', ({ req }) => traffic.arrived(req));
    io.engine.on('connection', ({ request }) => {
      traffic.arrived(request);
      traffic.handled('session', request.headers);
    });
    const port = await listenServer(server);
    // Not `io.close()`, which would wait for the connections a browser opens ahead of requests it may never send.
    onTestFinished(() => void io.engine.close());
    return port;
  },
} satisfies Record<string, Start>;
