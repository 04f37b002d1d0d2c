import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildApp } from '../../src/app.js';
import type { ConnectionLimits } from '../../src/http/connections.js';
import { hasMoreParts } from '../../src/http/json-body.js';
import { ADMIN_KEY, openService, type TestService } from './service.js';
import { openStream } from './sse-reader.js';

let service: TestService;
beforeAll(async () => {
  service = await openService();
});
afterAll(() => service.close());

const KIB = 1_024;

describe('given a body larger than its route takes', () => {
  it.each([
    ['POST', '/v1/tenants', 256 * KIB],
    ['POST', '/v1/keys', 256 * KIB],
    ['POST', '/v1/tenants/t/origins', 256 * KIB],
    ['POST', '/v1/versions', 256 * KIB],
    ['POST', '/v1/stream', 256 * KIB],
    ['POST', '/v1/report', 256 * KIB],
    ['PUT', '/v1/tenants/t/policies/default', 1_024 * KIB],
    ['POST', '/v1/evaluate', 1_024 * KIB],
    ['POST', '/v1/lint', 1_024 * KIB],
    ['POST', '/v1/tenants/t/origins/batch', 8 * 1_024 * KIB],
    ['PUT', '/v1/tenants/t/origins', 32 * 1_024 * KIB],
  ] as const)('answers 413 to one byte more at %s %s, and reads what fits', async (method, url, limit) => {
    const fits = await service.call(method, url, { body: '{'.padEnd(limit) });
    expect([fits.status, fits.body.code]).toEqual([400, 'malformed_json']);
    const tooLarge = await service.call(method, url, { body: '{'.padEnd(limit + 1) });
    expect([tooLarge.status, tooLarge.body.code]).toEqual([413, 'body_too_large']);
    expect(tooLarge.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  });

  it('does not read it for who may not call', async () => {
    const answer = await service.call('POST', '/v1/tenants', { key: null, body: '{'.padEnd(300 * KIB) });
    expect(answer.status).toBe(401);
  });
});

describe('given a body of more brackets and commas than any list has', () => {
  const put = (entries: string) =>
    service.call('PUT', '/v1/tenants/t/origins', {
      body: `{"entries":${entries}}`,
      headers: { 'if-match': '*' },
    });

  it.each([
    ['lists in lists', '['.repeat(2_000_000)],
    ['fields', `[{${'"a":0,'.repeat(2_000_000)}}]`],
  ])('answers 413 to %s before it is parsed', async (_what, entries) => {
    const answer = await put(entries);
    expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large']);
  });

  it('reads as many within a text, and one fewer outside', async () => {
    expect((await put(`["${'[,\\"'.repeat(1_500_000)}"]`)).body.code).toBe('invalid_input');
    expect((await put('['.repeat(1_999_999))).body.code).toBe('malformed_json');
  });

  it('counts those that stand outside of strings (law)', () => {
    const parts = (value: unknown): number => {
      if (typeof value !== 'object' || value === null) return 0;
      const items = Object.values(value);
      return 1 + Math.max(0, items.length - 1) + items.reduce<number>((sum, item) => sum + parts(item), 0);
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const count = parts(JSON.parse(text));
        expect(hasMoreParts(text, count)).toBe(false);
        if (count > 0) expect(hasMoreParts(text, count - 1)).toBe(true);
      }),
    );
  });
});

describe('given a head larger than any call needs', () => {
  it('answers 414 to a URL of more than 8,192 characters', async () => {
    const url = `/v1/tenants?cursor=${'x'.repeat(8_192)}`;
    expect((await service.call('GET', url.slice(0, 8_192))).body.code).not.toBe('uri_too_long');
    const answer = await service.call('GET', url.slice(0, 8_193));
    expect([answer.status, answer.body.code]).toEqual([414, 'uri_too_long']);
  });

  it('answers 431 to more than 100 headers', async () => {
    const headers = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, '1']));
    const answer = await service.call('GET', '/healthz', { key: null, headers });
    expect([answer.status, answer.body.code]).toEqual([431, 'headers_too_large']);
  });
});

describe('given a connection', () => {
  async function openServer(connectionLimits: Partial<ConnectionLimits>): Promise<number> {
    const app = await buildApp({ store: service.store, adminKey: ADMIN_KEY, connectionLimits });
    onTestFinished(() => app.close());
    await app.listen({ host: '127.0.0.1', port: 0 });
    const address = app.server.address();
    if (address === null || typeof address === 'string') throw new Error('a server without a port');
    return address.port;
  }

  /** Everything the server says until it closes the connection. */
  async function say(port: number, text: string): Promise<string> {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    socket.on('error', () => undefined);
    socket.write(text);
    await once(socket, 'close');
    return answer;
  }

  it.each([
    [
      'a head of more than 16 KiB',
      `GET / HTTP/1.1\r\nx: ${'y'.repeat(17 * KIB)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['what is not HTTP', 'HELLO\r\n\r\n', 400, 'bad_request'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'bad_request',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
      'bad_request',
    ],
  ])('answers %s with a problem, and closes', async (_what, text, status, code) => {
    const answer = await say(await openServer({}), text);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain('content-type: application/problem+json');
    expect(answer).toContain('x-content-type-options: nosniff');
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status, code });
  });

  it.each([
    ['sends its headers drop by drop', { headersTimeoutMs: 100 }, 'GET / HTTP/1.1\r\nhost: a\r\nx-slow: '],
    [
      'sends no end of its body',
      { requestTimeoutMs: 200, headersTimeoutMs: 100 },
      `POST /v1/tenants HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${ADMIN_KEY}\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{`,
    ],
  ])('answers one that %s with 408, and closes it', async (_what, limits, text) => {
    const answer = await say(await openServer(limits), text);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
  });

  it('closes one on which nothing comes', async () => {
    const port = await openServer({ idleTimeoutMs: 200 });
    expect(await say(port, '')).toBe('');
  });

  it('closes those that are too many, and serves the others', async () => {
    const port = await openServer({ maxConnections: 1 });
    const first = connect(port, '127.0.0.1').setEncoding('utf8');
    await once(first, 'connect');
    first.write('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n');
    const [answer] = await once(first, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await say(port, 'GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n')).toBe('');
    first.destroy();
  });

  it('keeps a stream open past the time for a request', async () => {
    const port = await openServer({ headersTimeoutMs: 100, requestTimeoutMs: 100 });
    const slug = await service.tenant();
    const stream = await openStream(`http://127.0.0.1:${port}`, ADMIN_KEY, [
      { slug, lineage: null, revision: null },
    ]);
    onTestFinished(() => stream.close());
    // Longer than the time and the interval in which Node looks for it.
    await say(port, 'GET / HTTP/1.1\r\nhost: a\r\nx-slow: ');
    await service.call('POST', `/v1/tenants/${slug}/origins`, { body: { pattern: 'https://a.example.com' } });
    const events = [(await stream.next()).event, (await stream.next()).event, (await stream.next()).event];
    expect(events).toContain('delta');
  });
});
