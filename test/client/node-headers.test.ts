import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { listen } from './listening.js';
import type { List } from './loaded-allowlist.js';
import { exchange, type Handle, LIST } from './node-exchange.js';
import { sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const FROM_APP = [['Origin', ORIGIN]] as const;
const FROM_EVIL = [['Origin', 'https://evil.example']] as const;

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
