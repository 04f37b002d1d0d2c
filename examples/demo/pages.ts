import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** The tenant's list, as the page may change it. */
export interface DemoList {
  patterns(): Promise<readonly string[]>;
  /** Adds the origin when it is not listed, removes it when it is. */
  toggle(origin: string): Promise<void>;
}

/** Serves the overview, and on every `*.localhost` name the page that tries to read the two apps. */
export function buildPages(list: DemoList, values: Readonly<Record<string, string>>): Server {
  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://demo.localhost');
    switch (`${request.method} ${pathname}`) {
      case 'GET /':
        return sendHtml(response, 'index.html');
      case 'GET /page':
        return sendHtml(response, 'page.html');
      case 'GET /list':
        return sendJson(response, { patterns: await list.patterns() });
      case 'POST /toggle':
        await list.toggle(searchParams.get('origin') ?? '');
        return sendJson(response, {});
      default:
        response.writeHead(404).end();
    }
  }

  async function sendHtml(response: ServerResponse, name: string): Promise<void> {
    const template = await readFile(new URL(name, import.meta.url), 'utf8');
    const html = Object.entries(values).reduce(
      (text, [key, value]) => text.replaceAll(`__${key}__`, value),
      template,
    );
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
  }
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
