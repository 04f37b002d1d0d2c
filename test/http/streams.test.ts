import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../src/http/auth.js';
import { createStreams, type Streams } from '../../src/http/streams.js';
import type { KeyRow } from '../../src/store/key-rows.js';
import type { FeedEvent } from '../../src/store/store.js';

const PRINCIPAL: Principal = {
  actor: 'key:1',
  keyId: '1',
  scopes: new Set(['sync']),
  tenantIds: null,
  entryLimits: { mayAcceptRisks: false, temporaryMs: 1 },
  keyHash: 'abc',
  expiresAt: null,
};
const KEY: KeyRow = {
  id: '1',
  name: 'k',
  prefix: 'oak_',
  scopes: ['sync'],
  tenantIds: null,
  tenants: null,
  createdAt: '2029-01-01T00:00:00.000Z',
  createdBy: 'admin-key',
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
  rotatedFrom: null,
  replacedBy: null,
};
const NOW_MS = Date.parse('2030-01-01T00:00:00.000Z');
const RESYNC: FeedEvent = { kind: 'resync', tenant: 'acme', ack: false };

let server: Server;
let streams: Streams;
let tell: (event: FeedEvent) => void;
let forget: (hash: string) => void;
let checkedAgeMs: number | undefined;
let principal: Principal;
let key: KeyRow | 'unavailable' | undefined;
let response: ServerResponse;

beforeEach(async () => {
  principal = PRINCIPAL;
  key = KEY;
  checkedAgeMs = 1_200.4;
  streams = createStreams({
    store: {
      feed: {
        follow: (_tenants, _scope, listener) => {
          tell = listener;
          return { checkedAgeMs: () => checkedAgeMs, stop: () => undefined };
        },
      },
      keys: {
        onForgotten: (listener) => {
          forget = listener;
        },
        verify: async () => {
          if (key === 'unavailable') throw new Error('the database does not answer');
          return key;
        },
      },
    },
    node: 'n1',
    now: () => NOW_MS,
    random: () => 0.5,
  });
  server = createServer((_request, answer) => {
    response = answer;
    answer.writeHead(200, { 'content-type': 'text/event-stream', connection: 'close' });
    streams.open(answer, principal, [{ slug: 'acme', version: null }]);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});
afterEach(async () => {
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Lets the sockets do their work until it is so. (vi.waitFor would turn the clock.) */
async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 5_000;
  while (!isSo() && performance.now() < deadlineMs) await new Promise(setImmediate);
  expect(isSo()).toBe(true);
}

/** A reader that has the greeting. `read` gives all that came so far. */
async function open(): Promise<{ readonly socket: Socket; read(): string }> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const socket = connect(address.port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await until(() => text.includes('event: hello'));
  return { socket, read: () => text };
}

describe('given a reader', () => {
  it('hears a ping every 15 s, with how long ago nothing was known to be missing', async () => {
    const reader = await open();
    vi.advanceTimersByTime(14_999);
    checkedAgeMs = undefined;
    vi.advanceTimersByTime(1);
    checkedAgeMs = 300;
    vi.advanceTimersByTime(15_000);
    await until(() => reader.read().match(/event: ping/g)?.length === 2);
    expect(reader.read()).toContain(`data: {"serverTimeMs":${NOW_MS},"checkedAgeMs":null}`);
    expect(reader.read()).toContain(`data: {"serverTimeMs":${NOW_MS},"checkedAgeMs":300}`);
  });

  it('is sent away between 10 and 15 minutes later, with a hint when to come back', async () => {
    const reader = await open();
    vi.advanceTimersByTime(749_999);
    expect(response.writableEnded).toBe(false);
    vi.advanceTimersByTime(1);
    await once(reader.socket, 'close');
    expect(reader.read()).toContain('retry: 500\n\n');
  });

  it('is sent away when its key ends', async () => {
    principal = { ...PRINCIPAL, expiresAt: '2030-01-01T00:01:00.000Z' };
    key = { ...KEY, expiresAt: '2030-01-01T00:01:00.000Z' };
    const reader = await open();
    vi.advanceTimersByTime(60_000);
    await once(reader.socket, 'close');
  });

  it('is sent away when its key is revoked, and not for another', async () => {
    const reader = await open();
    key = undefined;
    forget('another');
    await new Promise(setImmediate);
    expect(response.writableEnded).toBe(false);
    forget('abc');
    await once(reader.socket, 'close');
  });

  it('is sent away when its key cannot be looked up after a change', async () => {
    const reader = await open();
    key = 'unavailable';
    forget('abc');
    await once(reader.socket, 'close');
  });

  it('stays until the end of a key that was replaced, and not longer', async () => {
    const reader = await open();
    key = { ...KEY, expiresAt: '2030-01-01T00:01:00.000Z' };
    forget('abc');
    await new Promise(setImmediate);
    vi.advanceTimersByTime(59_999);
    expect(response.writableEnded).toBe(false);
    vi.advanceTimersByTime(1);
    await once(reader.socket, 'close');
  });

  it('is sent away of age when its key ends later than timers reach', async () => {
    key = { ...KEY, expiresAt: '2040-01-01T00:00:00.000Z' };
    const reader = await open();
    vi.advanceTimersByTime(749_999);
    expect(response.writableEnded).toBe(false);
    vi.advanceTimersByTime(1);
    await once(reader.socket, 'close');
  });
});

describe('given a key that was revoked between its check and the opening', () => {
  it('ends the stream at once', async () => {
    key = undefined;
    const { socket } = await open();
    await once(socket, 'close');
  });
});

describe('given a reader that does not read', () => {
  const LARGE: FeedEvent = {
    kind: 'delta',
    tenant: 'acme',
    lineage: 'l',
    from: 1,
    to: 2,
    count: 1,
    ack: false,
    ops: [{ op: 'delete', pattern: 'x'.repeat(100_000) }],
  };

  it('is cut when what it has not read passes a bound', async () => {
    const { socket } = await open();
    socket.pause();
    let told = 0;
    // What the kernel takes is not counted, and is some megabytes.
    while (!response.destroyed && told < 1_000) {
      tell({ ...LARGE });
      told += 1;
    }
    expect(response.destroyed).toBe(true);
    expect(told).toBeLessThan(200);
  });

  it('is cut when it is slow at two pings in a row, and forgiven one', async () => {
    const { socket } = await open();
    socket.pause();
    // As much as the kernel takes, and half a megabyte more.
    const slow = () => response.writableLength > 300_000;
    while (!slow()) {
      tell({ ...LARGE });
      await new Promise(setImmediate);
    }
    vi.advanceTimersByTime(15_000);
    expect(response.destroyed).toBe(false);
    vi.advanceTimersByTime(15_000);
    expect(response.destroyed).toBe(true);
  });
});

describe('given a node that stops', () => {
  it('sends its readers away, and waits a second for one that is behind', async () => {
    const reader = await open();
    const { socket } = await open();
    socket.pause();
    while (response.writableLength < 300_000) tell({ ...RESYNC, tenant: 'x'.repeat(50_000) });
    expect(streams.hasRoom(PRINCIPAL)).toBe(true);
    streams.close();
    expect(streams.hasRoom(PRINCIPAL)).toBe(false);
    await once(reader.socket, 'close');
    vi.advanceTimersByTime(1_000);
    await until(() => response.socket?.destroyed !== false);
  });
});
