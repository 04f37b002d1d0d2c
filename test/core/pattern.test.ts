import { parseOrigin, parsePattern } from '@origin-allowlist/client/core';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { anyText, LAW_TIMEOUT_MS, nearlyOriginText, pattern as patternText } from './arbitraries.js';
import { codesOf, fixOf, HOST_251, LABEL_63 } from './problem-codes.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

describe('given a canonical pattern', () => {
  it('it reads an exact origin', () => {
    expect(parsePattern('https://app.example.com:8443')).toEqual({
      ok: true,
      pattern: {
        kind: 'exact',
        text: 'https://app.example.com:8443',
        scheme: 'https',
        host: 'app.example.com',
        hostKind: 'name',
        port: 8443,
        anyPort: false,
      },
    });
  });

  it('it reads any port', () => {
    expect(parsePattern('http://[::1]:*')).toEqual({
      ok: true,
      pattern: {
        kind: 'exact',
        text: 'http://[::1]:*',
        scheme: 'http',
        host: '[::1]',
        hostKind: 'ipv6',
        port: undefined,
        anyPort: true,
      },
    });
  });

  it('it reads subdomains', () => {
    expect(parsePattern('https://*.example.com')).toEqual({
      ok: true,
      pattern: {
        kind: 'subdomains',
        text: 'https://*.example.com',
        scheme: 'https',
        host: 'example.com',
        port: undefined,
        anyPort: false,
      },
    });
  });

  it('it reads an affix', () => {
    expect(parsePattern('https://pr-*-shop.example.com:*')).toEqual({
      ok: true,
      pattern: {
        kind: 'affix',
        text: 'https://pr-*-shop.example.com:*',
        scheme: 'https',
        host: 'example.com',
        prefix: 'pr-',
        suffix: '-shop',
        port: undefined,
        anyPort: true,
      },
    });
  });

  it.each(['*', 'null'])('it reads %s', (text) => {
    expect(parsePattern(text)).toEqual({
      ok: true,
      pattern: { kind: text === '*' ? 'any' : 'null', text, anyPort: false },
    });
  });

  it.each([
    'https://example.com.',
    'https://foo_bar.example',
    'https://-foo-.example.com',
    'https://a--b.example.com',
    'https://intranet',
    'http://*.localhost:3000',
    'https://*.com',
    'https://*.example.com.',
    'https://pr-*.com',
    'https://*-1.example.com',
    'https://a-*-b-c.example.com',
    'https://127.0.0.1:8443',
    'https://xn--bcher-kva.example',
    'https://*.xn--bcher-kva.example',
    'http://example.com:443',
    'ftp://example.com',
    'capacitor://localhost',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://2c127fa4-62c7-4e4f-90e5-472b45eecfdc',
    `${'a'.repeat(64)}://host`,
    `https://${LABEL_63}.com`,
    `https://*.${HOST_251}`,
  ])('it takes %s', (text) => {
    expect(codesOf(text)).toEqual([]);
  });
});

describe('given any text', () => {
  const texts = fc.oneof(anyText, nearlyOriginText, patternText);

  it('a pattern is its own canonical text', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const result = parsePattern(text);
        if (result.ok) expect(result.pattern.text).toBe(text);
        else expect(result.problems).not.toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('a canonical pattern round-trips', () => {
    fc.assert(
      fc.property(patternText, (text) => {
        const result = parsePattern(text);
        expect(result.ok && result.pattern.text).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('every fix is a pattern', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const fix = fixOf(text);
        if (fix !== undefined) expect(codesOf(fix)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('what is an exact pattern on one port is an origin, part by part', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const result = parsePattern(text);
        if (!result.ok || result.pattern.kind !== 'exact' || result.pattern.anyPort) return;
        const { kind: _, anyPort: __, ...origin } = result.pattern;
        expect(parseOrigin(text)).toEqual(origin);
      }),
      { numRuns: 1000 },
    );
  });

  it('what is an origin of a page with a name of its own is an exact pattern', () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['http', 'https'] }), (url) => {
        expect(codesOf(new URL(url).origin)).toEqual([]);
      }),
    );
  });

  it('the time it takes grows with the text, not faster', () => {
    for (const piece of [
      'a',
      '.',
      '*',
      '-',
      ':',
      '/',
      '[',
      '[a',
      '(',
      '(a',
      '\\',
      '.{',
      '?=',
      '://',
      ',',
      ' ',
      'xn--',
      '*.',
      '\\.',
      '"',
      '@',
      'blob:',
      '%',
      'é',
    ]) {
      expect(parsePattern(`https://${piece.repeat(20_000)}`).ok).toBe(false);
      expect(parsePattern(piece.repeat(20_000)).ok).toBe(false);
    }
  });
});
