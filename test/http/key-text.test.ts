import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/app.js';
import { createKeyText, isKeyText } from '../../src/http/key-text.js';
import { openService, type TestService } from './service.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The CRC-32 of what is before it computed by another program (`python3 -c 'import zlib; …'`): 2613620168, in base 62. */
const KNOWN = 'oak_00000000000000000000000000000000000000000002qsU00';

describe('given a new key', () => {
  it('is the prefix, 43 random characters and their checksum, and no two are the same', () => {
    const keys = Array.from({ length: 500 }, createKeyText);
    for (const key of keys) expect(key).toMatch(/^oak_[0-9A-Za-z]{49}$/);
    expect(keys.every(isKeyText)).toBe(true);
    expect(new Set(keys).size).toBe(500);
    const used = new Set(keys.flatMap((key) => [...key.slice(4, 47)]));
    expect([...used].sort().join('')).toBe(ALPHABET);
  });

  it('is told from any text that differs in one character', () => {
    fc.assert(
      fc.property(fc.nat(52), fc.constantFrom(...ALPHABET), (at, character) => {
        const key = createKeyText();
        fc.pre(key[at] !== character);
        expect(isKeyText(key.slice(0, at) + character + key.slice(at + 1))).toBe(false);
      }),
    );
  });

  it('can be checked by anybody: the documented expression finds it, the documented sum holds', async () => {
    const docs = await readFile(new URL('../../docs/keys.md', import.meta.url), 'utf8');
    const expression = /```regex\n(.+)\n```/.exec(docs)?.[1] ?? 'none';
    const key = createKeyText();
    expect(`ALLOWLIST_KEY="${key}" # ours`.match(new RegExp(expression))?.[0]).toBe(key);
    expect(docs).toContain(KNOWN);
    expect(isKeyText(KNOWN)).toBe(true);
  });
});

describe('given a text that is no key', () => {
  it.each([
    ['an empty one', ''],
    ['the prefix', 'oak_'],
    ['another prefix', `key_${KNOWN.slice(4)}`],
    ['one character less', KNOWN.slice(0, -1)],
    ['one character more', `${KNOWN}0`],
    ['a line end behind it', `${KNOWN}\n`],
  ])('tells it from one: %s', (_what, text) => {
    expect(isKeyText(text)).toBe(false);
  });
});

describe('given a request with a key', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await openService();
  });
  afterAll(() => service.close());

  it('refuses one with a wrong checksum without asking the store', async () => {
    const asked: string[] = [];
    const keys = {
      ...service.store.keys,
      verify: (hash: string) => {
        asked.push(hash);
        return service.store.keys.verify(hash);
      },
    };
    const app = await buildApp({ store: { ...service.store, keys } });
    const statusOf = async (key: string) =>
      (await app.inject({ url: '/v1/tenants', headers: { authorization: `Bearer ${key}` } })).statusCode;

    expect(await statusOf(`${KNOWN.slice(0, -1)}M`)).toBe(401);
    expect(await statusOf('a-text-of-another-make-that-is-no-key-of-ours')).toBe(401);
    expect(asked).toEqual([]);
    expect(await statusOf(KNOWN)).toBe(401);
    expect(asked).toHaveLength(1);
    expect(await statusOf(await service.key({ preset: 'viewer' }))).toBe(200);
    await app.close();
  });

  it('goes on with one that was made before there were checksums', async () => {
    const key = 'oak_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-_0';
    await service.store.keys.create(
      {
        name: 'old',
        scopes: ['tenants:read'],
        tenantIds: null,
        prefix: key.slice(0, 12),
        hash: createHash('sha256').update(key).digest('hex'),
      },
      { actor: 'admin-key', requestId: 'r' },
    );
    expect((await service.call('GET', '/v1/tenants', { key })).status).toBe(200);
  });
});
