import { type BrowserCase, EVIL, SHOP } from './browser-case.js';

const BLOCK = { enforcement: 'block' } as const;
const POST = { by: 'fetch', url: '{api}/', method: 'POST', body: 'text' } as const;
const BLIND = { ...POST, mode: 'no-cors' } as const;
const FORM = { by: 'form', url: '{api}/' } as const;
/** A page of the server under test. Served with `Referrer-Policy: no-referrer`. */
const OWN = '{api}/page';

/** The enforcement `block`, and what comes without it. */
export const BLOCK_CASES: readonly BrowserCase[] = [
  {
    title: 'no block, and what another page sends blindly',
    page: EVIL,
    list: [SHOP],
    asks: [BLIND, FORM],
    expected: { page: ['opaque', 'sent'], preflights: 0, handled: ['POST', 'POST'] },
  },
  {
    title: 'block, and what another page sends blindly',
    page: EVIL,
    list: [SHOP],
    policy: BLOCK,
    asks: [BLIND, FORM],
    expected: { page: ['opaque', 'sent'], preflights: 0, handled: [], stopped: 2 },
  },
  {
    title: 'block, and what another page asks',
    page: EVIL,
    list: [SHOP],
    policy: BLOCK,
    asks: [{ by: 'fetch', url: '{api}/' }, POST, { ...POST, method: 'PUT' }],
    expected: { page: ['refused', 'refused', 'refused'], preflights: 1, handled: [], stopped: 2 },
  },
  {
    title: 'block, and a listed page',
    page: SHOP,
    list: [SHOP],
    policy: BLOCK,
    asks: [POST, { ...POST, method: 'PUT' }, FORM],
    expected: { page: ['200', '200', 'sent'], preflights: 1, handled: ['POST', 'PUT', 'POST'] },
  },
  {
    title: 'block, and the cookie of a visitor with another page of the site',
    page: 'http://blog.acme.localhost:{port}',
    list: [SHOP],
    policy: { ...BLOCK, credentials: true },
    asks: [{ ...BLIND, credentials: 'include' }],
    expected: { page: ['opaque'], preflights: 0, handled: [], stopped: 1 },
  },
  {
    title: 'block, and a sandboxed frame',
    page: SHOP,
    isSandboxed: true,
    list: [SHOP],
    policy: BLOCK,
    asks: [BLIND],
    expected: { page: ['opaque'], preflights: 0, handled: [], stopped: 1 },
  },
  {
    title: "block, and the server's own page",
    page: OWN,
    list: [SHOP],
    policy: BLOCK,
    asks: [POST, BLIND],
    expected: {
      page: ['200 x-total x-trace', '200 x-total x-trace'],
      preflights: 0,
      handled: ['GET', 'POST', 'POST'],
    },
  },
  {
    title: "block, and a form of the server's own page, which under no-referrer tells no origin",
    page: OWN,
    list: [SHOP],
    policy: BLOCK,
    asks: [FORM],
    expected: { page: ['sent'], preflights: 0, handled: ['GET', 'POST from null'] },
  },
  {
    title: 'block, and a page of a public origin of the application, not listed',
    page: SHOP,
    list: [],
    policy: BLOCK,
    options: { publicOrigins: [SHOP] },
    asks: [BLIND, POST],
    expected: { page: ['opaque', 'refused'], preflights: 0, handled: ['POST', 'POST'] },
  },
];
