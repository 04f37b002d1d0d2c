import { type BrowserCase, EVIL, SHOP } from './browser-case.js';

const SOCKET = { by: 'WebSocket', url: '{api}/' } as const;
const POLLING = { by: 'Socket.IO', url: '{api}', transport: 'polling' } as const;
const BY_SOCKET = { by: 'Socket.IO', url: '{api}', transport: 'websocket' } as const;

/** WebSockets, which browsers open to any host, with its cookies. */
export const SOCKET_CASES: readonly BrowserCase[] = [
  {
    title: 'a socket of a listed page',
    page: SHOP,
    list: [SHOP],
    asks: [SOCKET],
    expected: { page: ['opened'], preflights: 0, handled: ['socket'] },
  },
  {
    title: 'a socket of another page',
    page: EVIL,
    list: [SHOP],
    asks: [SOCKET],
    expected: { page: ['refused'], preflights: 0, handled: [], stopped: 1 },
  },
  {
    title: 'a socket of a subdomain of a wildcard',
    page: SHOP,
    list: ['http://*.acme.localhost:{port}'],
    asks: [SOCKET],
    expected: { page: ['opened'], preflights: 0, handled: ['socket'] },
  },
  {
    title: 'a socket of a sandboxed frame of a listed page',
    page: SHOP,
    isSandboxed: true,
    list: [SHOP],
    asks: [SOCKET],
    expected: { page: ['refused'], preflights: 0, handled: [], stopped: 1 },
  },
  {
    title: 'a socket of a page, any origin listed, which says nothing of cookies',
    page: EVIL,
    list: ['*'],
    asks: [SOCKET],
    expected: { page: ['refused'], preflights: 0, handled: [], stopped: 1 },
  },
  {
    title: 'a socket of a page, where the policy only reports',
    page: EVIL,
    list: [SHOP],
    policy: { enforcement: 'report' },
    asks: [SOCKET],
    expected: { page: ['opened'], preflights: 0, handled: ['socket'] },
  },
];

/** The same of Socket.IO, by each of its transports. */
export const SOCKET_IO_CASES: readonly BrowserCase[] = [
  {
    title: 'a listed page that polls',
    page: SHOP,
    list: [SHOP],
    asks: [POLLING],
    expected: { page: ['opened'], preflights: 0, handled: ['session'] },
  },
  {
    title: 'another page that polls',
    page: EVIL,
    list: [SHOP],
    asks: [POLLING],
    expected: { page: ['refused'], preflights: 0, handled: [], stopped: 1 },
  },
  {
    title: 'a listed page with a socket',
    page: SHOP,
    list: [SHOP],
    asks: [BY_SOCKET],
    expected: { page: ['opened'], preflights: 0, handled: ['session'] },
  },
  {
    title: 'another page with a socket',
    page: EVIL,
    list: [SHOP],
    asks: [BY_SOCKET],
    expected: { page: ['refused'], preflights: 0, handled: [], stopped: 1 },
  },
];
