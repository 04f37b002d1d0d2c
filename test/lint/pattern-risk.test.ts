import { describe, expect, it } from 'vitest';
import type { LintContext } from '../../src/lint/lint-context.js';
import { lintPattern } from '../../src/lint/lint-pattern.js';
import { CREDENTIALS, DEVELOPMENT, PLAIN } from './lint-contexts.js';

/** Each finding as `severity CODE`. */
const said = (pattern: string, context: LintContext) =>
  lintPattern(pattern, context).map(({ severity, code }) => `${severity} ${code}`);

describe('given a pattern that lets in more than is safe', () => {
  it.each([
    ['*', ['warn ANY_ORIGIN'], ['reject ANY_ORIGIN_WITH_CREDENTIALS']],
    ['null', ['warn NULL_ORIGIN'], ['reject NULL_ORIGIN_WITH_CREDENTIALS']],
    ['http://a.example', ['warn INSECURE_SCHEME'], ['reject INSECURE_WITH_CREDENTIALS']],
    ['https://*.co.uk', ['warn PUBLIC_SUFFIX'], ['reject PUBLIC_SUFFIX_WITH_CREDENTIALS']],
    ['https://*.vercel.app', ['warn PUBLIC_SUFFIX'], ['reject PUBLIC_SUFFIX_WITH_CREDENTIALS']],
    [
      'https://*.internal',
      ['warn PUBLIC_SUFFIX', 'warn PRIVATE_ADDRESS'],
      ['reject PUBLIC_SUFFIX_WITH_CREDENTIALS', 'warn PRIVATE_ADDRESS'],
    ],
    [
      'https://*.com.',
      ['warn PUBLIC_SUFFIX', 'warn TRAILING_DOT'],
      ['reject PUBLIC_SUFFIX_WITH_CREDENTIALS', 'warn TRAILING_DOT'],
    ],
    ['https://*.amazonaws.com', ['warn PUBLIC_SUFFIX'], ['reject PUBLIC_SUFFIX_WITH_CREDENTIALS']],
    ['https://*.eu-west-1.amazonaws.com', ['warn PUBLIC_SUFFIX'], ['reject PUBLIC_SUFFIX_WITH_CREDENTIALS']],
    ['https://*.core.windows.net', ['warn PUBLIC_SUFFIX'], ['reject PUBLIC_SUFFIX_WITH_CREDENTIALS']],
    ['https://a-*.vercel.app', ['warn SHARED_SUFFIX_AFFIX'], ['reject SHARED_SUFFIX_AFFIX_WITH_CREDENTIALS']],
    [
      'https://a-*.internal',
      ['warn SHARED_SUFFIX_AFFIX', 'warn PRIVATE_ADDRESS'],
      ['reject SHARED_SUFFIX_AFFIX_WITH_CREDENTIALS', 'warn PRIVATE_ADDRESS'],
    ],
    [
      'http://*.co.uk',
      ['warn INSECURE_SCHEME', 'warn PUBLIC_SUFFIX'],
      ['reject INSECURE_WITH_CREDENTIALS', 'reject PUBLIC_SUFFIX_WITH_CREDENTIALS'],
    ],
    [
      'http://a-*.co.uk:*',
      ['warn INSECURE_SCHEME', 'warn SHARED_SUFFIX_AFFIX', 'warn WILDCARD_PORT_PUBLIC_HOST'],
      [
        'reject INSECURE_WITH_CREDENTIALS',
        'reject SHARED_SUFFIX_AFFIX_WITH_CREDENTIALS',
        'warn WILDCARD_PORT_PUBLIC_HOST',
      ],
    ],
  ])('warns of %s, and refuses it with credentials', (pattern, plain, withCredentials) => {
    expect(said(pattern, PLAIN)).toEqual(plain);
    expect(said(pattern, CREDENTIALS)).toEqual(withCredentials);
    expect(lintPattern(pattern, CREDENTIALS).every((finding) => finding.class === 'risk')).toBe(true);
  });

  it.each([
    ['http://localhost:3000', 'LOOPBACK_IN_PRODUCTION'],
    ['https://a.localhost', 'LOOPBACK_IN_PRODUCTION'],
    ['http://*.localhost:*', 'LOOPBACK_IN_PRODUCTION'],
    ['http://pr-*.localhost', 'LOOPBACK_IN_PRODUCTION'],
    ['http://127.1.2.3', 'LOOPBACK_IN_PRODUCTION'],
    ['http://[::1]:*', 'LOOPBACK_IN_PRODUCTION'],
    ['https://a.example:*', 'WILDCARD_PORT_PUBLIC_HOST'],
    ['https://*.a.example:*', 'WILDCARD_PORT_PUBLIC_HOST'],
    ['https://pr-*.a.example:*', 'WILDCARD_PORT_PUBLIC_HOST'],
    ['https://10.0.0.1', 'PRIVATE_ADDRESS'],
    ['https://172.16.0.1', 'PRIVATE_ADDRESS'],
    ['https://172.31.255.255:*', 'PRIVATE_ADDRESS'],
    ['https://192.168.0.1', 'PRIVATE_ADDRESS'],
    ['https://169.254.169.254', 'PRIVATE_ADDRESS'],
    ['https://100.64.0.1', 'PRIVATE_ADDRESS'],
    ['https://0.0.0.0:3000', 'PRIVATE_ADDRESS'],
    ['https://[fd12:3456::1]', 'PRIVATE_ADDRESS'],
    ['https://[fe80::1]', 'PRIVATE_ADDRESS'],
    ['https://[febf::1]', 'PRIVATE_ADDRESS'],
    ['https://[::]', 'PRIVATE_ADDRESS'],
    ['https://[fec0::1]', 'PRIVATE_ADDRESS'],
    ['https://[feff::1]', 'PRIVATE_ADDRESS'],
    ['https://198.18.0.1', 'PRIVATE_ADDRESS'],
    ['https://198.19.255.255', 'PRIVATE_ADDRESS'],
    ['https://192.0.0.8', 'PRIVATE_ADDRESS'],
    ['https://printer.local', 'PRIVATE_ADDRESS'],
    ['https://printer.local:*', 'PRIVATE_ADDRESS'],
    ['https://*.a.internal', 'PRIVATE_ADDRESS'],
    ['https://pr-*.a.internal', 'PRIVATE_ADDRESS'],
    ['https://nas.lan', 'PRIVATE_ADDRESS'],
    ['https://nas.home.arpa', 'PRIVATE_ADDRESS'],
    ['https://localhost.localdomain', 'PRIVATE_ADDRESS'],
    ['https://*.svc.cluster.local', 'PRIVATE_ADDRESS'],
    ['https://app.corp', 'PRIVATE_ADDRESS'],
    ['https://lvh.me', 'PRIVATE_ADDRESS'],
    ['https://app.localtest.me:*', 'PRIVATE_ADDRESS'],
    ['https://10.0.0.1.nip.io', 'PRIVATE_ADDRESS'],
    ['https://*.sslip.io', 'PRIVATE_ADDRESS'],
    ['https://intranet', 'SINGLE_LABEL_HOST'],
    ['https://s3-store', 'SINGLE_LABEL_HOST'],
    ['https://intranet:*', 'SINGLE_LABEL_HOST'],
    ['https://8.8.8.8', 'IP_LITERAL'],
    ['https://172.32.0.1', 'IP_LITERAL'],
    ['https://100.128.0.1', 'IP_LITERAL'],
    ['https://203.0.113.7:8443', 'IP_LITERAL'],
    ['https://[2001:db8::1]', 'IP_LITERAL'],
    ['https://198.17.0.1', 'IP_LITERAL'],
    ['https://198.20.0.1', 'IP_LITERAL'],
    ['https://192.0.1.1', 'IP_LITERAL'],
    ['https://[ff02::1]', 'IP_LITERAL'],
    ['https://app.vercel.app', 'SHARED_HOSTING'],
    ['https://deep.app.github.io', 'SHARED_HOSTING'],
    ['https://codepen.io', 'USER_CONTENT_HOST'],
    ['https://s3.amazonaws.com', 'USER_CONTENT_HOST'],
    ['https://s3.eu-west-1.amazonaws.com', 'USER_CONTENT_HOST'],
    ['https://s3-us-west-2.amazonaws.com', 'USER_CONTENT_HOST'],
    ['https://nyc3.digitaloceanspaces.com', 'USER_CONTENT_HOST'],
    ['https://blog.wordpress.com', 'USER_CONTENT_HOST'],
    ['https://script.google.com', 'USER_CONTENT_HOST'],
    ['https://a.jsfiddle.net', 'USER_CONTENT_HOST'],
    ['https://*.jsfiddle.net', 'USER_CONTENT_HOST'],
    ['https://a-*.jsfiddle.net', 'USER_CONTENT_HOST'],
    ['https://abc.loca.lt', 'EPHEMERAL_TUNNEL'],
    ['https://*.loca.lt', 'EPHEMERAL_TUNNEL'],
    ['https://*.github.dev', 'EPHEMERAL_TUNNEL'],
    ['https://abc-3000.app.github.dev', 'EPHEMERAL_TUNNEL'],
    ['https://abc.jprq.live', 'EPHEMERAL_TUNNEL'],
    ['https://abc.share.zrok.io', 'EPHEMERAL_TUNNEL'],
    ['chrome-extension://abcdefghijklmnopabcdefghijklmnop', 'EXTENSION_ORIGIN'],
    ['moz-extension://00000000-0000-4000-8000-000000000000', 'EXTENSION_ORIGIN'],
    ['capacitor://localhost', 'APP_SCHEME'],
    ['app://-', 'APP_SCHEME'],
    ['ftp://a.example', 'UNUSUAL_SCHEME'],
    ['https://a.example.', 'TRAILING_DOT'],
    ['https://*.a.example.', 'TRAILING_DOT'],
    ['https://a_b.example', 'UNDERSCORE_HOST'],
    ['https://*.a_b.example', 'UNDERSCORE_HOST'],
    ['https://-a.example', 'HYPHEN_EDGE'],
    ['https://a-.b.example', 'HYPHEN_EDGE'],
    ['https://*.-a.example', 'HYPHEN_EDGE'],
    ['https://-a-*.b.example', 'HYPHEN_EDGE'],
  ])('warns of %s by %s alone, with credentials or without', (pattern, code) => {
    expect(said(pattern, PLAIN)).toEqual([`warn ${code}`]);
    expect(said(pattern, CREDENTIALS)).toEqual([`warn ${code}`]);
  });

  it('says both when a tunnel’s or playground’s names are shared hosting too', () => {
    expect(said('https://abc.ngrok-free.app', PLAIN)).toEqual([
      'warn SHARED_HOSTING',
      'warn EPHEMERAL_TUNNEL',
    ]);
    expect(said('https://abc.csb.app', PLAIN)).toEqual(['warn SHARED_HOSTING', 'warn USER_CONTENT_HOST']);
  });

  it('shows an origin that someone else could own', () => {
    const examplesOf = (pattern: string) => lintPattern(pattern, PLAIN).map(({ examples }) => examples);
    expect(examplesOf('https://*.vercel.app:8443')).toEqual([['https://evil.vercel.app:8443']]);
    expect(examplesOf('https://pr-*-shop.vercel.app')).toEqual([['https://pr-evil-shop.vercel.app']]);
    expect(examplesOf('https://*.amazonaws.com')).toEqual([['https://evil.s3.amazonaws.com']]);
    expect(examplesOf('https://a.example:*')).toEqual([['https://a.example:8443']]);
  });

  it.each([':80', ':*'])('says that pages of an extension have no port, as in %s', (port) => {
    const origin = 'chrome-extension://abcdefghijklmnopabcdefghijklmnop';
    expect(lintPattern(`${origin}${port}`, CREDENTIALS)).toMatchObject([
      { code: 'EXTENSION_ORIGIN', severity: 'warn' },
      { code: 'UNUSUAL_SCHEME', severity: 'warn', text: port, fix: origin },
    ]);
  });

  it('names the list of public suffixes it went by', () => {
    const [finding] = lintPattern('https://*.vercel.app', PLAIN);
    expect(finding?.publicSuffixListVersion).toMatch(/^tldts \d+\.\d+\.\d+$/);
  });
});

describe('given a pattern that is safe', () => {
  it.each([
    'https://a.example',
    'https://a.example:8443',
    'https://*.a.example',
    'https://*.example.co.uk',
    'https://pr-*-shop.a.example',
    'https://deploy-preview-*--site.a.example',
    'https://*.app.vercel.app',
    'https://vercel.app',
    'https://s3.example.com',
    'https://a.notlocal',
    'https://local.example.com',
    'https://www.google.com',
    'https://a.co.uk',
    'https://*.bucket.s3.amazonaws.com',
    'https://notjsfiddle.net',
    'https://notloca.lt',
  ])('says nothing of %s', (pattern) => {
    expect(lintPattern(pattern, CREDENTIALS)).toEqual([]);
  });

  it.each([
    'http://localhost',
    'http://localhost:*',
    'http://*.localhost:3000',
    'http://pr-*.localhost',
    'http://127.0.0.1:5173',
    'http://127.255.255.254',
    'http://[::1]:3000',
  ])('says nothing of %s outside production', (pattern) => {
    expect(lintPattern(pattern, DEVELOPMENT)).toEqual([]);
    expect(lintPattern(pattern, { ...DEVELOPMENT, environment: 'staging' })).toEqual([]);
  });

  it.each(['http://localhost.a.example', 'http://alocalhost', 'http://128.0.0.1', 'http://[::2]'])(
    'does not take %s for this machine',
    (pattern) => {
      expect(said(pattern, DEVELOPMENT)).toContain('reject INSECURE_WITH_CREDENTIALS');
    },
  );
});
