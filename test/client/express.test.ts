import { cors } from '@origin-allowlist/client/node';
import express, { type Express } from 'express';
import { describe, expect, it } from 'vitest';
import { listen } from './listening.js';
import { createLoadedAllowlist } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const FROM_APP = [['Origin', ORIGIN]] as const;

async function createApp(): Promise<Express> {
  const app = express();
  app.set('env', 'test');
  app.use(cors(await createLoadedAllowlist({ entries: [{ pattern: ORIGIN }] })));
  return app;
}

describe('given an Express app behind the middleware', () => {
  it.each([
    [401, '/private'],
    [404, '/nowhere'],
    [413, '/upload'],
    [500, '/broken'],
    [500, '/rejected'],
  ])('keeps the headers on a %i', async (status, target) => {
    const app = await createApp();
    app.use('/private', (_request, response) => void response.status(401).send('who are you?'));
    app.use('/upload', express.text({ limit: 4 }));
    app.use('/broken', () => {
      throw new Error('broken');
    });
    app.use('/rejected', async () => {
      throw new Error('rejected');
    });
    const answer = await sendRaw(await listen(app), {
      method: 'POST',
      target,
      headers: [...FROM_APP, ['Content-Type', 'text/plain']],
      body: 'too long',
    });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Origin' });
  });

  it('keeps them when an error handler starts from no headers', async () => {
    const app = await createApp();
    app.use((_request, response) => {
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      response.status(500).send('from scratch');
    });
    const { headers } = await sendRaw(await listen(app), { headers: FROM_APP });
    expect(headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Origin' });
  });

  it('answers the preflight of a route that knows POST only', async () => {
    const app = await createApp();
    app.post('/orders', (_request, response) => void response.send('ordered'));
    const answer = await sendRaw(await listen(app), {
      method: 'OPTIONS',
      target: '/orders',
      headers: [...FROM_APP, ['Access-Control-Request-Method', 'PUT']],
    });
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN);
  });

  it("merges with what Express's own res.vary adds", async () => {
    const app = await createApp();
    app.get('/', (_request, response) => void response.vary('Accept-Encoding').send('ok'));
    const { headers } = await sendRaw(await listen(app), { headers: FROM_APP });
    expect(headers.vary).toBe('Origin, Accept-Encoding');
  });

  it('works with a layer that patched writeHead before and one that does after', async () => {
    const order: string[] = [];
    const patch =
      (name: string) => (_request: express.Request, response: express.Response, next: () => void) => {
        const { writeHead } = response;
        response.writeHead = (...args: unknown[]) => {
          order.push(name);
          response.setHeader('Vary', name);
          return Reflect.apply(writeHead, response, args);
        };
        next();
      };
    const app = express();
    app.use(patch('Before'));
    app.use(cors(await createLoadedAllowlist({ entries: [{ pattern: ORIGIN }] })));
    app.use(patch('After'));
    app.get('/', (_request, response) => void response.send('ok'));
    const { headers } = await sendRaw(await listen(app), { headers: FROM_APP });
    expect(order).toEqual(['After', 'Before']);
    expect(headers['access-control-allow-origin']).toBe(ORIGIN);
  });
});
