import { getRequestListener } from '@hono/node-server';
import { cors, type RouteOptions } from '@origin-allowlist/client/hono';
import { Hono } from 'hono';
import { listen } from './listening.js';
import { createLoadedAllowlist, type List } from './loaded-allowlist.js';
import { type RawRequest, sendRaw } from './raw-http.js';

export const ORIGIN = 'https://app.example.com';
export const FROM_APP = [['Origin', ORIGIN]] as const;
export const FROM_EVIL = [['Origin', 'https://evil.example']] as const;
export const ASKS_PUT = ['Access-Control-Request-Method', 'PUT'] as const;
export const LIST: List = { entries: [{ pattern: ORIGIN }] };
export const allowed = { 'access-control-allow-origin': ORIGIN, vary: 'Origin' };

export type Handler = (request: Request) => Response | Promise<Response>;

export async function createApp(list = LIST, options: RouteOptions = {}): Promise<Hono> {
  const app = new Hono();
  app.use(cors(await createLoadedAllowlist(list), options));
  return app;
}

/** Serves a fetch-style handler over a real connection. @returns the port. */
export async function serve(fetch: Handler): Promise<number> {
  const listener = getRequestListener(fetch);
  return listen((request, response) => void listener(request, response));
}

export async function ask({ fetch }: { readonly fetch: Handler }, request: RawRequest = {}) {
  return sendRaw(await serve(fetch), { headers: FROM_APP, ...request });
}
