import { DEFAULT_POLICY, type PolicySettings } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { lintPolicy } from '../../src/lint/lint-policy.js';

const said = (settings: Partial<PolicySettings>) =>
  lintPolicy({ ...DEFAULT_POLICY, ...settings }).map(
    ({ severity, pointer, code }) => `${severity} ${pointer} ${code}`,
  );

describe('given settings that are sound', () => {
  it.each<Partial<PolicySettings>>([
    {},
    { credentials: true, exposedHeaders: ['x-total'], maxAgeSeconds: 7_200 },
    { methods: ['get', 'Put', 'PATCH', 'PROPFIND'] },
    { methods: ['*'], allowedHeaders: ['*', 'Authorization'], exposedHeaders: ['ETag'] },
  ])('says nothing of %j', (settings) => {
    expect(said(settings)).toEqual([]);
  });
});

describe('given settings that cannot be stored', () => {
  it('refuses each, in their order', () => {
    expect(
      said({
        paths: ['api', '/API'],
        methods: ['PUT', 'TRACE', 'a b'],
        allowedHeaders: ['x:y'],
        maxAgeSeconds: 86_401,
      }),
    ).toEqual([
      'reject /paths/0 PATH_NOT_ABSOLUTE',
      'reject /paths/1 PATH_NOT_NORMAL',
      'reject /methods/1 METHOD_FORBIDDEN',
      'reject /methods/2 METHOD_INVALID',
      'reject /allowedHeaders/0 HEADER_INVALID',
      'reject /maxAgeSeconds MAX_AGE_RANGE',
    ]);
  });

  it('says of a refused value nothing else', () => {
    expect(said({ methods: ['trace'] })).toEqual(['reject /methods/0 METHOD_FORBIDDEN']);
  });

  it('keeps the fix of the engine', () => {
    expect(lintPolicy({ ...DEFAULT_POLICY, paths: ['/API'] })).toMatchObject([
      { class: 'syntax', fix: '/api' },
    ]);
  });
});

describe('given settings that browsers ignore', () => {
  it('warns of a method that browsers do not put into capitals', () => {
    expect(lintPolicy({ ...DEFAULT_POLICY, methods: ['PUT', 'patch'] })).toMatchObject([
      { pointer: '/methods/1', code: 'METHOD_NOT_UPPER_CASE', class: 'risk', severity: 'warn', fix: 'PATCH' },
    ]);
  });

  it.each([
    'Cookie',
    'host',
    'Origin',
    'Sec-Fetch-Site',
    'proxy-authorization',
    'Access-Control-Request-Method',
  ])('warns of the request header %s, which no page can set', (name) => {
    expect(said({ allowedHeaders: ['content-type', name] })).toEqual([
      'warn /allowedHeaders/1 FORBIDDEN_REQUEST_HEADER',
    ]);
  });

  it.each(['Set-Cookie', 'set-cookie2'])(
    'warns of the response header %s, which no page can read',
    (name) => {
      expect(said({ exposedHeaders: [name] })).toEqual(['warn /exposedHeaders/0 FORBIDDEN_RESPONSE_HEADER']);
    },
  );

  it('warns of * in the headers that pages may read', () => {
    expect(said({ exposedHeaders: ['ETag', '*'] })).toEqual(['warn /exposedHeaders/1 ANY_EXPOSED_HEADER']);
  });

  it('hints that * in headers does not stand for Authorization', () => {
    expect(lintPolicy({ ...DEFAULT_POLICY, allowedHeaders: ['*'] })).toMatchObject([
      { pointer: '/allowedHeaders/0', code: 'AUTHORIZATION_NOT_COVERED_HINT', class: 'hint', severity: 'ok' },
    ]);
  });

  it('warns of a max-age above what Chromium keeps', () => {
    expect(lintPolicy({ ...DEFAULT_POLICY, maxAgeSeconds: 7_201 })).toMatchObject([
      { pointer: '/maxAgeSeconds', code: 'MAX_AGE_TOO_LONG', severity: 'warn', fix: '7200' },
    ]);
  });
});

describe('given alwaysSend', () => {
  it('hints that credentials are not sent with it', () => {
    expect(said({ alwaysSend: true, credentials: true })).toEqual([
      'ok /alwaysSend ALWAYS_SEND_WITHOUT_CREDENTIALS_HINT',
    ]);
    expect(said({ alwaysSend: true })).toEqual([]);
  });
});

describe('given * with credentials', () => {
  it('warns wherever it stands, and puts hints last', () => {
    expect(said({ credentials: true, methods: ['*'], allowedHeaders: ['*'], exposedHeaders: ['*'] })).toEqual(
      [
        'warn /methods/0 ANY_METHOD_WITH_CREDENTIALS',
        'warn /allowedHeaders/0 ANY_HEADER_WITH_CREDENTIALS',
        'warn /exposedHeaders/0 ANY_EXPOSED_HEADER_WITH_CREDENTIALS',
        'ok /allowedHeaders/0 AUTHORIZATION_NOT_COVERED_HINT',
      ],
    );
  });
});
