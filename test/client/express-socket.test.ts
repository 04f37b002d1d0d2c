import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { connect, Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cors } from '@origin-allowlist/client/node';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from './listening.js';
import { createLoadedAllowlist } from './loaded-allowlist.js';
import { sendRaw } from './raw-http.js';

const ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example';

/** An Express app behind our layer whose handler waits to be told to answer, and then writes headers of its own over ours. */
async function openApp(onRequest: (answer: () => void, response: Response) => void): Promise<Socket> {
  const app = express().use(cors(await createLoadedAllowlist({ entries: [{ pattern: ORIGIN }] })));
  app.get('/', (_request, response) => {
    const answer = () =>
      void response.set({ 'Access-Control-Allow-Origin': '*', Vary: 'Accept' }).send('answered');
    onRequest(answer, response);
  });
  const socket = connect(await listen(app), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  return socket;
}

function ask(origin: string): string {
  return `GET / HTTP/1.1\r\nHost: api.example\r\nOrigin: ${origin}\r\n\r\n`;
}

/** Reads whole answers of our app, whose bodies end in `answered`. */
async function readAnswers(socket: Socket, count: number): Promise<readonly string[]> {
  let text = '';
  while (text.split('answered').length <= count) text += String((await once(socket, 'data'))[0]);
  return text.split('answered').slice(0, count);
}

describe('given requests to Express that come on one connection before the first is answered', () => {
  it.each(['in their order', 'the last one first'])(
    'writes the edits of each over what its handler wrote, when they are answered %s',
    async (order) => {
      const origins = [ORIGIN, EVIL, ORIGIN, EVIL];
      const waiting: (() => void)[] = [];
      const socket = await openApp((answer) => void waiting.push(answer));
      socket.write(origins.map(ask).join(''));
      await expect.poll(() => waiting.length, { interval: 5 }).toBe(origins.length);
      for (const answer of order === 'in their order' ? waiting : waiting.toReversed()) answer();
      const answers = await readAnswers(socket, origins.length);
      expect(answers.map((head) => /access-control-allow-origin: (.*)/i.exec(head)?.[1])).toEqual(
        origins.map((origin) => (origin === ORIGIN ? ORIGIN : undefined)),
      );
      expect(answers.map((head) => /vary: (.*)/i.exec(head)?.[1])).toEqual(
        origins.map(() => 'Accept, Origin'),
      );
    },
  );
});

describe('given a connection to Express that stays open without a request', () => {
  it('keeps nothing of the last response', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const responses: WeakRef<Response>[] = [];
    const socket = await openApp((answer, response) => {
      responses.push(new WeakRef(response));
      answer();
    });
    for (const origin of [ORIGIN, EVIL]) {
      socket.write(ask(origin));
      await readAnswers(socket, 1);
    }
    const isAnyKept = () => {
      collectGarbage();
      return responses.some((response) => response.deref() !== undefined);
    };
    await expect.poll(isAnyKept).toBe(false);
  });
});

describe('given a handler of Express that writes headers of its own over ours', () => {
  const overwrite: RequestHandler = (_request, response) => {
    response.set({
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Credentials': 'true',
      Vary: 'Accept',
    });
    response.end('theirs');
  };
  const createLayer = async (origin: string) =>
    cors(await createLoadedAllowlist({ entries: [{ pattern: origin }] }));

  /** Twice, since the first answer is what the guard is made by. */
  async function expectEdits(port: number): Promise<void> {
    for (const _time of ['first', 'second']) {
      const { headers, body } = await sendRaw(port, { headers: [['Origin', ORIGIN]] });
      expect([body, headers['access-control-allow-origin']]).toEqual(['theirs', ORIGIN]);
      const refused = await sendRaw(port, { headers: [['Origin', EVIL]] });
      expect(refused.headers).not.toHaveProperty('access-control-allow-origin');
      for (const answer of [headers, refused.headers]) {
        expect(answer).not.toHaveProperty('access-control-allow-credentials');
        expect(answer.vary).toBe('Accept, Origin');
      }
    }
  }

  it.each<[string, (request: Request) => unknown]>([
    ['made by hand', ({ method, url, headers }) => ({ method, url, headers })],
    [
      'on another socket',
      ({ method, url, headers }) =>
        Object.assign(new IncomingMessage(new Socket()), { method, url, headers }),
    ],
    [
      'that inherits from the first',
      (request) => {
        const { method, url, headers } = request;
        return Object.assign(Object.create(request), { method, url, headers });
      },
    ],
  ])('stands when another application is called with a request %s', async (_what, createRequest) => {
    const inner = express().use(await createLayer(EVIL), overwrite);
    const app = express().use(await createLayer(ORIGIN), (request, response) => {
      Reflect.apply(inner, undefined, [createRequest(request), response]);
    });
    await expectEdits(await listen(app));
  });

  it('stands when a layer before ours notes the head, and sends it at the end', async () => {
    const buffer: RequestHandler = (_request, response, next) => {
      response.writeHead = (status: number) => Object.assign(response, { statusCode: status });
      const { end } = response;
      response.end = (...given: unknown[]) => {
        Reflect.deleteProperty(response, 'writeHead');
        return Reflect.apply(end, response, given);
      };
      next();
    };
    const noteHead: RequestHandler = (_request, response, next) => {
      response.writeHead(200);
      next();
    };
    const app = express().get('/guarded', await createLayer(ORIGIN), overwrite);
    app.use(buffer, await createLayer(ORIGIN), noteHead, overwrite);
    const port = await listen(app);
    await sendRaw(port, { target: '/guarded' });
    await expectEdits(port);
  });
});
