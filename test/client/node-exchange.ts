import type { IncomingMessage, ServerResponse } from 'node:http';
import { cors } from '@origin-allowlist/client/node';
import { listen } from './listening.js';
import { createLoadedAllowlist, type List } from './loaded-allowlist.js';
import { type RawRequest, type RawResponse, sendRaw } from './raw-http.js';

/** Of one origin. */
export const LIST: List = { entries: [{ pattern: 'https://app.example.com' }] };

export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** One exchange with a node:http server that has the middleware in front of `handle`. */
export async function exchange(handle: Handle, request: RawRequest = {}, list = LIST): Promise<RawResponse> {
  const handleCors = cors(await createLoadedAllowlist(list));
  const port = await listen((incoming, response) =>
    handleCors(incoming, response, () => handle(incoming, response)),
  );
  return sendRaw(port, request);
}
