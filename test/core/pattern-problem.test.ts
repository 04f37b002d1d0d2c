import { readFileSync } from 'node:fs';
import { type PatternProblemCode, parsePattern } from '@origin-allowlist/client/core';
import { describe, expect, it } from 'vitest';
import { codesOf, fixOf, HOST_251, LABEL_63 } from './problem-codes.js';

describe('given a text with one thing wrong', () => {
  it.each<[string, string, PatternProblemCode, string | undefined]>([
    ['nothing', '', 'EMPTY', undefined],
    ['a space before', ' https://example.com', 'WHITESPACE', 'https://example.com'],
    ['a space around *', ' * ', 'WHITESPACE', '*'],
    ['quotes', '"https://example.com"', 'QUOTED', 'https://example.com'],
    ['one quote', "'https://example.com", 'QUOTED', 'https://example.com'],
    ['typographic quotes', '\u201chttps://example.com\u201d', 'QUOTED', 'https://example.com'],
    ['quotes around null', '"null"', 'QUOTED', 'null'],
    ['two origins with a comma', 'https://a.example,https://b.example', 'MULTIPLE', undefined],
    ['two origins with a bar', 'https://a.example|https://b.example', 'MULTIPLE', undefined],
    ['a second host', 'https://a.example;b.example', 'MULTIPLE', undefined],
    ['an umlaut', 'https://bücher.example', 'NON_ASCII', 'https://xn--bcher-kva.example'],
    [
      'an umlaut below a wildcard',
      'https://*.bücher.example',
      'NON_ASCII',
      'https://*.xn--bcher-kva.example',
    ],
    ['a zero-width space', 'https://example.com\u200b', 'NON_ASCII', 'https://example.com'],
    ['an upper-case scheme', 'HTTPS://example.com', 'UPPERCASE', 'https://example.com'],
    ['an upper-case host', 'https://Example.COM', 'UPPERCASE', 'https://example.com'],
    ['no scheme', 'example.com', 'NO_SCHEME', 'https://example.com'],
    ['no scheme before a wildcard', '*.example.com', 'NO_SCHEME', 'https://*.example.com'],
    ['no scheme before slashes', '//example.com', 'NO_SCHEME', 'https://example.com'],
    ['an empty scheme', '://example.com', 'NO_SCHEME', 'https://example.com'],
    ['no scheme before localhost', 'localhost', 'NO_SCHEME', 'http://localhost'],
    ['a lone word', 'intranet', 'NO_SCHEME', undefined],
    ['a scheme that begins with a digit', '1http://example.com', 'BAD_SCHEME', undefined],
    ['a scheme with a bad character', 'ht_tp://example.com', 'BAD_SCHEME', undefined],
    ['a scheme too long', `${'a'.repeat(65)}://example.com`, 'SCHEME_TOO_LONG', undefined],
    ['one slash', 'https:/example.com', 'BAD_SCHEME_SEPARATOR', 'https://example.com'],
    ['no slash', 'https:example.com', 'BAD_SCHEME_SEPARATOR', 'https://example.com'],
    ['three slashes', 'https:///example.com', 'BAD_SCHEME_SEPARATOR', 'https://example.com'],
    ['backslashes', 'https:\\\\example.com', 'BAD_SCHEME_SEPARATOR', 'https://example.com'],
    ['two colons', 'https:://example.com', 'BAD_SCHEME_SEPARATOR', 'https://example.com'],
    ['a wildcard scheme', '*://example.com', 'WILDCARD_SCHEME', undefined],
    ['a wildcard in the scheme', 'http*://example.com', 'WILDCARD_SCHEME', undefined],
    ['a file', 'file:///tmp/x.html', 'FILE_SCHEME', undefined],
    ['data', 'data:text/html,x', 'OPAQUE_SCHEME', undefined],
    ['a blob', 'blob:https://example.com/uuid', 'OPAQUE_SCHEME', 'https://example.com'],
    ['a secure WebSocket', 'wss://example.com', 'WEBSOCKET_SCHEME', 'https://example.com'],
    ['a WebSocket', 'ws://example.com:8080', 'WEBSOCKET_SCHEME', 'http://example.com:8080'],
    ['a user', 'https://user@example.com', 'HAS_USERINFO', undefined],
    ['a slash', 'https://example.com/', 'HAS_PATH', 'https://example.com'],
    ['a path with a wildcard', 'https://example.com/*', 'HAS_PATH', 'https://example.com'],
    ['a query', 'https://example.com?x', 'HAS_QUERY', 'https://example.com'],
    ['a fragment', 'https://example.com#x', 'HAS_FRAGMENT', 'https://example.com'],
    ['no host', 'https://', 'EMPTY_HOST', undefined],
    ['no host before a port', 'https://:8080', 'EMPTY_HOST', undefined],
    ['a short extension id', 'chrome-extension://abc', 'BAD_HOST', undefined],
    ['an extension id past p', 'chrome-extension://abcdefghijklmnopabcdefghijklmnoq', 'BAD_HOST', undefined],
    ['an extension id that is no UUID', 'moz-extension://2c127fa4', 'BAD_HOST', undefined],
    ['a caret', 'https://exam^ple.com', 'BAD_HOST_CHAR', undefined],
    ['a dollar', 'https://exam$ple.com', 'BAD_HOST_CHAR', undefined],
    ['an encoded dot', 'https://exam%2eple.com', 'BAD_HOST_CHAR', undefined],
    ['a backslash', 'https://exam\\ple.com', 'BAD_HOST_CHAR', undefined],
    ['a comma', 'https://exam,ple.com', 'BAD_HOST_CHAR', undefined],
    ['a quote inside', 'https://exam"ple.com', 'BAD_HOST_CHAR', undefined],
    ['two dots', 'https://a..example.com', 'EMPTY_LABEL', undefined],
    ['two trailing dots', 'https://example.com..', 'EMPTY_LABEL', undefined],
    ['a leading dot', 'https://.example.com', 'EMPTY_LABEL', 'https://*.example.com'],
    ['a label too long', `https://a${LABEL_63}.com`, 'LABEL_TOO_LONG', undefined],
    ['an affix label too long', `https://pr-*${'-a'.repeat(30)}.example.com`, 'LABEL_TOO_LONG', undefined],
    ['a host too long', `https://aaa.${HOST_251}`, 'HOST_TOO_LONG', undefined],
    ['a wildcard host too long', `https://*.a${HOST_251.slice(0, 63)}`, 'LABEL_TOO_LONG', undefined],
    ['a host too long with its *.', `https://*.${HOST_251}.`, 'HOST_TOO_LONG', undefined],
    ['an A-label that encodes nothing', 'https://xn--.example', 'BAD_PUNYCODE', undefined],
    ['an A-label for a control character', 'https://xn--a.example', 'BAD_PUNYCODE', undefined],
    ['an A-label for plain letters', 'https://xn--abc-.example', 'BAD_PUNYCODE', undefined],
    ['a bad A-label below a wildcard', 'https://*.xn--0.example', 'BAD_PUNYCODE', undefined],
    ['a name that ends in a number', 'https://foo.bar.255', 'NUMERIC_LAST_LABEL', undefined],
    ['a name that ends in a hexadecimal number', 'https://foo.0x1f', 'NUMERIC_LAST_LABEL', undefined],
    ['a name in brackets', 'http://[example]', 'IP_INVALID', undefined],
    ['an open bracket', 'http://[::1', 'IP_INVALID', undefined],
    ['text after the bracket', 'http://[::1]a:90', 'IP_INVALID', undefined],
    ['no brackets', 'http://::1:90', 'IP_INVALID', 'http://[::1]:90'],
    ['an IPv6 address in full', 'http://[0:0:0:0:0:0:0:1]', 'IP_NOT_CANONICAL', 'http://[::1]'],
    ['a mapped address', 'http://[::ffff:7f00:1]:90', 'IP_MAPPED', 'http://127.0.0.1:90'],
    ['a zone', 'http://[fe80::1%25eth0]', 'IP_ZONE', undefined],
    ['a colon without port', 'https://example.com:', 'PORT_EMPTY', 'https://example.com'],
    ['a port of letters', 'https://example.com:abc', 'PORT_INVALID', undefined],
    ['part of a port', 'https://example.com:80*', 'PORT_INVALID', undefined],
    ['a list of ports', 'https://example.com:[8080,8081]', 'PORT_INVALID', undefined],
    ['a range of ports', 'https://example.com:8080-8090', 'PORT_INVALID', undefined],
    ['two ports', 'https://example.com:80:81', 'PORT_INVALID', undefined],
    ['a leading zero', 'https://example.com:08080', 'PORT_LEADING_ZERO', 'https://example.com:8080'],
    ['port zero', 'https://example.com:0', 'PORT_RANGE', undefined],
    ['a port too high', 'https://example.com:65536', 'PORT_RANGE', undefined],
    ['a port of a thousand digits', `https://example.com:${'9'.repeat(1000)}`, 'PORT_RANGE', undefined],
    ['the default port', 'https://example.com:443', 'DEFAULT_PORT', 'https://example.com'],
    ['the default port of a wildcard', 'http://*.example.com:80', 'DEFAULT_PORT', 'http://*.example.com'],
    ['no dot after the wildcard', 'https://*example.com', 'BAD_WILDCARD', 'https://*.example.com'],
    ['two wildcards', 'https://*.*.example.com', 'BAD_WILDCARD', 'https://*.example.com'],
    ['a double wildcard', 'https://**.example.com', 'BAD_WILDCARD', 'https://*.example.com'],
    ['a wildcard before part of a label', 'https://*.*-x.example.com', 'BAD_WILDCARD', undefined],
    ['two wildcards before a hyphen', 'https://**-x.example.com', 'BAD_WILDCARD', undefined],
    ['a wildcard without hyphen', 'https://foo*.example.com', 'BAD_WILDCARD', undefined],
    ['a wildcard without hyphen after', 'https://foo-*bar.example.com', 'BAD_WILDCARD', undefined],
    ['nothing but a hyphen beside it', 'https://-*.example.com', 'BAD_WILDCARD', undefined],
    ['two wildcards in a label', 'https://a-*-b-*.example.com', 'BAD_WILDCARD', undefined],
    ['a wildcard in a later label', 'https://foo.*.example.com', 'BAD_WILDCARD', undefined],
    ['a wildcard at the end', 'https://example.*', 'BAD_WILDCARD', undefined],
    ['an affix without parent', 'https://pr-*', 'BAD_WILDCARD', undefined],
    ['an affix in an encoded label', 'https://xn--*-a.example.com', 'BAD_WILDCARD', undefined],
    ['an affix with underscore', 'https://my_pr-*.example.com', 'BAD_HOST_CHAR', undefined],
    ['every host', 'https://*', 'WILDCARD_HOST', undefined],
    ['every host on a port', 'https://*:8080', 'WILDCARD_HOST', undefined],
    ['every extension', 'chrome-extension://*', 'WILDCARD_HOST', undefined],
    ['a wildcard before an address', 'https://*.127.0.0.1', 'WILDCARD_IP', undefined],
    ['a wildcard before an IPv6 address', 'https://*.[::1]:80', 'WILDCARD_IP', undefined],
    ['escaped dots', 'https://example\\.com', 'REGEX_LIKE', 'https://example.com'],
    ['anchors', '^https://example.com$', 'REGEX_LIKE', 'https://example.com'],
    ['any text and a dot', 'https://.*\\.example\\.com', 'REGEX_LIKE', 'https://*.example.com'],
    ['a literal of JavaScript', '/^https:\\/\\/.+\\.example\\.com$/', 'REGEX_LIKE', 'https://*.example.com'],
    ['alternatives', 'https://(a|b).example.com', 'REGEX_LIKE', undefined],
    ['an optional letter', 'https?://example.com', 'REGEX_LIKE', undefined],
    ['a class', 'https://[a-z]+.example.com', 'REGEX_LIKE', undefined],
  ])('%s: %j is %s', (_, text, code, fix) => {
    expect(codesOf(text)).toEqual([code]);
    expect(fixOf(text)).toBe(fix);
  });
});

describe('given a text with several things wrong', () => {
  it.each<[string, readonly PatternProblemCode[], string | undefined]>([
    ['   ', ['WHITESPACE', 'EMPTY'], undefined],
    [
      '"HTTPS://Example.com:443/"',
      ['QUOTED', 'UPPERCASE', 'HAS_PATH', 'UPPERCASE', 'DEFAULT_PORT'],
      'https://example.com',
    ],
    ['https://example.com/a?b#c', ['HAS_PATH', 'HAS_QUERY', 'HAS_FRAGMENT'], 'https://example.com'],
    [
      'https://u:p@exam!ple..com:0',
      ['HAS_USERINFO', 'BAD_HOST_CHAR', 'EMPTY_LABEL', 'PORT_RANGE'],
      undefined,
    ],
    ['localhost:3000', ['NO_SCHEME', 'BAD_SCHEME_SEPARATOR'], 'http://localhost:3000'],
    ['example.com:8080/', ['NO_SCHEME', 'BAD_SCHEME_SEPARATOR', 'HAS_PATH'], 'https://example.com:8080'],
    ['https//example.com', ['NO_SCHEME', 'BAD_SCHEME_SEPARATOR', 'HAS_PATH'], 'https://example.com'],
    ['NULL', ['NO_SCHEME', 'UPPERCASE'], undefined],
    ['h*', ['NO_SCHEME', 'BAD_WILDCARD'], undefined],
    ['**', ['NO_SCHEME', 'WILDCARD_HOST', 'BAD_WILDCARD'], undefined],
    ['::1', ['NO_SCHEME', 'IP_INVALID'], undefined],
    ['https://1.2.3', ['NUMERIC_LAST_LABEL', 'IP_NOT_CANONICAL'], undefined],
    ['https://256.1.1.1', ['NUMERIC_LAST_LABEL', 'IP_INVALID'], undefined],
    ['https://*_foo.example.com', ['BAD_HOST_CHAR', 'BAD_WILDCARD'], undefined],
    ['https://192.168.1.*', ['BAD_WILDCARD', 'WILDCARD_IP'], undefined],
    ['http://[2001:DB8::1]', ['UPPERCASE', 'IP_NOT_CANONICAL'], 'http://[2001:db8::1]'],
    ['https://exam ple.com', ['WHITESPACE', 'BAD_HOST_CHAR'], undefined],
    ['https://example.com\r\n', ['WHITESPACE', 'CONTROL_CHAR'], 'https://example.com'],
    ['\thttps://example.com', ['WHITESPACE', 'CONTROL_CHAR'], 'https://example.com'],
    ['https://exam\u000bple.com', ['WHITESPACE', 'CONTROL_CHAR', 'BAD_HOST_CHAR'], undefined],
    ['https://exam\u007fple.com', ['CONTROL_CHAR', 'BAD_HOST_CHAR'], undefined],
    ['https://exam\u0085ple.com', ['CONTROL_CHAR', 'NON_ASCII'], undefined],
    ['https://a.comhttps://b.com', ['MULTIPLE', 'HAS_PATH', 'PORT_EMPTY'], undefined],
    ['https://a.com/https://b.com', ['MULTIPLE', 'HAS_PATH'], undefined],
    ['https://http://example.com', ['MULTIPLE', 'HAS_PATH', 'PORT_EMPTY'], undefined],
    ['https://https://example.com', ['MULTIPLE', 'HAS_PATH', 'PORT_EMPTY'], undefined],
    ['https://https:/example.com', ['BAD_SCHEME_SEPARATOR', 'HAS_PATH', 'PORT_EMPTY'], undefined],
    ['https://a.com/?to=https://b.com', ['HAS_PATH', 'HAS_QUERY'], 'https://a.com'],
    ['https.//example.com', ['NO_SCHEME', 'BAD_SCHEME_SEPARATOR', 'HAS_PATH'], undefined],
    ['//a.comhttps://b.com', ['NO_SCHEME', 'MULTIPLE', 'HAS_PATH', 'PORT_EMPTY'], undefined],
    ['https://a.example\u0000', ['CONTROL_CHAR', 'BAD_HOST_CHAR'], undefined],
    ['https://a.example https://b.example', ['WHITESPACE', 'MULTIPLE'], undefined],
  ])('%j has %j', (text, codes, fix) => {
    expect(codesOf(text)).toEqual(codes);
    expect(fixOf(text)).toBe(fix);
  });

  it('each is told with the text that offends and a sentence', () => {
    expect(parsePattern('https://Example.com:443/app')).toEqual({
      ok: false,
      problems: [
        {
          code: 'HAS_PATH',
          text: '/app',
          detail: 'An origin has no path, not even a trailing slash.',
          fix: 'https://example.com',
        },
        {
          code: 'UPPERCASE',
          text: 'Example.com',
          detail: 'Browsers send hosts in lower case.',
          fix: 'https://example.com',
        },
        {
          code: 'DEFAULT_PORT',
          text: ':443',
          detail: 'Browsers leave the port out when it is the default of https:',
          fix: 'https://example.com',
        },
      ],
    });
  });

  it('a long text is cut where it is repeated', () => {
    const result = parsePattern(`https://${'a'.repeat(300)}.com`);
    expect(result.ok || result.problems.map((problem) => problem.text)).toEqual([
      `${'a'.repeat(80)}…`,
      `${'a'.repeat(80)}…`,
    ]);
  });
});

interface LintRow {
  readonly id: string;
  readonly pattern: string;
  readonly code: string;
  readonly verdict: string;
  readonly fix?: string | readonly string[];
}
const LINT_ROWS: readonly LintRow[] = JSON.parse(
  readFileSync(new URL('../cases/lint.json', import.meta.url), 'utf8'),
);
/** What the table in test/cases/README.md counts to class risk or hint; all else is syntax. */
const ABOUT_RISK =
  /^(OK|.*_WITH_CREDENTIALS|ANY_ORIGIN|NULL_ORIGIN|INSECURE_SCHEME|PUBLIC_SUFFIX|SHARED_SUFFIX_AFFIX|LOOPBACK_IN_PRODUCTION|WILDCARD_PORT_PUBLIC_HOST|PRIVATE_ADDRESS|SINGLE_LABEL_HOST|IP_LITERAL|SHARED_HOSTING|USER_CONTENT_HOST|EPHEMERAL_TUNNEL|EXTENSION_ORIGIN|APP_SCHEME|UNUSUAL_SCHEME|TRAILING_DOT|UNDERSCORE_HOST|HYPHEN_EDGE|DUPLICATE|REDUNDANT|APEX_NOT_COVERED_HINT)$/;

describe('given the cases of the linter', () => {
  const aboutSyntax = LINT_ROWS.filter(({ code }) => !ABOUT_RISK.test(code));

  it.each(aboutSyntax)('$id: $pattern is $code', ({ pattern, code, fix }) => {
    expect(codesOf(pattern)).toContain(code);
    if (typeof fix === 'string') expect(fixOf(pattern)).toBe(fix);
  });

  it.each(LINT_ROWS.filter(({ code }) => ABOUT_RISK.test(code)))(
    '$id: $pattern is a pattern',
    ({ pattern }) => {
      expect(codesOf(pattern)).toEqual([]);
    },
  );
});
