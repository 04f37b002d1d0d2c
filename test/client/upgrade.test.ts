import { createServer, type Server as HttpServer } from 'node:http';
import { connect } from 'node:net';
import type { Allowlist } from '@origin-allowlist/client';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import {
  allowRequest,
  OptionsError,
  type UpgradeOptions,
  verifyClient,
  verifyUpgrade,
} from '@origin-allowlist/client/upgrade';
import { io } from 'socket.io-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createLoadedAllowlist, createUnloadedAllowlist, type List } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';
import { eventually } from './setup.js';
import { listenServer, listenSocketIo } from './socket-server.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';
const LIST: List = { entries: [{ pattern: ORIGIN }] };
const FORBIDDEN = 'Unexpected server response: 403';

type Serve = (allowlist: Allowlist, options?: UpgradeOptions) => Promise<number>;

function listenWebSockets(server: HttpServer, sockets: WebSocketServer): Promise<number> {
  sockets.on('connection', (socket) => socket.send('hello'));
  return listenServer(server);
}

/** Each greets whoever it lets in. @returns the port. */
const servers: Readonly<Record<string, Serve>> = {
  'ws with verifyClient': (allowlist, options) => {
    const server = createServer();
    return listenWebSockets(
      server,
      new WebSocketServer({ server, verifyClient: verifyClient(allowlist, options) }),
    );
  },
  'ws without a server': (allowlist, options) => {
    const server = createServer();
    const sockets = new WebSocketServer({ noServer: true });
    const check = verifyUpgrade(allowlist, options);
    server.on('upgrade', (request, socket, head) => {
      check(request, socket, () =>
        sockets.handleUpgrade(request, socket, head, (webSocket) => {
          sockets.emit('connection', webSocket, request);
        }),
      );
    });
    return listenWebSockets(server, sockets);
  },
};

/** Opens a socket as a page of `origin` does. @returns what it is told: a greeting, or why there is none. */
function greet(
  port: number,
  origin: string | undefined,
  headers: Readonly<Record<string, string>> = {},
  path = '/',
): Promise<string> {
  return new Promise((resolve) => {
    const options = { headers, ...(origin !== undefined && { origin }) };
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
    socket.on('message', (data: Buffer) => {
      resolve(data.toString());
      socket.close();
    });
    socket.on('error', ({ message }) => resolve(message));
  });
}

describe.each(Object.entries(servers))('given %s', (_name, serve) => {
  it('opens sockets for pages of listed origins, and answers 403 to others', async () => {
    const port = await serve(await createLoadedAllowlist(LIST));
    expect(await greet(port, ORIGIN)).toBe('hello');
    expect(await greet(port, EVIL)).toBe(FORBIDDEN);
    expect(await greet(port, 'null')).toBe(FORBIDDEN);
  });

  it('opens them for clients that send no Origin, unless one is required', async () => {
    const allowlist = await createLoadedAllowlist(LIST);
    expect(await greet(await serve(allowlist), undefined)).toBe('hello');
    const strict = await serve(allowlist, { requireOrigin: true });
    expect(await greet(strict, undefined)).toBe(FORBIDDEN);
    expect(await greet(strict, ORIGIN)).toBe('hello');
    expect(await greet(strict, undefined, { 'sec-fetch-site': 'same-origin' })).toBe('hello');
  });

  it('opens them for pages of its own, which no list holds', async () => {
    const publicOrigins = ['https://www.example.com'];
    const port = await serve(await createLoadedAllowlist(LIST, { publicOrigins }));
    expect(await greet(port, `http://127.0.0.1:${port}`)).toBe('hello');
    expect(await greet(port, 'https://www.example.com')).toBe('hello');
    expect(await greet(port, 'null', { 'sec-fetch-site': 'same-origin' })).toBe('hello');
    expect(await greet(port, `https://127.0.0.1:${port}`)).toBe(FORBIDDEN);
    expect(await greet(port, 'http://127.0.0.1')).toBe(FORBIDDEN);
  });

  it('opens none by * or null, which say nothing of cookies, unless it heeds none', async () => {
    const allowlist = await createLoadedAllowlist({ entries: [{ pattern: '*' }, { pattern: 'null' }] });
    const port = await serve(allowlist);
    const open = await serve(allowlist, { credentials: false });
    for (const origin of [EVIL, 'null']) {
      expect(await greet(port, origin)).toBe(FORBIDDEN);
      expect(await greet(open, origin)).toBe('hello');
    }
  });

  it('goes by the policy of the path, or of its own routes', async () => {
    const list: List = {
      entries: [{ pattern: ORIGIN, policies: ['live'] }],
      policies: [DEFAULT_POLICY, { ...DEFAULT_POLICY, name: 'live', paths: ['/live'] }],
    };
    const allowlist = await createLoadedAllowlist(list);
    const port = await serve(allowlist);
    expect(await greet(port, ORIGIN, {}, '/live?room=1')).toBe('hello');
    expect(await greet(port, ORIGIN, {}, '/')).toBe(FORBIDDEN);
    expect(await greet(port, ORIGIN, {}, '/LIVE')).toBe(FORBIDDEN);
    const routed = await serve(allowlist, { routes: { '/chat': 'live' } });
    expect(await greet(routed, ORIGIN, {}, '/chat')).toBe('hello');
  });

  it('opens all where the policy only reports', async () => {
    const list: List = { ...LIST, policies: [{ ...DEFAULT_POLICY, enforcement: 'report' }] };
    const allowlist = await createLoadedAllowlist(list);
    const refused: unknown[] = [];
    allowlist.on('refused', ({ decision }) => refused.push(decision.reason));
    expect(await greet(await serve(allowlist), EVIL)).toBe('hello');
    expect(refused).toEqual(['origin_not_listed']);
  });

  it('refuses after firstLoadTimeoutMs while there is no list', async () => {
    const port = await serve(createUnloadedAllowlist());
    expect(await greet(port, ORIGIN)).toBe(FORBIDDEN);
    expect(await greet(port, `http://127.0.0.1:${port}`)).toBe('hello');
  });

  it('refuses at once to be made with names no policy can have', async () => {
    const allowlist = await createLoadedAllowlist(LIST);
    expect(() => serve(allowlist, { policy: 'No!' })).toThrow(OptionsError);
  });
});

describe('given a list that loads while a handshake waits', () => {
  const handshake = (origin: string) =>
    `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: ${origin}\r\n\r\n`;

  /** @returns what comes back until the connection is closed. */
  const converse = (port: number, text: string) =>
    new Promise<string>((resolve) => {
      const client = connect(port, '127.0.0.1');
      let received = '';
      client.on('data', (chunk: Buffer) => {
        received += chunk.toString('latin1');
      });
      client.on('close', () => resolve(received));
      client.on('error', () => {});
      client.write(text);
    });

  it('answers a refused one in full, and closes', async () => {
    const check = verifyUpgrade(createUnloadedAllowlist());
    const server = createServer();
    server.on('upgrade', (request, socket) => check(request, socket, () => {}));
    expect(await converse(await listenServer(server), handshake(ORIGIN))).toBe(
      'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    );
  });

  it('holds no connection that the other side does not close', async () => {
    const check = verifyUpgrade(createUnloadedAllowlist());
    const server = createServer();
    const closed = new Promise<string>((resolve) => {
      server.on('upgrade', (request, socket) => {
        socket.on('close', () => resolve('closed'));
        check(request, socket, () => {});
      });
    });
    const client = connect({ port: await listenServer(server), host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void client.destroy());
    client.resume().write(handshake(ORIGIN));
    expect(await closed).toBe('closed');
  });

  it('breaks off one that fails late, and goes on serving', async () => {
    const check = verifyUpgrade(createUnloadedAllowlist());
    const server = createServer();
    server.on('upgrade', (request, socket) => {
      check(request, socket, () => {
        throw new Error('broken');
      });
    });
    const port = await listenServer(server);
    expect(await converse(port, handshake('http://a'))).toBe('');
  });

  it('opens nothing, and goes on serving, when the connection breaks meanwhile', async () => {
    const allowlist = createUnloadedAllowlist();
    const check = verifyUpgrade(allowlist);
    const server = createServer();
    let opened = 0;
    server.on('upgrade', (request, socket) => {
      check(request, socket, () => {
        opened += 1;
      });
      socket.destroy(new Error('reset'));
    });
    await converse(await listenServer(server), handshake('http://a'));
    await eventually(() => expect(allowlist.status().counters.decisions).toBe(1));
    expect(opened).toBe(0);
  });
});

describe('given Socket.IO with allowRequest', () => {
  const connectTo = (port: number, transport: 'polling' | 'websocket', origin: string) =>
    new Promise<string>((resolve) => {
      const socket = io(`http://127.0.0.1:${port}`, {
        transports: [transport],
        extraHeaders: { origin },
        reconnection: false,
      });
      onTestFinished(() => void socket.close());
      socket.on('greeting', resolve);
      socket.on('connect_error', () => resolve('refused'));
    });

  it.each(['polling', 'websocket'] as const)(
    'lets listed origins in by %s, and no others',
    async (transport) => {
      const port = await listenSocketIo({ allowRequest: allowRequest(await createLoadedAllowlist(LIST)) });
      expect(await connectTo(port, transport, ORIGIN)).toBe('ok');
      expect(await connectTo(port, transport, EVIL)).toBe('refused');
    },
  );

  it('answers a refused poll with 403, and a refused socket as Engine.IO does, with 400', async () => {
    const port = await listenSocketIo({ allowRequest: allowRequest(await createLoadedAllowlist(LIST)) });
    const target = '/socket.io/?EIO=4&transport=';
    const poll = await sendRaw(port, { target: `${target}polling`, headers: [['Origin', EVIL]] });
    expect(poll).toMatchObject({ status: 403, body: '{"code":4,"message":"Forbidden"}' });
    expect(await greet(port, EVIL, {}, `${target}websocket`)).toBe('Unexpected server response: 400');
  });
});
