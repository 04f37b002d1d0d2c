import type { IncomingMessage } from 'node:http';
import type { Measured } from './browser-case.js';

/** Request headers that are told of, because some row turns on whether they arrive. */
const NOTED_HEADERS = ['x-requested-by', 'authorization', 'cookie'];

/** Counts what reaches a server, around everything that may answer it, and what reaches the application inside. */
export interface Traffic {
  arrived(request: IncomingMessage): void;
  handled(method: string, headers: HeaderLines): void;
  /** What it was, for a result. */
  seen(): Omit<Measured, 'page'>;
}

/** Headers as Node tells of them. */
export type HeaderLines = Readonly<Record<string, string | readonly string[] | undefined>>;

export function createTraffic(): Traffic {
  let preflights = 0;
  let others = 0;
  const handled: string[] = [];
  return {
    arrived({ method, headers }) {
      if (method === 'OPTIONS' && headers['access-control-request-method'] !== undefined) preflights += 1;
      else others += 1;
    },
    handled(method, headers) {
      const noted = NOTED_HEADERS.filter((name) => headers[name] !== undefined).join(', ');
      const from = headers.origin === 'null' ? ' from null' : '';
      handled.push(`${method}${from}${noted && ` with ${noted}`}`);
    },
    seen() {
      const stopped = others - handled.length;
      return { preflights, handled, ...(stopped !== 0 && { stopped }) };
    },
  };
}
