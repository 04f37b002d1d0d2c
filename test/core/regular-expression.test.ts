import { describe, expect, it } from 'vitest';
import { codesOf, fixOf } from './problem-codes.js';

describe('given a regular expression', () => {
  it.each<[string, string | undefined]>([
    ['https://(.*).example.com', 'https://*.example.com'],
    ['https://(.+)\\.example\\.com', 'https://*.example.com'],
    ['https://pr-.*.example.com', 'https://pr-*.example.com'],
    ['https://pr-.*-shop.example.com', 'https://pr-*-shop.example.com'],
    ['https://.*.example.com', 'https://*.example.com'],
    ['http://.*', undefined],
    ['.*\\.example\\.com', undefined],
    ['.+://example.com', undefined],
    ['.*://example.com', undefined],
    ['https://[abc].example.com', undefined],
    ['https://[a-f0-9]{7}.example.com', undefined],
    ['https://[^.]+.example.com', undefined],
    ['https://[a-z]{1,3}.example.com', undefined],
    ['https://pr[123].example.com', undefined],
    ['https://pr-[0-9]+.example.com', undefined],
    ['https://[a-z:]+.example.com', undefined],
    ['https://example.com:[0-9]+', undefined],
    ['https://\\S+.example.com', undefined],
    ['https://\\w.example.com', undefined],
    ['https://pr-\\d+.example.com', undefined],
    ['https://example.com:\\d+', undefined],
    ['https://example.com(:\\d+)?', undefined],
    ['https://.?example.com', undefined],
    ['https://.{3}.example.com', undefined],
    ['https://.{1,3}.example.com', undefined],
    ['https://(www).example.com', undefined],
    ['https://(www.)?example.com', undefined],
    ['https://(?=a).example.com', undefined],
    ['(http|https)://example.com', undefined],
    ['https://www.+example.com', undefined],
    ['https://example.com:.*', undefined],
    ['(.*)', undefined],
    ['/example/', undefined],
    ['/example\\.com$/i', undefined],
    ['\\.example\\.com', undefined],
    ['^https://(a\\.example|b\\.example)$', undefined],
    ['https://example\\.com/path', 'https://example.com'],
  ])('%j is nothing but one', (text, fix) => {
    expect(codesOf(text)).toEqual(['REGEX_LIKE']);
    expect(fixOf(text)).toBe(fix);
  });
});

describe('given what somebody mistyped, or meant otherwise', () => {
  it.each<[string, readonly string[]]>([
    ['https://*.example.com/*', ['HAS_PATH']],
    ['https://example.com/.*', ['HAS_PATH']],
    ['https://example.com/wiki/A_(b)', ['HAS_PATH']],
    ['https://example.com/[id]', ['HAS_PATH']],
    ['https://example.com?x=1', ['HAS_QUERY']],
    ['https://example.com?ids[]=(1)', ['HAS_QUERY']],
    ['https://[::1]?x=[a-z]', ['HAS_QUERY']],
    ['https://example.com#(a)', ['HAS_FRAGMENT']],
    ['https://exam(ple.com', ['BAD_HOST_CHAR']],
    ['https://exam)ple.com', ['BAD_HOST_CHAR']],
    ['https://exam+ple.com', ['BAD_HOST_CHAR']],
    ['https://exam|ple.com', ['BAD_HOST_CHAR']],
    ['https://{tenant}.example.com', ['BAD_HOST_CHAR']],
    ['https://{0}.example.com', ['BAD_HOST_CHAR']],
    ['https://www.{0}.example.com', ['BAD_HOST_CHAR']],
    ['https://$(HOST).example.com', ['UPPERCASE', 'BAD_HOST_CHAR']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what a template leaves behind
    ['https://${host}.example.com', ['BAD_HOST_CHAR']],
    ['https://%(host)s.example.com', ['BAD_HOST_CHAR']],
    ['https://example.com (staging)', ['WHITESPACE', 'BAD_HOST_CHAR']],
    ['(https://example.com)', ['BAD_SCHEME', 'BAD_HOST_CHAR']],
    ['(example.com)', ['NO_SCHEME', 'BAD_HOST_CHAR']],
    ['javascript:alert(1)', ['OPAQUE_SCHEME']],
    ['https://example.com:(8080)', ['PORT_INVALID']],
    ['https://a\\b.com', ['BAD_HOST_CHAR']],
    ['https:\\\\www.example.com', ['BAD_SCHEME_SEPARATOR']],
    ['https:\\\\*.example.com', ['BAD_SCHEME_SEPARATOR']],
    ['https://example.com\\www', ['BAD_HOST_CHAR']],
    ['https://[example]:90', ['IP_INVALID']],
    ['https://[::1]a.example.com', ['IP_INVALID']],
    ['https://[1.2.3.4]', ['IP_INVALID']],
    ['https://example.com:[8080,8081]', ['PORT_INVALID']],
    ['https://example.com:[8080-8090]', ['PORT_INVALID']],
    ['https://foo.*.example.com', ['BAD_WILDCARD']],
    ['https://example.*', ['BAD_WILDCARD']],
    ['https://example.com.*', ['BAD_WILDCARD']],
    ['https://*.*.example.com', ['BAD_WILDCARD']],
    ['https://.example.com', ['EMPTY_LABEL']],
    ['["https://a.example","https://b.example"]', ['MULTIPLE']],
    ['/api/v1/', ['NO_SCHEME', 'HAS_PATH']],
    ['//example.com/', ['NO_SCHEME', 'HAS_PATH']],
  ])('%j is %j', (text, codes) => {
    expect(codesOf(text)).toEqual(codes);
  });

  it('a scheme may hold dots and plus signs', () => {
    expect(codesOf('a.+b.*c://example.com')).toEqual(['WILDCARD_SCHEME']);
    expect(codesOf('web.+app://example.com')).toEqual([]);
    expect(codesOf('https://[::1]:8080')).toEqual([]);
  });
});
