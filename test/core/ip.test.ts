import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { isCanonicalIpv6 } from '../../client/src/core/canonical-ipv6.js';
import {
  endsInNumber,
  formatIpv4,
  formatIpv6,
  isCanonicalIpv4,
  mappedIpv4,
  parseIpv4,
  parseIpv6,
} from '../../client/src/core/ip.js';
import { LAW_TIMEOUT_MS } from './arbitraries.js';

vi.setConfig({ testTimeout: LAW_TIMEOUT_MS });

describe('given an IPv4 address in a form URL parsers take', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['1.2.3', '1.2.0.3'],
    ['2130706433', '127.0.0.1'],
    ['0x7f000001', '127.0.0.1'],
    ['0x7f.1', '127.0.0.1'],
    ['0177.0.0.1', '127.0.0.1'],
    ['4294967295', '255.255.255.255'],
    ['0x', '0.0.0.0'],
    ['127.0.0.1.', '127.0.0.1'],
  ])('it reads %s as %s', (host, canonical) => {
    expect(formatIpv4(parseIpv4(host) ?? -1)).toBe(canonical);
    expect(isCanonicalIpv4(host)).toBe(host === canonical);
  });
});

describe('given no IPv4 address', () => {
  it.each(['', '.', '256.1.1.1', '1.2.3.256', '1.2.3.4.5', '4294967296', '1..2', '08.1', '1.2.3.x', 'a'])(
    'it reads no %j',
    (host) => {
      expect(parseIpv4(host)).toBeUndefined();
    },
  );
});

describe('given a host', () => {
  it.each([
    ['example.com', false],
    ['1.example', false],
    ['a.1', true],
    ['a.1.', true],
    ['a.0x1f', true],
    ['a.0x', true],
    ['a.0xg', false],
    ['a.09', true],
    ['a.1a', false],
    ['1', true],
    ['', false],
    ['.', false],
  ])('it says whether %j ends in a number: %s', (host, expected) => {
    expect(endsInNumber(host)).toBe(expected);
  });
});

describe('given an IPv6 address', () => {
  it.each([
    ['::1', '::1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['1::2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::ffff:127.0.0.1', '::ffff:7f00:1'],
  ])('it reads %s and writes %s (RFC 5952)', (text, canonical) => {
    expect(formatIpv6(parseIpv6(text) ?? [])).toBe(canonical);
    expect(isCanonicalIpv6(text)).toBe(text === canonical);
  });

  it.each([
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    '12345::',
    'g::',
    '::1%eth0',
    '::1.2.3',
    '::1.2.3.04',
    '1.2.3.4::',
    '1:2:3:4:5:6:7:1.2.3.4',
    ' ::1',
  ])('it reads no %j', (text) => {
    expect(parseIpv6(text)).toBeUndefined();
    expect(isCanonicalIpv6(text)).toBe(false);
  });

  it('it tells the IPv4 address that is mapped into it', () => {
    expect(mappedIpv4(parseIpv6('::ffff:7f00:1') ?? [])).toBe(0x7f00_0001);
    expect(mappedIpv4(parseIpv6('::7f00:1') ?? [])).toBeUndefined();
    expect(mappedIpv4(parseIpv6('1::ffff:7f00:1') ?? [])).toBeUndefined();
  });

  it('it writes it as URL parsers do', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(groups, (address) => {
        const text = address.map((group) => group.toString(16)).join(':');
        expect(`[${formatIpv6(parseIpv6(text) ?? [])}]`).toBe(new URL(`http://[${text}]`).hostname);
      }),
      { numRuns: 1000 },
    );
  });

  it('it tells the one form that browsers write from all others', () => {
    const zeros = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
    const anyForm = fc.tuple(zeros, fc.nat(8), fc.nat(8)).map(([isZero, from, to]) => {
      const groups = isZero.map((zero) => (zero ? '0' : '2a'));
      const isGap = from < to && isZero.slice(from, to).every(Boolean);
      return isGap ? `${groups.slice(0, from).join(':')}::${groups.slice(to).join(':')}` : groups.join(':');
    });
    const anything = fc
      .array(fc.constantFrom('0', '00', '1', '01', 'ffff', 'F', '12345', 'g', ':', '::', '1.2.3.4'), {
        maxLength: 17,
      })
      .map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(fc.oneof(anyForm, anything), (text) => {
        const groups = parseIpv6(text);
        expect(isCanonicalIpv6(text)).toBe(groups !== undefined && formatIpv6(groups) === text);
      }),
      { numRuns: 5000 },
    );
  });
});
