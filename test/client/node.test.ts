import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { cors } from '@origin-allowlist/client/node';
import { describe, expect, it } from 'vitest';
import { listen } from './listening.js';
import { createLoadedAllowlist, createUnloadedAllowlist, type List } from './loaded-allowlist.js';
import { type RawRequest, type RawResponse, sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const FROM_APP = [['Origin', ORIGIN]] as const;
const FROM_EVIL = [['Origin', 'https://evil.example']] as const;
const LIST: List = { entries: [{ pattern: ORIGIN }] };

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** One exchange with a node:http server that has the middleware in front of `handle`. */
async function exchange(handle: Handle, request: RawRequest = {}, list = LIST): Promise<RawResponse> {
  const handleCors = cors(await createLoadedAllowlist(list));
  const port = await listen((incoming, response) =>
    handleCors(incoming, response, () => handle(incoming, response)),
  );
  return sendRaw(port, request);
}

describe('given a handler of node:http behind the middleware', () => {
  it('lets a listed origin read the answer', async () => {
    const { status, headers, body } = await exchange((_, response) => response.end('ok'), {
      headers: FROM_APP,
    });
    expect({ status, body }).toEqual({ status: 200, body: 'ok' });
    expect(headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Origin' });
  });

  it('runs for another origin too, whose page may not read the answer', async () => {
    const { headers, body } = await exchange((_, response) => response.end('ok'), { headers: FROM_EVIL });
    expect(body).toBe('ok');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers.vary).toBe('Origin');
  });

  it('does not run for preflights: they are answered with no body', async () => {
    let runs = 0;
    const handle: Handle = (_, response) => {
      runs += 1;
      response.end();
    };
    const preflight = [...FROM_APP, ['Access-Control-Request-Method', 'PUT']] as const;
    const allowed = await exchange(handle, { method: 'OPTIONS', headers: preflight });
    expect(allowed.status).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-max-age': '600',
      'content-length': '0',
    });
    const refused = await exchange(handle, {
      method: 'OPTIONS',
      headers: [...FROM_EVIL, ['Access-Control-Request-Method', 'PUT']],
    });
    expect(refused).toMatchObject({ status: 403, body: '' });
    expect(refused.headers['content-length']).toBe('0');
    expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
    expect(runs).toBe(0);
  });

  it('runs for a plain OPTIONS request', async () => {
    const request = { method: 'OPTIONS', headers: FROM_APP };
    const { headers, body } = await exchange((_, response) => response.end('mine'), request);
    expect(body).toBe('mine');
    expect(headers['access-control-allow-origin']).toBe(ORIGIN);
  });

  it.each<[string, readonly (readonly [string, string])[]]>([
    ['two Origin lines', [...FROM_APP, ...FROM_APP]],
    ['an Origin line and an empty one', [...FROM_APP, ['Origin', '']]],
    ['a list in one Origin line', [['Origin', `${ORIGIN}, https://evil.example`]]],
  ])('refuses %s', async (_title, headers) => {
    const answer = await exchange((_, response) => response.end(), { headers });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('counts repeated Access-Control-Request-Headers lines as what they are', async () => {
    const request = (lines: number) => ({
      method: 'OPTIONS',
      headers: [
        ...FROM_APP,
        ['Access-Control-Request-Method', 'PUT'],
        ...Array.from({ length: lines }, () => ['Access-Control-Request-Headers', 'content-type']),
      ] as [string, string][],
    });
    expect((await exchange((_, response) => response.end(), request(64))).status).toBe(204);
    expect((await exchange((_, response) => response.end(), request(65))).status).toBe(403);
  });

  it('writes nothing where the policy only reports', async () => {
    const list = { ...LIST, policies: [{ ...DEFAULT_POLICY, enforcement: 'report' } as const] };
    const handle: Handle = (_, response) => {
      response.setHeader('access-control-allow-origin', 'https://own.example');
      response.end('own');
    };
    const preflight = [...FROM_APP, ['Access-Control-Request-Method', 'PUT']] as const;
    const { headers, body } = await exchange(handle, { method: 'OPTIONS', headers: preflight }, list);
    expect(body).toBe('own');
    expect(headers['access-control-allow-origin']).toBe('https://own.example');
    expect(headers).not.toHaveProperty('vary');
  });
});

describe('given a handler that writes headers of its own', () => {
  const cases: readonly (readonly [string, (response: ServerResponse) => void, string])[] = [
    ['setHeader', (response) => response.setHeader('Vary', 'Accept'), 'Accept, Origin'],
    ['setHeader with two lines', (response) => response.setHeader('vary', ['A', 'B']), 'A, B, Origin'],
    ['appendHeader', (response) => response.appendHeader('Vary', 'Accept'), 'Origin, Accept'],
    ['removeHeader', (response) => response.removeHeader('vary'), 'Origin'],
    ['writeHead', (response) => response.writeHead(200, { vary: 'Accept' }), 'Accept, Origin'],
    ['writeHead with a reason', (response) => response.writeHead(200, 'Fine', { Vary: 'A' }), 'A, Origin'],
    [
      'writeHead with a list',
      (response) => response.writeHead(200, ['Vary', 'A', 'vary', 'B']),
      'A, B, Origin',
    ],
    ['writeHead without headers', (response) => response.writeHead(200), 'Origin'],
    ['write', (response) => response.write('x'), 'Origin'],
    ['flushHeaders', (response) => response.flushHeaders(), 'Origin'],
    ['Vary: *', (response) => response.setHeader('Vary', '*'), '*'],
    ['Vary: * to writeHead', (response) => response.writeHead(200, { vary: '*' }), '*'],
    ['Origin in another case', (response) => response.setHeader('Vary', 'origin, Accept'), 'origin, Accept'],
  ];

  it.each(cases)('keeps both members of Vary: %s', async (_title, write, vary) => {
    const handle: Handle = (_, response) => {
      write(response);
      response.end();
    };
    const { headers } = await exchange(handle, { headers: FROM_APP });
    expect(headers.vary).toBe(vary);
    expect(headers['access-control-allow-origin']).toBe(ORIGIN);
  });

  it('keeps status, reason and every other header it gives to writeHead', async () => {
    const handle: Handle = (_, response) => {
      response.setHeader('X-Early', 'early');
      response.writeHead(201, 'Made', { 'X-Late': 'late', 'Set-Cookie': ['a=1', 'b=2'] }).end('made');
    };
    const { status, headers, body } = await exchange(handle, { headers: FROM_APP });
    expect({ status, body }).toEqual({ status: 201, body: 'made' });
    expect(headers).toMatchObject({ 'x-early': 'early', 'x-late': 'late', 'set-cookie': 'a=1, b=2' });
  });

  it('takes pairs too, as writeHead itself does', async () => {
    const handle: Handle = (_, response) => {
      Reflect.apply(response.writeHead, response, [
        200,
        [
          ['Vary', 'Accept'],
          ['X-Pair', 'yes'],
        ],
      ]);
      response.end();
    };
    const { headers } = await exchange(handle, { headers: FROM_APP });
    expect(headers).toMatchObject({ vary: 'Accept, Origin', 'x-pair': 'yes' });
  });

  it.each<[string, readonly unknown[], string | undefined]>([
    ['null', [200, null], undefined],
    ['null after no reason', [200, undefined, null], undefined],
    ['null after a reason', [200, 'Fine', null], undefined],
    ['nothing', [200, undefined, undefined], undefined],
    ['headers after no reason', [200, undefined, { 'X-Given': 'last' }], 'last'],
    ['headers after null', [200, null, { 'X-Given': 'last' }], 'last'],
    ['headers before null', [200, { 'X-Given': 'first' }, null], 'first'],
    ['headers twice', [200, { 'X-Given': 'first' }, { 'X-Given': 'last' }], 'last'],
  ])('has writeHead take what Node itself takes: %s', async (_title, given, value) => {
    const handle: Handle = (_, response) => {
      response.setHeader('Vary', 'Accept');
      Reflect.apply(response.writeHead, response, given);
      response.end('ok');
    };
    const port = await listen((request, response) => handle(request, response));
    expect((await sendRaw(port)).headers['x-given']).toBe(value);
    const { status, headers, body } = await exchange(handle, { headers: FROM_APP });
    expect({ status, body }).toEqual({ status: 200, body: 'ok' });
    expect(headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Accept, Origin' });
    expect(headers['x-given']).toBe(value);
  });

  it.each<[string, OutgoingHttpHeaders]>([
    ['the same twice', { 'Access-Control-Allow-Origin': ORIGIN, 'access-control-allow-origin': ORIGIN }],
    ['another last', { 'access-control-allow-origin': ORIGIN, 'Access-Control-Allow-Origin': '*' }],
    ['another first', { 'Access-Control-Allow-Origin': '*', 'access-control-allow-origin': ORIGIN }],
  ])('sends one of each where writeHead is given a name in two spellings: %s', async (_title, given) => {
    const list: List = { ...LIST, policies: [{ ...DEFAULT_POLICY, credentials: true }] };
    const handle: Handle = (_, response) => {
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      response.writeHead(200, { vary: 'Origin', ...given }).end();
    };
    const { headers } = await exchange(handle, { headers: FROM_APP }, list);
    expect(headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
  });

  it('has no say in who may read the answer', async () => {
    const handle: Handle = (_, response) => {
      response.setHeader('Access-Control-Allow-Credentials', 'true');
      response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end();
    };
    const allowed = await exchange(handle, { headers: FROM_APP });
    expect(allowed.headers['access-control-allow-origin']).toBe(ORIGIN);
    expect(allowed.headers).not.toHaveProperty('access-control-allow-credentials');
    const refused = await exchange(handle, { headers: FROM_EVIL });
    expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('hears from Node itself that its head is out already', async () => {
    let code: unknown;
    const handle: Handle = (_, response) => {
      response.writeHead(200).write('x');
      try {
        response.writeHead(500);
      } catch (error) {
        code = error instanceof Error && 'code' in error ? error.code : error;
      }
      response.end();
    };
    await exchange(handle, { headers: FROM_APP });
    expect(code).toBe('ERR_HTTP_HEADERS_SENT');
  });
});

describe('given two of our layers on one request', () => {
  it('lets the first decide and the second stand back', async () => {
    const outer = cors(await createLoadedAllowlist(LIST));
    const inner = cors(await createLoadedAllowlist({ entries: [] }));
    const port = await listen((request, response) =>
      outer(request, response, () => inner(request, response, () => response.end('ok'))),
    );
    const { headers, body } = await sendRaw(port, { headers: FROM_APP });
    expect(body).toBe('ok');
    expect(headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Origin' });
  });
});

describe('given a response whose head is out', () => {
  it('lets the application go on', async () => {
    const handleCors = cors(await createLoadedAllowlist(LIST));
    const port = await listen((request, response) => {
      response.writeHead(200).write('early ');
      handleCors(request, response, () => response.end('late'));
    });
    expect((await sendRaw(port, { headers: FROM_APP })).body).toContain('early');
  });
});

describe('given a list that is not loaded', () => {
  it('refuses after firstLoadTimeoutMs, while the request itself passes', async () => {
    const handleCors = cors(createUnloadedAllowlist());
    const port = await listen((request, response) => handleCors(request, response, () => response.end('ok')));
    const { headers, body } = await sendRaw(port, { headers: FROM_APP });
    expect(body).toBe('ok');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
    expect(headers.vary).toBe('Origin');
  });
});
