import { describe, expect, it } from 'vitest';
import { lintPattern } from '../../src/lint/lint-pattern.js';
import { isPublicSuffix, publicSuffixBelow, publicSuffixOf } from '../../src/lint/public-suffix.js';
import { TUNNEL_HOSTS } from '../../src/lint/tunnel.js';
import { USER_CONTENT_HOSTS } from '../../src/lint/user-content.js';

describe('the public suffix of a name', () => {
  it.each([
    ['www.example.co.uk', 'co.uk', false],
    ['co.uk', 'co.uk', false],
    ['app.vercel.app', 'vercel.app', true],
    ['vercel.app.', 'vercel.app', true],
    ['a.foo.kawasaki.jp', 'foo.kawasaki.jp', false],
    ['city.kawasaki.jp', 'kawasaki.jp', false],
    ['a_b.example.com', 'com', false],
    ['xn--bcher-kva.xn--p1ai', 'xn--p1ai', false],
    ['a.internal', 'internal', false],
    ['intranet', 'intranet', false],
  ])('of %s is %s', (host, name, isPrivate) => {
    expect(publicSuffixOf(host)).toEqual({ name, isPrivate });
  });

  it('is none for localhost', () => {
    expect(publicSuffixOf('localhost')).toBeUndefined();
    expect(publicSuffixOf('a.localhost')).toBeUndefined();
    expect(isPublicSuffix('localhost.')).toBe(false);
  });
});

describe('a public suffix further down', () => {
  it.each([
    ['amazonaws.com', 's3.amazonaws.com'],
    ['eu-west-1.amazonaws.com', 's3.eu-west-1.amazonaws.com'],
    ['amazonaws.com.cn', 's3.cn-north-1.amazonaws.com.cn'],
    ['on.aws', 'lambda-url.us-east-1.on.aws'],
    ['us-east-1.on.aws', 'lambda-url.us-east-1.on.aws'],
    ['amazoncognito.com', 'auth.us-east-1.amazoncognito.com'],
    ['us-east-1.amazoncognito.com', 'auth.us-east-1.amazoncognito.com'],
    ['windows.net', 'blob.core.windows.net'],
    ['core.windows.net', 'blob.core.windows.net'],
    ['fastly.net', 'a.ssl.fastly.net'],
    ['ssl.fastly.net', 'a.ssl.fastly.net'],
    ['scw.cloud', 'k8s.scw.cloud'],
  ])('is found below %s', (host, suffix) => {
    expect(publicSuffixBelow(host)).toBe(suffix);
  });

  it.each(['example.com', 'bucket.s3.amazonaws.com', 'app.vercel.app', 'example.internal', 'localhost'])(
    'is not found below %s',
    (host) => {
      expect(publicSuffixBelow(host)).toBeUndefined();
    },
  );
});

describe('the lists of providers', () => {
  const codesOf = (host: string) =>
    lintPattern(`https://a.${host}`, { credentials: false, environment: 'production' }).map(
      ({ code }) => code,
    );

  it.each([...USER_CONTENT_HOSTS])('name %s as a host of user content', (host) => {
    expect(codesOf(host)).toContain('USER_CONTENT_HOST');
  });

  it.each([...TUNNEL_HOSTS])('name %s as a host of tunnels', (host) => {
    expect(codesOf(host)).toContain('EPHEMERAL_TUNNEL');
  });
});
