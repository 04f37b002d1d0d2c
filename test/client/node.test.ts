import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { cors } from '@origin-allowlist/client/node';
import { describe, expect, it } from 'vitest';
import { listen } from './listening.js';
import { createLoadedAllowlist, createUnloadedAllowlist } from './loaded-allowlist.js';
import { exchange, type Handle, LIST } from './node-exchange.js';
import { sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const FROM_APP = [['Origin', ORIGIN]] as const;
const FROM_EVIL = [['Origin', 'https://evil.example']] as const;

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
