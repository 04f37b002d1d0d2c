import { ADAPTERS, DELEGATES, type Start } from './adapters.js';
import { BLOCK_CASES } from './block-cases.js';
import type { BrowserCase } from './browser-case.js';
import { CREDENTIAL_CASES } from './credential-cases.js';
import { NULL_CASES, ORIGIN_CASES } from './origin-cases.js';
import { REQUEST_CASES } from './request-cases.js';
import { MAX_AGE_CASES, REDIRECT_CASES } from './sequence-cases.js';
import { SOCKET_CASES, SOCKET_IO_CASES } from './socket-cases.js';
import { SOCKET_IO, WEB_SOCKETS } from './socket-servers.js';

/** Rows, and the servers each is asked through. */
export interface Group {
  readonly title: string;
  readonly cases: readonly BrowserCase[];
  readonly servers: Readonly<Record<string, Start>>;
  /** Servers the rows cannot hold for, and why. */
  readonly except?: { readonly servers: readonly string[]; readonly why: string };
}

const OVER_HTTP = { ...ADAPTERS, ...DELEGATES };

/** All that is tried in a real browser. */
export const MATRIX: readonly Group[] = [
  { title: 'Origins', cases: ORIGIN_CASES, servers: OVER_HTTP },
  { title: 'The origin null', cases: NULL_CASES, servers: OVER_HTTP },
  { title: 'Methods and headers', cases: REQUEST_CASES, servers: OVER_HTTP },
  { title: 'Credentials', cases: CREDENTIAL_CASES, servers: OVER_HTTP },
  { title: 'Kept preflights', cases: MAX_AGE_CASES, servers: OVER_HTTP },
  { title: 'Redirects', cases: REDIRECT_CASES, servers: OVER_HTTP },
  {
    title: 'Block',
    cases: BLOCK_CASES,
    servers: ADAPTERS,
    except: {
      servers: Object.keys(DELEGATES),
      why: 'offer a delegate no way to answer 403, so `block` does no more than `headers` there.',
    },
  },
  { title: 'WebSockets', cases: SOCKET_CASES, servers: WEB_SOCKETS },
  { title: 'Socket.IO', cases: SOCKET_IO_CASES, servers: SOCKET_IO },
];
