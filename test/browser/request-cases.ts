import { type BrowserCase, EVIL, SHOP } from './browser-case.js';

const GET = { by: 'fetch', url: '{api}/' } as const;
const PUT = { ...GET, method: 'PUT' } as const;
const LISTED = { page: SHOP, list: [SHOP] } as const;
/** The preflight was refused: the request was never sent. */
const UNSENT = { page: ['refused'], preflights: 1, handled: [] } as const;

/** Methods and headers, of requests and of answers. */
export const REQUEST_CASES: readonly BrowserCase[] = [
  {
    title: 'a simple POST',
    ...LISTED,
    asks: [{ ...GET, method: 'POST', body: 'text' }],
    expected: { page: ['200'], preflights: 0, handled: ['POST'] },
  },
  {
    title: 'a method with a preflight',
    ...LISTED,
    asks: [PUT],
    expected: { page: ['200'], preflights: 1, handled: ['PUT'] },
  },
  {
    title: 'a method with a preflight, from another page',
    page: EVIL,
    list: [SHOP],
    asks: [PUT],
    expected: UNSENT,
  },
  {
    title: 'a method with a preflight, any origin listed',
    page: EVIL,
    list: ['*'],
    asks: [PUT],
    expected: { page: ['200'], preflights: 1, handled: ['PUT'] },
  },
  {
    title: 'a method the policy has not',
    ...LISTED,
    policy: { methods: ['PUT'] },
    asks: [{ ...GET, method: 'DELETE' }],
    expected: UNSENT,
  },
  {
    title: 'any method allowed',
    ...LISTED,
    policy: { methods: ['*'] },
    asks: [{ ...GET, method: 'DELETE' }],
    expected: { page: ['200'], preflights: 1, handled: ['DELETE'] },
  },
  {
    title: 'a patch in lower case, which browsers send as it is',
    ...LISTED,
    policy: { methods: ['PATCH'] },
    asks: [{ ...GET, method: 'patch' }],
    expected: UNSENT,
  },
  {
    title: 'JSON, content-type allowed',
    ...LISTED,
    asks: [{ ...GET, method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }],
    expected: { page: ['200'], preflights: 1, handled: ['POST'] },
  },
  {
    title: 'JSON, content-type not allowed',
    ...LISTED,
    policy: { allowedHeaders: [] },
    asks: [{ ...GET, method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }],
    expected: UNSENT,
  },
  {
    title: 'a custom header, allowed in another case',
    ...LISTED,
    policy: { allowedHeaders: ['X-Requested-By'] },
    asks: [{ ...GET, headers: { 'x-requested-by': 'shop' } }],
    expected: { page: ['200'], preflights: 1, handled: ['GET with x-requested-by'] },
  },
  {
    title: 'a custom header the policy has not',
    ...LISTED,
    asks: [{ ...GET, headers: { 'x-requested-by': 'shop' } }],
    expected: UNSENT,
  },
  {
    title: 'a custom header, any header allowed',
    ...LISTED,
    policy: { allowedHeaders: ['*'] },
    asks: [{ ...GET, headers: { 'x-requested-by': 'shop' } }],
    expected: { page: ['200'], preflights: 1, handled: ['GET with x-requested-by'] },
  },
  {
    title: 'Authorization, any header allowed, which does not cover it',
    ...LISTED,
    policy: { allowedHeaders: ['*'] },
    asks: [{ ...GET, headers: { authorization: 'Bearer 1' } }],
    expected: UNSENT,
  },
  {
    title: 'Authorization, allowed by name beside any header',
    ...LISTED,
    policy: { allowedHeaders: ['*', 'authorization'] },
    asks: [{ ...GET, headers: { authorization: 'Bearer 1', 'x-requested-by': 'shop' } }],
    expected: { page: ['200'], preflights: 1, handled: ['GET with x-requested-by, authorization'] },
  },
  {
    title: 'an exposed header beside one that is not',
    ...LISTED,
    policy: { exposedHeaders: ['X-Total'] },
    asks: [GET],
    expected: { page: ['200 x-total'], preflights: 0, handled: ['GET'] },
  },
  {
    title: 'all headers exposed',
    ...LISTED,
    policy: { exposedHeaders: ['*'] },
    asks: [GET],
    expected: { page: ['200 x-total x-trace'], preflights: 0, handled: ['GET'] },
  },
  {
    title: 'an error of the application, after a preflight',
    ...LISTED,
    asks: [{ ...PUT, url: '{api}/broken' }],
    expected: { page: ['500'], preflights: 1, handled: ['PUT'] },
  },
  {
    title: 'a policy that only reports',
    ...LISTED,
    policy: { enforcement: 'report' },
    asks: [GET, PUT],
    expected: { page: ['refused', 'refused'], preflights: 1, handled: ['GET'] },
  },
];
