import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How long a page waits for what it asked. Nothing that works takes a hundredth of it. */
const DEADLINE_MS = 10_000;

/** A page that can ask. Its icon keeps browsers from fetching one. */
export const PAGE = `<!doctype html><title>page</title><link rel="icon" href="data:,"><script>
  const asking = {
    async fetch({ url, by, ...init }) {
      try {
        const response = await fetch(url, { ...init, signal: AbortSignal.timeout(${DEADLINE_MS}) });
        if (response.type === 'opaque') return 'opaque';
        await response.text();
        const own = [...response.headers.keys()].filter((name) => name.startsWith('x-'));
        return [response.status, ...own].join(' ');
      } catch (error) {
        return error.name === 'TypeError' ? 'refused' : error.name;
      }
    },
    pause: ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, 'later')),
    form({ url }) {
      const frame = document.createElement('iframe');
      frame.name = 'answer of ' + url;
      document.body.append(frame);
      const form = document.createElement('form');
      Object.assign(form, { action: url, method: 'POST', enctype: 'text/plain', target: frame.name });
      document.body.append(form);
      return new Promise((resolve) => {
        frame.onload = () => resolve('sent');
        form.submit();
      });
    },
    WebSocket({ url }) {
      const socket = new WebSocket(url.replace('http:', 'ws:'));
      return new Promise((resolve) => {
        socket.onopen = () => resolve('opened');
        socket.onerror = () => resolve('refused');
      }).finally(() => socket.close());
    },
    async 'Socket.IO'({ url, transport }) {
      // Its client, from the server itself, once.
      window.client ??= new Promise((resolve) => {
        const script = document.createElement('script');
        script.onload = resolve;
        script.src = url + '/socket.io/socket.io.min.js';
        document.head.append(script);
      });
      await window.client;
      const socket = io(url, { transports: [transport], reconnection: false });
      return new Promise((resolve) => {
        socket.on('connect', () => resolve('opened'));
        socket.on('connect_error', () => resolve('refused'));
      }).finally(() => socket.close());
    },
  };
  const late = () => new Promise((resolve) => setTimeout(resolve, ${DEADLINE_MS}, 'no answer'));
  const ask = (what) => Promise.race([asking[what.by](what), late()]);
</script><body></body>`;

const FRAMED =
  '<!doctype html><link rel="icon" href="data:,"><iframe sandbox="allow-scripts" src="/"></iframe>';

/** Serves pages under whatever name they are asked for by. */
export interface PageServer {
  readonly port: number;
  close(): void;
}

/** `/` is a page that can ask, `/sandboxed` has it in a sandboxed frame, `/moved?to=` sends elsewhere. */
export async function startPages(): Promise<PageServer> {
  const html = (response: ServerResponse, text: string) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(text);
  const server = createServer(({ url = '/' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://pages.localhost');
    if (pathname === '/moved') response.writeHead(307, { location: searchParams.get('to') ?? '/' }).end();
    else html(response, pathname === '/sandboxed' ? FRAMED : PAGE);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port }: AddressInfo = Object(server.address());
  return {
    port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
