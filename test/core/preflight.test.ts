import { decide } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { ALL_CORS_HEADERS, listOf, NOW, OF_APP, ORIGIN, PREFLIGHT, policy } from './decision-list.js';

describe('given a preflight that is refused', () => {
  it.each<[string, object, string]>([
    ['a method that is not listed', { requestMethod: 'PURGE' }, 'method_not_allowed'],
    ['a method in lower case', { requestMethod: 'put' }, 'method_not_allowed'],
    ['no method', { requestMethod: '' }, 'method_invalid'],
    ['two methods', { requestMethod: 'PUT, DELETE' }, 'method_invalid'],
    ['two lines of methods', { requestMethod: ['PUT', 'PUT'] }, 'method_invalid'],
    ['a method no page may use', { requestMethod: 'TRACE' }, 'method_forbidden'],
    ['a method no page may use, in lower case', { requestMethod: 'connect' }, 'method_forbidden'],
    ['a header that is not listed', { requestHeaders: 'x-a' }, 'request_header_not_allowed'],
    ['one header of two', { requestHeaders: 'content-type,x-a' }, 'request_header_not_allowed'],
    ['header names that are none', { requestHeaders: 'a b' }, 'request_headers_invalid'],
    ['more header names than are read', { requestHeaders: 'a'.repeat(5000) }, 'request_headers_oversized'],
  ])('%s: 403, nothing sent, the entry named', (_, change, reason) => {
    expect(decide({ ...PREFLIGHT, ...change }, listOf(OF_APP), NOW)).toMatchObject({
      kind: 'preflight',
      allowed: false,
      reason,
      matched: { pattern: ORIGIN, kind: 'exact' },
      callsNext: false,
      status: 403,
      headers: {},
      remove: ALL_CORS_HEADERS,
      vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
    });
  });
});

describe('given wildcards in a policy', () => {
  const wildcards = { methods: ['*'], allowedHeaders: ['*'] };
  const request = { ...PREFLIGHT, requestMethod: 'PURGE', requestHeaders: 'X-B,x-a' };

  it('without credentials they are sent as they are', () => {
    expect(decide(request, listOf(OF_APP, policy('default', wildcards)), NOW).headers).toMatchObject({
      'access-control-allow-methods': '*',
      'access-control-allow-headers': '*',
    });
  });

  it('with credentials they are spelled out', () => {
    const list = listOf(OF_APP, policy('default', { ...wildcards, credentials: true }));
    expect(decide(request, list, NOW).headers).toMatchObject({
      'access-control-allow-methods': 'PURGE',
      'access-control-allow-headers': 'x-b, x-a',
    });
    expect(decide(PREFLIGHT, list, NOW).headers['access-control-allow-headers']).toBeUndefined();
  });

  it('with credentials a `*` that is asked for is a name like any other', () => {
    const list = listOf(OF_APP, policy('default', { ...wildcards, credentials: true }));
    const asked = { ...PREFLIGHT, requestMethod: '*', requestHeaders: 'x-a,*' };
    expect(decide(asked, list, NOW).headers).toMatchObject({
      'access-control-allow-methods': '*',
      'access-control-allow-headers': 'x-a, *',
    });
  });

  it('with credentials what is listed comes first and once', () => {
    const settings = { credentials: true, methods: ['PUT', '*'], allowedHeaders: ['X-A', '*'] };
    expect(decide(request, listOf(OF_APP, policy('default', settings)), NOW).headers).toMatchObject({
      'access-control-allow-methods': 'PUT, PURGE',
      'access-control-allow-headers': 'x-a, x-b',
    });
  });

  it.each([true, false])('* does not cover Authorization, with credentials %s', (credentials) => {
    const asked = { ...PREFLIGHT, requestHeaders: 'Authorization' };
    const open = listOf(OF_APP, policy('default', { ...wildcards, credentials }));
    expect(decide(asked, open, NOW).reason).toBe('request_header_not_allowed');
    const named = policy('default', { ...wildcards, credentials, allowedHeaders: ['*', 'authorization'] });
    expect(decide(asked, listOf(OF_APP, named), NOW).headers['access-control-allow-headers']).toContain(
      'authorization',
    );
  });
});
