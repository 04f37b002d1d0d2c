import { MAX_ORIGIN_LENGTH, parseOrigin } from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { anyText, LAW_TIMEOUT_MS, nearlyOriginText } from './arbitraries.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

const LABEL_63 = 'a'.repeat(63);
const HOST_253 = [LABEL_63, LABEL_63, LABEL_63, 'a'.repeat(61)].join('.');

describe('given an origin as browsers write it', () => {
  it.each([
    ['https://example.com', 'https', 'example.com', 'name', undefined],
    ['http://localhost:3000', 'http', 'localhost', 'name', 3000],
    ['https://a.b.c.d.example', 'https', 'a.b.c.d.example', 'name', undefined],
    ['https://foo_bar.example', 'https', 'foo_bar.example', 'name', undefined],
    ['https://-a-.example', 'https', '-a-.example', 'name', undefined],
    ['https://xn--bcher-kva.example', 'https', 'xn--bcher-kva.example', 'name', undefined],
    ['https://example.com.', 'https', 'example.com.', 'name', undefined],
    ['http://127.0.0.1:5173', 'http', '127.0.0.1', 'ipv4', 5173],
    ['https://255.255.255.255', 'https', '255.255.255.255', 'ipv4', undefined],
    ['http://[::1]:9090', 'http', '[::1]', 'ipv6', 9090],
    ['https://[2001:db8::1:0:0:1]', 'https', '[2001:db8::1:0:0:1]', 'ipv6', undefined],
    ['http://[::ffff:7f00:1]', 'http', '[::ffff:7f00:1]', 'ipv6', undefined],
    ['http://a.example:443', 'http', 'a.example', 'name', 443],
    ['https://a.example:80', 'https', 'a.example', 'name', 80],
    ['https://a.example:65535', 'https', 'a.example', 'name', 65535],
    ['capacitor://localhost', 'capacitor', 'localhost', 'name', undefined],
    ['web+app.x-1://host', 'web+app.x-1', 'host', 'name', undefined],
    ['https://1.example', 'https', '1.example', 'name', undefined],
    ['https://a.0xg', 'https', 'a.0xg', 'name', undefined],
  ])('it reads %s', (text, scheme, host, hostKind, port) => {
    expect(parseOrigin(text)).toEqual({ text, scheme, host, hostKind, port });
  });
});

describe('given a text at the bounds', () => {
  it('it takes a scheme of 64 characters and no longer one', () => {
    expect(parseOrigin(`${'a'.repeat(64)}://x`)?.host).toBe('x');
    expect(parseOrigin(`${'a'.repeat(65)}://x`)).toBeUndefined();
  });

  it('it takes a label of 63 characters and no longer one', () => {
    expect(parseOrigin(`https://${LABEL_63}.com`)?.host).toBe(`${LABEL_63}.com`);
    expect(parseOrigin(`https://a${LABEL_63}.com`)).toBeUndefined();
    expect(parseOrigin(`https://com.a${LABEL_63}`)).toBeUndefined();
  });

  it('it takes a host of 253 characters and no longer one', () => {
    expect(parseOrigin(`https://${HOST_253}`)?.host).toHaveLength(253);
    expect(parseOrigin(`https://${HOST_253}b`)).toBeUndefined();
    expect(parseOrigin(`https://${HOST_253}.`)).toBeUndefined();
  });

  it('it takes the longest origin there is, of 326 characters', () => {
    const longest = `${'a'.repeat(64)}://${HOST_253}:65535`;
    expect(longest).toHaveLength(MAX_ORIGIN_LENGTH);
    expect(parseOrigin(longest)?.port).toBe(65535);
  });
});

describe('given a text that is no origin', () => {
  it.each([
    ['', 'nothing'],
    ['null', 'an opaque origin'],
    ['*', 'a wildcard'],
    ['example.com', 'no scheme'],
    ['//example.com', 'no scheme'],
    ['https:/example.com', 'one slash'],
    ['https:///example.com', 'three slashes'],
    ['https:://example.com', 'two colons'],
    ['https//example.com', 'no colon'],
    ['HTTPS://example.com', 'an upper-case scheme'],
    ['https://Example.com', 'an upper-case host'],
    ['1http://example.com', 'a scheme that begins with a digit'],
    ['ht_tp://example.com', 'a bad character in the scheme'],
    ['file://', 'a file'],
    ['file://host', 'a file on a host'],
    ['https://', 'no host'],
    ['https://:8080', 'no host before the port'],
    ['https://.', 'a dot for a host'],
    ['https://.example.com', 'an empty first label'],
    ['https://a..b', 'an empty label'],
    ['https://example.com..', 'two trailing dots'],
    ['https://exa mple.com', 'a space'],
    ['https://example.com ', 'a trailing space'],
    [' https://example.com', 'a leading space'],
    ['https://example.com\n', 'a line break'],
    ['https://example.com\u0000', 'a NUL'],
    ['https://exämple.com', 'not ASCII'],
    ['https://exa\u200bmple.com', 'a zero-width space'],
    ['https://\u212aiwi.com', 'a Kelvin sign'],
    ['https://*.example.com', 'a wildcard'],
    ['https://user@example.com', 'a user'],
    ['https://example.com/', 'a path'],
    ['https://example.com?x', 'a query'],
    ['https://example.com#x', 'a fragment'],
    ['https://example.com\\x', 'a backslash'],
    ['https://example%2ecom', 'an encoded dot'],
    ['https://example.com:', 'an empty port'],
    ['https://example.com:0', 'port zero'],
    ['https://example.com:08080', 'a leading zero'],
    ['https://example.com:65536', 'a port too high'],
    ['https://example.com:123456', 'six digits'],
    ['https://example.com:-1', 'a negative port'],
    ['https://example.com:+80', 'a sign'],
    ['https://example.com:8e3', 'an exponent'],
    ['https://example.com:80:80', 'two ports'],
    ['https://example.com:443', 'the default port of https'],
    ['http://example.com:80', 'the default port of http'],
    ['ws://example.com:80', 'the default port of ws'],
    ['wss://example.com:443', 'the default port of wss'],
    ['ftp://example.com:21', 'the default port of ftp'],
    ['http://127.1', 'a short IPv4 address'],
    ['http://2130706433', 'an IPv4 address in one number'],
    ['http://0x7f000001', 'an IPv4 address in hexadecimal'],
    ['http://127.0.0.01', 'an IPv4 address with a leading zero'],
    ['http://127.0.0.1.', 'an IPv4 address with a trailing dot'],
    ['http://256.0.0.1', 'an IPv4 number too high'],
    ['http://1.2.3.4.5', 'five numbers'],
    ['http://foo.123', 'a name that ends in a number'],
    ['http://foo.0x', 'a name that ends in an empty hexadecimal number'],
    ['http://foo.0x1f.', 'a name that ends in a hexadecimal number and a dot'],
    ['http://[::1', 'an open bracket'],
    ['http://::1', 'no brackets'],
    ['http://[::1]x', 'text after the bracket'],
    ['http://[0:0:0:0:0:0:0:1]', 'an IPv6 address in full'],
    ['http://[2001:DB8::1]', 'upper-case hexadecimal'],
    ['http://[::ffff:127.0.0.1]', 'a dotted tail'],
    ['http://[1::0:0:1:1:1]', 'a compression that could be longer'],
    ['http://[fe80::1%25eth0]', 'a zone'],
    ['http://[]', 'empty brackets'],
    ['https://a.example https://b.example', 'two origins'],
    ['https://a.example,https://b.example', 'two origins with a comma'],
  ])('it refuses %j: %s', (text) => {
    expect(parseOrigin(text)).toBeUndefined();
  });
});

describe('given any text', () => {
  it('it never throws, and what it takes is the text itself, in parts', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, nearlyOriginText), (text) => {
        const origin = parseOrigin(text);
        if (origin === undefined) return;
        const port = origin.port === undefined ? '' : `:${origin.port}`;
        expect(`${origin.scheme}://${origin.host}${port}`).toBe(text);
        expect(origin.text).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('it takes what URL parsers serialise as a web origin', () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['http', 'https'], withQueryParameters: true }), (url) => {
        const { origin, hostname } = new URL(url);
        fc.pre(hostname.length <= 253);
        expect(parseOrigin(origin)?.text).toBe(origin);
      }),
      { numRuns: 500 },
    );
  });

  it('it takes what URL parsers serialise for an address', () => {
    const hosts = fc.oneof(
      fc.ipV4Extended(),
      fc.ipV6().map((address) => `[${address}]`),
    );
    fc.assert(
      fc.property(hosts, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        const { origin } = new URL(`http://${host}:${port}`);
        expect(parseOrigin(origin)?.text).toBe(origin);
      }),
      { numRuns: 500 },
    );
  });
});
