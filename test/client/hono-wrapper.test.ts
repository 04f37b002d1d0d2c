import type { AllowlistRequest } from '@origin-allowlist/client';
import { withCors } from '@origin-allowlist/client/hono';
import { describe, expect, it } from 'vitest';
import { ASKS_PUT, allowed, ask, createApp, FROM_APP, FROM_EVIL, LIST, ORIGIN } from './hono-app.js';
import { createLoadedAllowlist } from './loaded-allowlist.js';

describe('given a fetch-style handler in the wrapper', () => {
  it('lets a listed origin read the answer, and passes on what the host passes', async () => {
    const fetch = withCors(
      (_request, env: { readonly name: string }, count: number) => new Response(`${env.name} ${count}`),
      await createLoadedAllowlist(LIST),
    );
    const request = new Request('http://api.example/', { headers: { origin: ORIGIN } });
    const response = await fetch(request, { name: 'env' }, 7);
    expect(await response.text()).toBe('env 7');
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
  });

  it('does not run it for preflights', async () => {
    let runs = 0;
    const fetch = withCors(
      () => {
        runs += 1;
        return new Response();
      },
      await createLoadedAllowlist(LIST),
    );
    const answer = await ask({ fetch }, { method: 'OPTIONS', headers: [...FROM_APP, ASKS_PUT] });
    expect(answer.status).toBe(204);
    expect(answer.headers['content-length']).toBe('0');
    const refused = await ask({ fetch }, { method: 'OPTIONS', headers: [...FROM_EVIL, ASKS_PUT] });
    expect(refused.status).toBe(403);
    expect(refused.headers['content-length']).toBe('0');
    expect(runs).toBe(0);
  });

  it.each([400, 401, 404, 413, 429, 500])('keeps the headers on a %i', async (status) => {
    const fetch = withCors(() => new Response('', { status }), await createLoadedAllowlist(LIST));
    const answer = await ask({ fetch });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(allowed);
  });

  it('leaves a failure to the host, or to onError, whose answer has the headers', async () => {
    const allowlist = await createLoadedAllowlist(LIST);
    const failing = () => {
      throw new Error('broken');
    };
    const request = new Request('http://api.example/', { headers: { origin: ORIGIN } });
    await expect(withCors(failing, allowlist)(request)).rejects.toThrow('broken');
    const fetch = withCors(failing, allowlist, { onError: () => new Response('mine', { status: 500 }) });
    const { status, body, headers } = await ask({ fetch });
    expect({ status, body }).toEqual({ status: 500, body: 'mine' });
    expect(headers).toMatchObject(allowed);
  });

  it('passes on what no copy can be made of', async () => {
    const allowlist = await createLoadedAllowlist(LIST);
    const request = new Request('http://api.example/', { headers: { origin: ORIGIN } });
    const failed = Response.error();
    expect(await withCors(() => failed, allowlist)(request)).toBe(failed);
    // @ts-expect-error What a Bun handler gives after an upgrade.
    expect(await withCors(() => undefined, allowlist)(request)).toBeUndefined();
  });

  it('decides once around an app with the middleware, and again for the same request later', async () => {
    const app = await createApp({ entries: [] });
    app.get('/', (context) => context.text('ok'));
    const fetch = withCors(app.fetch, await createLoadedAllowlist(LIST));
    const request = new Request('http://api.example/', { headers: { origin: ORIGIN } });
    for (const _time of [1, 2])
      expect((await fetch(request)).headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect((await app.fetch(request)).headers.has('access-control-allow-origin')).toBe(false);
  });

  it('knows its tenant by the host, from the URL where no header says it', async () => {
    const seen: unknown[] = [];
    const loaded = await createLoadedAllowlist(LIST);
    const decide = (request: AllowlistRequest) => {
      seen.push({ host: request.host, target: request.target });
      return loaded.decide(request);
    };
    const allowlist = { ...loaded, decide };
    await withCors(() => new Response(), allowlist)(new Request('http://api.example:8080/orders?x=1'));
    expect(seen).toEqual([{ host: 'api.example:8080', target: '/orders?x=1' }]);
  });
});
