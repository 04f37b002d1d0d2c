import { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { cors } from '@origin-allowlist/client/node';
import express, { type Express, type RequestHandler, type Response } from 'express';
import { describe, expect, it } from 'vitest';
import { listen } from './listening.js';
import { createLoadedAllowlist } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const FROM_APP = [['Origin', ORIGIN]] as const;
const FROM_EVIL = [['Origin', 'https://evil.example']] as const;

/** Another copy of Express, as a dependency brings it that asks for another version: with prototypes of its own. */
function loadExpress(): typeof express {
  const require = createRequire(import.meta.url);
  const loaded = Object.entries(require.cache).filter(([path]) =>
    path.includes(`${sep}node_modules${sep}express${sep}`),
  );
  for (const [path] of loaded) delete require.cache[path];
  try {
    return require('express');
  } finally {
    Object.assign(require.cache, Object.fromEntries(loaded));
  }
}

/**
 * What the package on-headers does, on which compression, sessions and response times build: it stands in for `writeHead`, sets what
 * that is given, adds its own, and goes on to what was there before.
 */
function addOnHeaders(add: (response: Response) => void): RequestHandler {
  return (_request, response, next) => {
    const { writeHead } = response;
    response.writeHead = (status: number, ...given: unknown[]) => {
      for (const headers of given) {
        if (typeof headers !== 'object' || headers === null) continue;
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      }
      add(response);
      return Reflect.apply(writeHead, response, [status]);
    };
    next();
  };
}

describe('given an Express app that goes past its own prototype to send the head', () => {
  const past = function (this: Response, ...given: unknown[]): unknown {
    return Reflect.apply(ServerResponse.prototype.writeHead, this, given);
  };
  const respond: RequestHandler = (_request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.end('mine');
  };

  it.each(['the response', 'the prototype of a mounted application'])(
    'by a writeHead on %s, a refused page gets no headers of the handler',
    async (place) => {
      const layer = cors(await createLoadedAllowlist({ entries: [{ pattern: ORIGIN }] }));
      const mounted = express();
      if (place === 'the response')
        mounted.use((_request, response, next) => {
          Object.assign(response, { writeHead: past });
          next();
        });
      else Object.assign(mounted.response, { writeHead: past });
      mounted.use(layer).get('/', respond);
      const app = express().use('/mounted', mounted).get('/', layer, respond);
      const server = await listen(app);
      // The prototype above both is guarded by then.
      for (const target of ['/', '/mounted', '/mounted']) {
        const { headers } = await sendRaw(server, { target, headers: FROM_EVIL });
        expect(headers['access-control-allow-origin']).toBeUndefined();
      }
    },
  );
});

describe('given an Express app that hands its responses to one of another copy of Express', () => {
  const allowAll: RequestHandler = (_request, response) => {
    response.set({ 'Access-Control-Allow-Origin': '*', Vary: 'Accept' }).send('theirs');
  };
  const patch = addOnHeaders((response) => void response.set('X-Added', 'yes'));
  const createLayer = async () => cors(await createLoadedAllowlist({ entries: [{ pattern: ORIGIN }] }));

  /** @param hand hands a request of ours to theirs. */
  async function listenBoth(ours: Express, theirs: Express, hand: RequestHandler): Promise<number> {
    // The first request makes the guard of our copy.
    ours.get('/', allowAll).use('/theirs', hand);
    theirs.use(allowAll);
    return listen(ours);
  }

  async function expectEdits(port: number): Promise<void> {
    for (const target of ['/', '/theirs', '/theirs']) {
      const answer = await sendRaw(port, { target, headers: FROM_APP });
      expect(answer.body).toBe('theirs');
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Accept, Origin' });
      const refused = await sendRaw(port, { target, headers: FROM_EVIL });
      expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
    }
  }

  it('keeps the edits where that is mounted', async () => {
    const theirs = loadExpress()();
    await expectEdits(await listenBoth(express().use(await createLayer()), theirs, theirs));
  });

  it('keeps them where that is called, and the response has a writeHead of its own', async () => {
    const theirs = loadExpress()();
    const ours = express()
      .get('/', await createLayer())
      .use('/theirs', patch, await createLayer());
    await expectEdits(await listenBoth(ours, theirs, (request, response) => theirs(request, response)));
  });

  it('keeps them where that is called, and has a layer of ours that stands back', async () => {
    const other = await createLoadedAllowlist({ entries: [{ pattern: 'https://evil.example' }] });
    const theirs = loadExpress()().use(cors(other));
    const ours = express().use(await createLayer());
    await expectEdits(await listenBoth(ours, theirs, (request, response) => theirs(request, response)));
  });
});

describe('given an Express whose prototype for responses is frozen', () => {
  it('guards each response', async () => {
    const frozen = loadExpress();
    Object.freeze(frozen.response);
    const app = frozen().use(cors(await createLoadedAllowlist({ entries: [{ pattern: ORIGIN }] })));
    app.get('/', (_request, response) => {
      response.set({ 'Access-Control-Allow-Origin': '*', Vary: 'Accept' }).send('ok');
    });
    const port = await listen(app);
    for (const _time of ['first', 'second']) {
      const answer = await sendRaw(port, { headers: FROM_APP });
      expect(answer).toMatchObject({ status: 200, body: 'ok' });
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Accept, Origin' });
      const refused = await sendRaw(port, { headers: FROM_EVIL });
      expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});

describe('given an Express app with middleware that replaces writeHead', () => {
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

  /** Both kinds of answers, and the first request, which makes the guard, beside later ones. */
  const ANSWERS = [
    [200, '/'],
    [201, '/headed'],
    [404, '/nowhere'],
    [500, '/broken'],
    [200, '/'],
  ] as const;

  async function listenWith(before: readonly RequestHandler[], after: readonly RequestHandler[]) {
    const app = express();
    app.set('env', 'test');
    for (const layer of before) app.use(layer);
    app.use(cors(await createLoadedAllowlist({ entries: [{ pattern: ORIGIN }] })));
    for (const layer of after) app.use(layer);
    app.get('/', (_request, response) => void response.send('ok'));
    app.get('/headed', (_request, response) => void response.writeHead(201, { Vary: 'Accept' }).end());
    app.get('/broken', () => {
      throw new Error('broken');
    });
    return listen(app);
  }

  const compress = addOnHeaders(
    (response) => void response.vary('Accept-Encoding').set('X-Compressed', 'yes'),
  );

  it.each([
    ['before', [compress], []],
    ['after', [], [compress]],
    ['before and after', [compress], [compress]],
  ])('writes the edits through one %s ours, from the first request on', async (_place, before, after) => {
    const port = await listenWith(before, after);
    for (const [status, target] of ANSWERS) {
      const answer = await sendRaw(port, { target, headers: FROM_APP });
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, 'x-compressed': 'yes' });
      expect(answer.headers.vary?.split(', ')).toEqual(expect.arrayContaining(['Origin', 'Accept-Encoding']));
      const refused = await sendRaw(port, { target, headers: FROM_EVIL });
      expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
      expect(refused.headers.vary?.split(', ')).toEqual(
        expect.arrayContaining(['Origin', 'Accept-Encoding']),
      );
    }
  });

  it('writes them again where one after ours takes them away', async () => {
    const undo = addOnHeaders((response) => {
      response.removeHeader('Access-Control-Allow-Origin');
      response.set('Vary', 'Cookie');
    });
    const allow = addOnHeaders((response) => void response.set('Access-Control-Allow-Origin', '*'));
    const [undone, allowing] = [await listenWith([], [undo]), await listenWith([], [allow])];
    for (const [status, target] of ANSWERS) {
      const answer = await sendRaw(undone, { target, headers: FROM_APP });
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Cookie, Origin' });
      const refused = await sendRaw(allowing, { target, headers: FROM_EVIL });
      expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});
