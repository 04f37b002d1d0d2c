import { type BrowserCase, SHOP } from './browser-case.js';

/** Has the server set a cookie, which is of the page's own site: browsers keep other sites' cookies from requests. */
const SIGN_IN = { by: 'fetch', url: '{api}/session', mode: 'no-cors', credentials: 'include' } as const;
const GET = { by: 'fetch', url: '{api}/' } as const;
const WITH_COOKIE = { ...GET, credentials: 'include' } as const;
const LISTED = { page: SHOP, list: [SHOP] } as const;

/** Cookies: whether they are sent is the page's choice, whether it reads the answer the policy's. */
export const CREDENTIAL_CASES: readonly BrowserCase[] = [
  {
    title: 'credentials on',
    ...LISTED,
    policy: { credentials: true },
    asks: [SIGN_IN, WITH_COOKIE],
    expected: { page: ['opaque', '200'], preflights: 0, handled: ['GET', 'GET with cookie'] },
  },
  {
    title: 'credentials on, and a page that includes none',
    ...LISTED,
    policy: { credentials: true },
    asks: [SIGN_IN, GET],
    expected: { page: ['opaque', '200'], preflights: 0, handled: ['GET', 'GET'] },
  },
  {
    title: 'credentials off',
    ...LISTED,
    asks: [SIGN_IN, WITH_COOKIE, GET],
    expected: {
      page: ['opaque', 'refused', '200'],
      preflights: 0,
      handled: ['GET', 'GET with cookie', 'GET'],
    },
  },
  {
    title: 'credentials on, after a preflight',
    ...LISTED,
    policy: { credentials: true },
    asks: [SIGN_IN, { ...WITH_COOKIE, method: 'PUT' }],
    expected: { page: ['opaque', '200'], preflights: 1, handled: ['GET', 'PUT with cookie'] },
  },
  {
    title: 'credentials off, after a preflight',
    ...LISTED,
    asks: [SIGN_IN, { ...WITH_COOKIE, method: 'PUT' }],
    expected: { page: ['opaque', 'refused'], preflights: 1, handled: ['GET'] },
  },
  {
    title: 'credentials on, any origin listed, which switches them off',
    page: SHOP,
    list: ['*', SHOP],
    policy: { credentials: true },
    asks: [SIGN_IN, WITH_COOKIE, GET],
    expected: {
      page: ['opaque', 'refused', '200'],
      preflights: 0,
      handled: ['GET', 'GET with cookie', 'GET'],
    },
  },
  {
    title: 'credentials on, any method and header allowed, which browsers take for names then',
    ...LISTED,
    policy: { credentials: true, methods: ['*'], allowedHeaders: ['*'] },
    asks: [SIGN_IN, { ...WITH_COOKIE, method: 'DELETE', headers: { 'x-requested-by': 'shop' } }],
    expected: {
      page: ['opaque', '200'],
      preflights: 1,
      handled: ['GET', 'DELETE with x-requested-by, cookie'],
    },
  },
  {
    title: 'credentials on, all headers exposed, which counts for nothing then',
    ...LISTED,
    policy: { credentials: true, exposedHeaders: ['*', 'x-total'] },
    asks: [SIGN_IN, WITH_COOKIE],
    expected: { page: ['opaque', '200 x-total'], preflights: 0, handled: ['GET', 'GET with cookie'] },
  },
];
