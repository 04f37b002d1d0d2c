import { DEFAULT_POLICY } from '@origin-allowlist/client/core';
import { cors } from '@origin-allowlist/client/node';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import { describe, expect, it } from 'vitest';
import { listen } from './listening.js';
import { createLoadedAllowlist } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const FROM_APP = [['Origin', ORIGIN]] as const;
const FROM_EVIL = [['Origin', 'https://evil.example']] as const;

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

  it.each<[string, (response: Response) => void, string]>([
    ['set', (response) => response.set('Vary', 'Accept'), 'Accept, Origin'],
    ['setHeader', (response) => response.setHeader('vary', ['Accept', 'Cookie']), 'Accept, Cookie, Origin'],
    ['format', (response) => response.format({ text: () => {} }), 'Origin, Accept'],
    ['writeHead', (response) => response.writeHead(200, { Vary: 'Accept' }), 'Accept, Origin'],
    ['removeHeader', (response) => response.removeHeader('Vary'), 'Origin'],
    ['Vary: *', (response) => response.set('Vary', '*'), '*'],
  ])("keeps ours beside a handler's own Vary: %s", async (_title, write, vary) => {
    const app = await createApp();
    app.get('/', (_request, response) => {
      write(response);
      response.end();
    });
    const port = await listen(app);
    // The first request is the one that makes the guard.
    for (const _time of ['first', 'second']) {
      const { headers } = await sendRaw(port, { headers: FROM_APP });
      expect(headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary });
    }
  });
});

describe('given two of our layers on one request of Express', () => {
  it.each(['report', 'headers'] as const)(
    'under %s the first decides and the second stands back, in a mounted application too',
    async (enforcement) => {
      const first = await createLoadedAllowlist({
        entries: [{ pattern: ORIGIN }],
        policies: [{ ...DEFAULT_POLICY, enforcement }],
      });
      const second = cors(await createLoadedAllowlist({ entries: [] }));
      const mounted = express().use(second);
      const own: (string | symbol)[] = [];
      mounted.get('/', (_request, response) => {
        own.push(...Object.getOwnPropertyNames(response), ...Object.getOwnPropertySymbols(response));
        response.send('mounted');
      });
      const app = express()
        .use(cors(first))
        .use('/mounted', mounted)
        .get('/', second, (_request, response) => void response.send('here'));
      const server = await listen(app);
      for (const target of ['/', '/mounted', '/mounted']) {
        const { status, headers } = await sendRaw(server, { target, headers: FROM_APP });
        expect(status).toBe(200);
        expect(headers['access-control-allow-origin']).toBe(enforcement === 'report' ? undefined : ORIGIN);
      }
      // Each would make V8 slow with the response.
      expect(own).not.toContain('writeHead');
      expect(own).not.toContain(Symbol.for('origin-allowlist.edits'));
    },
  );
});

/** The inner application is on `/api`; what it does not answer, and its errors, are the outer's. */
async function createMounted(place: string): Promise<Express> {
  const allowlist = await createLoadedAllowlist({ entries: [{ pattern: ORIGIN }] });
  const [outer, inner] = [express(), express()];
  outer.set('env', 'test');
  if (place !== 'the inner') outer.use(cors(allowlist));
  if (place !== 'the outer') inner.use(cors(allowlist));
  inner.get('/private', (_request, response) => void response.status(401).send('who are you?'));
  inner.get('/varied', (_request, response) => void response.status(429).set('Vary', 'Accept').end());
  inner.get('/broken', () => {
    throw new Error('broken');
  });
  outer.use('/api', inner);
  return outer;
}

describe.each(['the outer', 'the inner', 'each'])(
  'given an application mounted in another, and the middleware in %s',
  (place) => {
    it.each([
      [401, '/api/private', 'Origin'],
      [404, '/api/nowhere', 'Origin'],
      [429, '/api/varied', 'Accept, Origin'],
      [500, '/api/broken', 'Origin'],
    ])('keeps the headers on a %i of %s', async (status, target, vary) => {
      const port = await listen(await createMounted(place));
      for (const _time of ['first', 'second']) {
        const answer = await sendRaw(port, { target, headers: FROM_APP });
        expect(answer.status).toBe(status);
        expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary });
        const refused = await sendRaw(port, { target, headers: FROM_EVIL });
        expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
        expect(refused.headers.vary).toBe(vary);
      }
    });
  },
);

describe.each(['the outer', 'the inner', 'each'])(
  'given answers of the outer application for the inner one, and the middleware in %s',
  (place) => {
    const answerFromScratch: ErrorRequestHandler = (_error, _request, response, _next) => {
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      response.status(500).set('Vary', 'Accept').send('from scratch');
    };
    const allowAll: RequestHandler = (_request, response) => {
      response.status(404).set({ 'Access-Control-Allow-Origin': '*', Vary: 'Accept' }).send('nowhere');
    };

    it.each([
      [500, '/api/broken'],
      [404, '/api/nowhere'],
    ])('keeps the headers on a %i of %s that begins anew', async (status, target) => {
      const port = await listen((await createMounted(place)).use(allowAll).use(answerFromScratch));
      for (const _time of ['first', 'second']) {
        const answer = await sendRaw(port, { target, headers: FROM_APP });
        expect(answer.status).toBe(status);
        expect(answer.headers).toMatchObject({
          'access-control-allow-origin': ORIGIN,
          vary: 'Accept, Origin',
        });
        const refused = await sendRaw(port, { target, headers: FROM_EVIL });
        expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
      }
    });
  },
);

describe('given several applications in one process', () => {
  it('decides for each by its own list, and leaves one without the middleware alone', async () => {
    const other = 'https://other.example.com';
    const createOwn = async (pattern: string) => {
      const app = express().use(cors(await createLoadedAllowlist({ entries: [{ pattern }] })));
      return listen(app.get('/', (_request, response) => void response.set('Vary', 'Accept').send('ok')));
    };
    const bare = express().get('/', (_request, response) => {
      response.set({ 'Access-Control-Allow-Origin': 'https://own.example', Vary: 'Accept' }).send('ok');
    });
    const [ours, theirs, alone] = [await createOwn(ORIGIN), await createOwn(other), await listen(bare)];
    for (const _time of ['first', 'second']) {
      const [one, two, three] = await Promise.all(
        [ours, theirs, alone].map((port) => sendRaw(port, { headers: FROM_APP })),
      );
      expect(one?.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Accept, Origin' });
      expect(two?.headers).not.toHaveProperty('access-control-allow-origin');
      expect(two?.headers.vary).toBe('Accept, Origin');
      expect(three?.headers).toMatchObject({
        'access-control-allow-origin': 'https://own.example',
        vary: 'Accept',
      });
      const back = await sendRaw(theirs, { headers: [['Origin', other]] });
      expect(back.headers['access-control-allow-origin']).toBe(other);
    }
  });
});
