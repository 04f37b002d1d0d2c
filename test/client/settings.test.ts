import { type AllowlistOptions, createAllowlist, OptionsError } from '@origin-allowlist/client';
import { describe, expect, it } from 'vitest';

const GOOD: AllowlistOptions = { url: 'https://allowlist.example', key: 'k'.repeat(40), tenant: 'acme' };

/** What is wrong with these options, as JavaScript may pass them. */
function problemsOf(options: object): readonly string[] {
  try {
    createAllowlist({ ...GOOD, ...options }).close();
  } catch (error) {
    if (error instanceof OptionsError) return error.problems;
    throw error;
  }
  return [];
}

describe('createAllowlist', () => {
  it('throws one TypeError that lists every problem', () => {
    const create = () => createAllowlist({ url: 'nowhere', key: '', tenant: 'Acme', pollIntervalMs: 1 });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(
      expect.objectContaining({
        code: 'options_invalid',
        problems: [
          '`url` must be an absolute URL of the service.',
          '`key` must be 1–512 visible ASCII characters without spaces.',
          '`tenant` must be a slug (1–63 of a-z 0-9 -, no hyphen at either end) or a function that returns one.',
          '`pollIntervalMs` must be a whole number from 100 to 3600000.',
        ],
      }),
    );
  });

  it.each([
    'https://allowlist.example',
    'https://allowlist.example:8443/prefix/',
    'http://127.0.0.1:8080',
    'http://127.255.1.2',
    'http://localhost:8080',
    'http://service.localhost',
    'http://[::1]:8080',
  ])('takes %s', (url) => {
    expect(problemsOf({ url })).toEqual([]);
  });

  it.each([
    'http://allowlist.example',
    'http://10.0.0.1',
    'http://localhost.example',
    'http://127.0.0.1.example',
    'http://[::2]',
  ])('takes %s only with allowInsecure: the key would travel in clear text', (url) => {
    expect(problemsOf({ url })).toHaveLength(1);
    expect(problemsOf({ url, allowInsecure: true })).toEqual([]);
  });

  it.each([
    'ftp://allowlist.example',
    'https://user:pw@allowlist.example',
    'https://a.example/?q',
    'https://a.example/#f',
  ])('refuses %s', (url) => {
    expect(problemsOf({ url })).toHaveLength(1);
  });

  it('never shows a wrong key', () => {
    expect(problemsOf({ key: 'secret with spaces' }).join()).not.toContain('secret');
  });

  it.each([
    { key: 'a\r\nb' },
    { key: 42 },
    { tenant: undefined },
    { service: 'my service' },
    { firstLoadTimeoutMs: -1 },
    { firstLoadTimeoutMs: 0.5 },
    { requestTimeoutMs: 99 },
    { maxStalenessMs: Number.NaN },
    { maxTenants: 0 },
    { onStale: 'drop' },
    { cacheDirectory: 'copies' },
    { cacheDirectory: '' },
    { stream: 'no' },
    { allowInsecure: 'yes' },
    { pollInterval: 1_000 },
    { directory: '/tmp' },
  ])('refuses %o', (options) => {
    expect(problemsOf(options)).toHaveLength(1);
  });

  it('refuses to be called without options', () => {
    expect(() => Reflect.apply(createAllowlist, undefined, [])).toThrow(OptionsError);
  });
});
