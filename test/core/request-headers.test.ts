import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { readRequestHeaders } from '../../client/src/core/request-headers.js';
import { anyText, LAW_TIMEOUT_MS } from './arbitraries.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

describe('given the header names of a preflight', () => {
  it.each<[string | readonly string[] | undefined, readonly string[]]>([
    [undefined, []],
    ['', []],
    [[], []],
    ['content-type', ['content-type']],
    ['Content-Type', ['content-type']],
    ['a,b', ['a', 'b']],
    ['a , b\t', ['a', 'b']],
    [' a ', ['a']],
    [',,a,,', ['a']],
    ['a,a', ['a', 'a']],
    [
      ['a', 'b,c'],
      ['a', 'b', 'c'],
    ],
    [
      ['a\t', ' ', ' b'],
      ['a', 'b'],
    ],
    ["x!#$%&'*+-.^_`|~9", ["x!#$%&'*+-.^_`|~9"]],
  ])('%j is read as %j', (lines, names) => {
    expect(readRequestHeaders(lines)).toEqual(names);
  });

  it.each(['a b', 'a:b', 'a;b', 'a\r\nb', 'a\u0000', 'é', 'a,(b)', '"a"', 'a\u00a0', 'x       x'])(
    '%j is no list of names',
    (line) => {
      expect(readRequestHeaders(line)).toBe('request_headers_invalid');
    },
  );
});

describe('given as much as is read', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `x-${index}`).join(',');

  it.each<[string, string | readonly string[], number]>([
    ['64 lines', Array.from({ length: 64 }, (_, index) => `x-${index}`), 64],
    ['4096 bytes', 'a'.repeat(4096), 1],
    ['4096 bytes in two lines', ['a'.repeat(4000), 'b'.repeat(96)], 2],
    ['128 names', names(128), 128],
    ['16 empty elements', `a${','.repeat(16)}`, 1],
    ['16 empty lines', Array.from({ length: 16 }, () => ''), 0],
  ])('%s are read', (_, lines, count) => {
    expect(readRequestHeaders(lines)).toHaveLength(count);
  });

  it.each<[string, string | readonly string[]]>([
    ['a 65th line', Array.from({ length: 65 }, (_, index) => `x-${index}`)],
    ['byte 4097', 'a'.repeat(4097)],
    ['byte 4097 in the second line', ['a'.repeat(4000), 'b'.repeat(97)]],
    ['a 129th name', names(129)],
    ['a 17th empty element', `a${','.repeat(17)}`],
    ['a 17th empty line', Array.from({ length: 17 }, () => '')],
  ])('%s is too much', (_, lines) => {
    expect(readRequestHeaders(lines)).toBe('request_headers_oversized');
  });
});

describe('given any lines', () => {
  it('names and nothing else come out', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.array(anyText)), (lines) => {
        const names = readRequestHeaders(lines);
        if (typeof names === 'string') return;
        for (const name of names) expect(name).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
      }),
      { numRuns: 1000 },
    );
  });

  it('what a browser sends comes out as it went in', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 100 }), (names) => {
        expect(readRequestHeaders(names.join(','))).toEqual(names);
      }),
    );
  });
});
