import { type BrowserCase, EVIL, SHOP } from './browser-case.js';

const GET = { by: 'fetch', url: '{api}/' } as const;
const PUT = { ...GET, method: 'PUT' } as const;
/** Without a max-age they keep a preflight for 5 seconds (Fetch, "CORS-preflight fetch"), by a clock no test can set. */
const LATER = { by: 'pause', ms: 5_500 } as const;
const LISTED = { page: SHOP, list: [SHOP] } as const;

/** Preflights that browsers keep, counted at the server. */
export const MAX_AGE_CASES: readonly BrowserCase[] = [
  {
    title: 'a max-age, and the same request again when browsers of themselves would have forgotten',
    ...LISTED,
    policy: { maxAgeSeconds: 600 },
    asks: [PUT, LATER, PUT],
    expected: { page: ['200', 'later', '200'], preflights: 1, handled: ['PUT', 'PUT'] },
  },
  {
    title: 'a max-age of 0, and the same request twice',
    ...LISTED,
    policy: { maxAgeSeconds: 0 },
    asks: [PUT, PUT],
    expected: { page: ['200', '200'], preflights: 2, handled: ['PUT', 'PUT'] },
  },
  {
    title: 'a max-age, and requests with all that the policy allows',
    ...LISTED,
    policy: { maxAgeSeconds: 600, methods: ['PUT', 'DELETE'], allowedHeaders: ['x-requested-by'] },
    asks: [PUT, { ...GET, method: 'DELETE' }, { ...PUT, headers: { 'x-requested-by': 'shop' } }],
    expected: {
      page: ['200', '200', '200'],
      preflights: 1,
      handled: ['PUT', 'DELETE', 'PUT with x-requested-by'],
    },
  },
  {
    title: 'a max-age, and a request with what the policy has not',
    ...LISTED,
    policy: { maxAgeSeconds: 600, methods: ['PUT'], allowedHeaders: [] },
    asks: [PUT, { ...GET, method: 'DELETE' }, { ...PUT, headers: { 'x-requested-by': 'shop' } }],
    expected: { page: ['200', 'refused', 'refused'], preflights: 3, handled: ['PUT'] },
  },
  {
    title: 'a max-age, and another URL',
    ...LISTED,
    policy: { maxAgeSeconds: 600 },
    asks: [PUT, { ...PUT, url: '{api}/?page=2' }],
    expected: { page: ['200', '200'], preflights: 2, handled: ['PUT', 'PUT'] },
  },
  {
    title: 'a max-age, and preflights that are refused',
    page: EVIL,
    list: [SHOP],
    policy: { maxAgeSeconds: 600 },
    asks: [PUT, PUT],
    expected: { page: ['refused', 'refused'], preflights: 2, handled: [] },
  },
];

const MOVED = { by: 'fetch', url: '{api}/moved?to={api}/' } as const;
const MOVED_AWAY = { by: 'fetch', url: '{api}/moved?to={other}/' } as const;

/** Answers that send a page elsewhere, all with 307; the other server has the same list. */
export const REDIRECT_CASES: readonly BrowserCase[] = [
  {
    title: 'a redirect within the server',
    ...LISTED,
    asks: [MOVED],
    expected: { page: ['200'], preflights: 0, handled: ['GET', 'GET'] },
  },
  {
    title: "a redirect from the page's own server",
    ...LISTED,
    asks: [{ by: 'fetch', url: '{page}/moved?to={api}/' }],
    expected: { page: ['200'], preflights: 0, handled: ['GET'] },
  },
  {
    title: 'a redirect of another page, which is not followed',
    page: EVIL,
    list: [SHOP],
    asks: [MOVED],
    expected: { page: ['refused'], preflights: 0, handled: ['GET'] },
  },
  {
    title: 'a redirect to another server, which makes the origin null',
    ...LISTED,
    asks: [MOVED_AWAY],
    expected: { page: ['refused'], preflights: 0, handled: ['GET', 'GET from null'] },
  },
  {
    title: 'a redirect to another server, null listed',
    page: SHOP,
    list: [SHOP, 'null'],
    asks: [MOVED_AWAY],
    expected: { page: ['200'], preflights: 0, handled: ['GET', 'GET from null'] },
  },
  {
    title: 'a redirect within the server, with preflights',
    ...LISTED,
    asks: [{ ...MOVED, method: 'PUT' }],
    expected: { page: ['200'], preflights: 2, handled: ['PUT', 'PUT'] },
  },
  {
    title: 'a redirect to another server, with preflights',
    ...LISTED,
    asks: [{ ...MOVED_AWAY, method: 'PUT' }],
    expected: { page: ['refused'], preflights: 2, handled: ['PUT'] },
  },
  {
    title: 'a redirect to another server, with preflights, null listed',
    page: SHOP,
    list: [SHOP, 'null'],
    asks: [{ ...MOVED_AWAY, method: 'PUT' }],
    expected: { page: ['200'], preflights: 2, handled: ['PUT', 'PUT from null'] },
  },
];
