import { checkPolicySettings, DEFAULT_POLICY, type PolicySettings } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from '../../client/src/core/policy.js';

function compiled(settings: Partial<PolicySettings>) {
  return compilePolicy({ ...DEFAULT_POLICY, ...settings });
}

describe('given settings that could not be sent safely', () => {
  it('they are left out, whatever let them in', () => {
    const policy = compiled({
      methods: ['put', 'patch', 'TRACE', 'connect', 'Track', 'A B', '', 'X\r\nY', 'PUT'],
      allowedHeaders: ['X-A', 'x-a', 'x b', '', 'é', 'X\r\nY'],
      exposedHeaders: ['ETag', 'E Tag', ''],
    });
    expect([...policy.methods]).toEqual(['PUT', 'patch']);
    expect([...policy.headers]).toEqual(['x-a']);
    expect(policy.plain).toMatchObject({
      allowMethods: 'PUT, patch',
      allowHeaders: 'x-a',
      exposedHeaders: 'ETag',
    });
  });
});

describe('given wildcards in the settings', () => {
  const wildcards = {
    methods: ['*', 'PURGE'],
    allowedHeaders: ['*', 'Authorization'],
    exposedHeaders: ['*', 'ETag'],
  };

  it('an answer without credentials sends them', () => {
    expect(compiled(wildcards).plain).toEqual({
      credentials: false,
      allowMethods: '*, PURGE',
      allowHeaders: '*, authorization',
      exposedHeaders: '*, ETag',
      removedHeaders: [
        'access-control-allow-credentials',
        'access-control-allow-methods',
        'access-control-allow-headers',
        'access-control-max-age',
        'access-control-allow-private-network',
      ],
      echoMethod: false,
      echoHeaders: false,
    });
  });

  it('an answer with credentials never does', () => {
    expect(compiled({ ...wildcards, credentials: true }).listed).toEqual({
      credentials: true,
      allowMethods: 'PURGE',
      allowHeaders: 'authorization',
      exposedHeaders: 'ETag',
      removedHeaders: [
        'access-control-allow-methods',
        'access-control-allow-headers',
        'access-control-max-age',
        'access-control-allow-private-network',
      ],
      echoMethod: true,
      echoHeaders: true,
    });
  });
});

describe('given the settings of a new tenant', () => {
  it('there is nothing wrong with them', () => {
    expect(checkPolicySettings(DEFAULT_POLICY)).toEqual([]);
  });
});

describe('given a path prefix', () => {
  it.each(['/', '/api', '/api/v1', '/a.b', '/a;b', '/_x~y', '/*'])('%s can be stored', (path) => {
    expect(checkPolicySettings({ ...DEFAULT_POLICY, paths: [path] })).toEqual([]);
  });

  it.each([
    ['/api/', '/api'],
    ['//api', '/api'],
    ['/API', '/api'],
    ['/x/../api', '/api'],
    ['/./api', '/api'],
    ['/%61pi', '/api'],
    ['/api\\v1', '/api/v1'],
    ['/caf%C3%A9', undefined],
    ['/café', undefined],
    ['/a b', undefined],
    ['/api?x', undefined],
    ['/api#x', undefined],
    ['/%zz', undefined],
    ['/a\u0000', undefined],
    ['/{id}', undefined],
    ['/a^b', undefined],
  ])('%j leads nowhere; write %j', (path, fix) => {
    expect(checkPolicySettings({ ...DEFAULT_POLICY, paths: ['/', path] })).toEqual([
      {
        pointer: '/paths/1',
        code: 'PATH_NOT_NORMAL',
        detail: expect.stringContaining('lower-case ASCII'),
        ...(fix !== undefined && { fix }),
      },
    ]);
  });

  it('one that does not begin with a slash is no path', () => {
    expect(checkPolicySettings({ ...DEFAULT_POLICY, paths: ['api', ''] })).toEqual([
      { pointer: '/paths/0', code: 'PATH_NOT_ABSOLUTE', detail: 'A path prefix begins with a slash.' },
      { pointer: '/paths/1', code: 'PATH_NOT_ABSOLUTE', detail: 'A path prefix begins with a slash.' },
    ]);
  });
});

describe('given settings with several things wrong', () => {
  it('all are told at once, each with its place', () => {
    const settings = {
      ...DEFAULT_POLICY,
      methods: ['GET', 'A B', 'trace'],
      allowedHeaders: ['x a', '*', ' x-b '],
      exposedHeaders: ['ETag:'],
      maxAgeSeconds: 86_401,
    };
    expect(checkPolicySettings(settings)).toEqual([
      { pointer: '/methods/1', code: 'METHOD_INVALID', detail: 'A method is one name without spaces, or *.' },
      {
        pointer: '/methods/2',
        code: 'METHOD_FORBIDDEN',
        detail: 'Browsers never send CONNECT, TRACE or TRACK for a page.',
      },
      {
        pointer: '/allowedHeaders/0',
        code: 'HEADER_INVALID',
        detail: 'A header is one name without spaces or colon, or *.',
      },
      {
        pointer: '/allowedHeaders/2',
        code: 'HEADER_INVALID',
        detail: 'A header is one name without spaces or colon, or *.',
        fix: 'x-b',
      },
      {
        pointer: '/exposedHeaders/0',
        code: 'HEADER_INVALID',
        detail: 'A header is one name without spaces or colon, or *.',
      },
      {
        pointer: '/maxAgeSeconds',
        code: 'MAX_AGE_RANGE',
        detail: 'maxAgeSeconds is a whole number from 0 to 86400.',
      },
    ]);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'maxAgeSeconds of %d is out of range',
    (maxAgeSeconds) => {
      expect(checkPolicySettings({ ...DEFAULT_POLICY, maxAgeSeconds })).toMatchObject([
        { code: 'MAX_AGE_RANGE' },
      ]);
    },
  );

  it.each([0, 86_400, undefined])('maxAgeSeconds of %s can be stored', (maxAgeSeconds) => {
    expect(checkPolicySettings({ ...DEFAULT_POLICY, maxAgeSeconds })).toEqual([]);
  });
});
