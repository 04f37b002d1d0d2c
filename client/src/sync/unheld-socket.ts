import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';

/** Where the `fetch` of Node.js tells that a request goes out, and on which socket. */
const CHANNEL = 'undici:client:sendHeaders';

/**
 * Keeps a call that stays open from holding the process, as timers are kept from it: `fetch` has no option for that. Where another
 * `fetch` tells nothing, the process ends once the client is closed.
 *
 * @param url of the call that is about to begin.
 * @returns to be called when the answer is there, or never will be.
 */
export function letGoOfSocket(url: string): () => void {
  const { origin, pathname } = new URL(url);
  const hear = (message: unknown): void => {
    if (!isRecord(message) || !isRecord(message.request) || !(message.socket instanceof Socket)) return;
    const { request, socket } = message;
    // Any other call there is to the same end.
    if (String(request.origin) === origin && request.path === pathname) socket.unref();
  };
  subscribe(CHANNEL, hear);
  return () => void unsubscribe(CHANNEL, hear);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
