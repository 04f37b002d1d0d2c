import { type BrowserCase, EVIL, SHOP } from './browser-case.js';

const GET = { by: 'fetch', url: '{api}/' } as const;
const READ = { page: ['200'], preflights: 0, handled: ['GET'] } as const;
/** The request was sent and answered; the page was not shown the answer. */
const HIDDEN = { page: ['refused'], preflights: 0, handled: ['GET'] } as const;

/** Which pages read, by which pattern. */
export const ORIGIN_CASES: readonly BrowserCase[] = [
  { title: 'a listed page', page: SHOP, list: [SHOP], asks: [GET], expected: READ },
  { title: 'a page of another site', page: EVIL, list: [SHOP], asks: [GET], expected: HIDDEN },
  { title: 'an empty list', page: SHOP, list: [], asks: [GET], expected: HIDDEN },
  { title: 'any origin listed', page: EVIL, list: ['*'], asks: [GET], expected: READ },
  {
    title: 'a host that begins as a listed one does',
    page: 'http://shop.acme.localhost.evil.localhost:{port}',
    list: [SHOP],
    asks: [GET],
    expected: HIDDEN,
  },
  {
    title: 'a listed host with a trailing dot',
    page: 'http://shop.acme.localhost.:{port}',
    list: [SHOP],
    asks: [GET],
    expected: HIDDEN,
  },
  {
    title: 'a page on another port',
    page: 'http://shop.acme.localhost:{elsewhere}',
    list: [SHOP],
    asks: [GET],
    expected: HIDDEN,
  },
  {
    title: 'a page on another port, any port listed',
    page: 'http://shop.acme.localhost:{elsewhere}',
    list: ['http://shop.acme.localhost:*'],
    asks: [GET],
    expected: READ,
  },
  {
    title: 'a page listed without its port',
    page: SHOP,
    list: ['http://shop.acme.localhost'],
    asks: [GET],
    expected: HIDDEN,
  },
  {
    title: 'a page listed with another scheme',
    page: SHOP,
    list: ['https://shop.acme.localhost:{port}'],
    asks: [GET],
    expected: HIDDEN,
  },
  {
    title: 'a subdomain of a wildcard',
    page: SHOP,
    list: ['http://*.acme.localhost:{port}'],
    asks: [GET],
    expected: READ,
  },
  {
    title: 'a subdomain several labels below a wildcard',
    page: 'http://de.shop.acme.localhost:{port}',
    list: ['http://*.acme.localhost:{port}'],
    asks: [GET],
    expected: READ,
  },
  {
    title: 'the apex of a wildcard',
    page: 'http://acme.localhost:{port}',
    list: ['http://*.acme.localhost:{port}'],
    asks: [GET],
    expected: HIDDEN,
  },
  {
    title: 'a host that ends as a wildcard does, inside a label',
    page: 'http://evilacme.localhost:{port}',
    list: ['http://*.acme.localhost:{port}'],
    asks: [GET],
    expected: HIDDEN,
  },
  {
    title: 'a subdomain of a wildcard on another port',
    page: 'http://shop.acme.localhost:{elsewhere}',
    list: ['http://*.acme.localhost:{port}'],
    asks: [GET],
    expected: HIDDEN,
  },
  {
    title: 'a subdomain of a wildcard with any port',
    page: 'http://shop.acme.localhost:{elsewhere}',
    list: ['http://*.acme.localhost:*'],
    asks: [GET],
    expected: READ,
  },
  {
    title: 'a preview of an affix',
    page: 'http://pr-12-shop.acme.localhost:{port}',
    list: ['http://pr-*-shop.acme.localhost:{port}'],
    asks: [GET],
    expected: READ,
  },
  {
    title: 'an affix with nothing between its sides',
    page: 'http://pr--shop.acme.localhost:{port}',
    list: ['http://pr-*-shop.acme.localhost:{port}'],
    asks: [GET],
    expected: HIDDEN,
  },
  {
    title: 'an affix spread over two labels',
    page: 'http://pr-1.2-shop.acme.localhost:{port}',
    list: ['http://pr-*-shop.acme.localhost:{port}'],
    asks: [GET],
    expected: HIDDEN,
  },
  {
    title: 'an affix below another parent',
    page: 'http://pr-12-shop.evil.localhost:{port}',
    list: ['http://pr-*-shop.acme.localhost:{port}'],
    asks: [GET],
    expected: HIDDEN,
  },
];

const SANDBOXED = { page: SHOP, isSandboxed: true } as const;

/** Pages whose origin is `null`. */
export const NULL_CASES: readonly BrowserCase[] = [
  {
    title: 'a sandboxed frame, null listed',
    ...SANDBOXED,
    list: ['null'],
    asks: [GET],
    expected: { page: ['200'], preflights: 0, handled: ['GET from null'] },
  },
  {
    title: 'a sandboxed frame of a listed page, null not listed',
    ...SANDBOXED,
    list: [SHOP],
    asks: [GET],
    expected: { page: ['refused'], preflights: 0, handled: ['GET from null'] },
  },
  {
    title: 'a sandboxed frame with a preflight, null listed',
    ...SANDBOXED,
    list: ['null'],
    asks: [{ ...GET, method: 'PUT' }],
    expected: { page: ['200'], preflights: 1, handled: ['PUT from null'] },
  },
  {
    title: 'a sandboxed frame with a preflight, null not listed',
    ...SANDBOXED,
    list: [SHOP],
    asks: [{ ...GET, method: 'PUT' }],
    expected: { page: ['refused'], preflights: 1, handled: [] },
  },
  {
    title: 'a sandboxed frame that includes credentials, null listed',
    ...SANDBOXED,
    list: ['null'],
    policy: { credentials: true },
    asks: [{ ...GET, credentials: 'include' }],
    expected: { page: ['refused'], preflights: 0, handled: ['GET from null'] },
  },
];
