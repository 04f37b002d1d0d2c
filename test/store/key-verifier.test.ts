import { beforeEach, describe, expect, it } from 'vitest';
import type { KeyRow } from '../../src/store/key-rows.js';
import {
  createKeyVerifier,
  KEY_REFRESH_MS,
  type KeyVerifier,
  MAX_HELD_KEYS,
  MAX_KEY_AGE_MS,
  UNKNOWN_KEY_TTL_MS,
} from '../../src/store/key-verifier.js';

const START_MS = Date.parse('2030-01-01T00:00:00.000Z');

let nowMs: number;
let database: Map<string, KeyRow>;
let isDown: boolean;
let loads: string[];
let uses: string[];
let verifier: KeyVerifier;

beforeEach(() => {
  nowMs = START_MS;
  database = new Map([['a', key('a')]]);
  isDown = false;
  loads = [];
  uses = [];
  verifier = createKeyVerifier({
    now: () => nowMs,
    onUse: (id) => uses.push(id),
    load: async (hash) => {
      loads.push(hash);
      if (isDown) throw new Error('down');
      return database.get(hash);
    },
  });
});

function key(id: string, fields: Partial<KeyRow> = {}): KeyRow {
  return {
    id,
    name: id,
    prefix: 'oak_',
    scopes: ['sync'],
    tenantIds: null,
    tenants: null,
    createdAt: '2029-01-01T00:00:00.000Z',
    createdBy: 'admin-key',
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    rotatedFrom: null,
    replacedBy: null,
    ...fields,
  };
}

/** Lets loads that are under way end. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('given a known key', () => {
  it('reads it once, however many ask at the same time, and then answers from memory', async () => {
    const answers = await Promise.all([verifier.verify('a'), verifier.verify('a'), verifier.verify('a')]);
    expect(answers).toEqual([key('a'), key('a'), key('a')]);
    await verifier.verify('a');
    expect(loads).toEqual(['a']);
  });

  it('notes its use about once a minute', async () => {
    await verifier.verify('a');
    nowMs += KEY_REFRESH_MS - 1;
    await verifier.verify('a');
    await settle();
    expect(uses).toEqual(['a']);
    nowMs += 1;
    await verifier.verify('a');
    await verifier.verify('a');
    await settle();
    expect(uses).toEqual(['a', 'a']);
    expect(loads).toEqual(['a', 'a']);
  });

  it('is refused after its first use once the database says that it was revoked', async () => {
    await verifier.verify('a');
    database.set('a', key('a', { revokedAt: '2030-01-01T00:00:30.000Z' }));
    nowMs += KEY_REFRESH_MS;
    expect(await verifier.verify('a')).toEqual(key('a'));
    await settle();
    expect(await verifier.verify('a')).toBeUndefined();
  });

  it('is good until the instant it expires, also from memory', async () => {
    database.set('a', key('a', { expiresAt: '2030-01-01T00:00:10.000Z' }));
    expect(await verifier.verify('a')).toMatchObject({ id: 'a' });
    nowMs += 9_999;
    expect(await verifier.verify('a')).toMatchObject({ id: 'a' });
    nowMs += 1;
    expect(await verifier.verify('a')).toBeUndefined();
  });

  it('is not used by who goes on with it when it has expired', async () => {
    database.set('a', key('a', { expiresAt: '2029-12-31T00:00:00.000Z' }));
    expect(await verifier.verify('a')).toBeUndefined();
    expect([loads, uses]).toEqual([['a'], []]);
  });
});

describe('given an outage of the database', () => {
  it('goes on with a key it has read for an hour after it was last confirmed, no longer', async () => {
    await verifier.verify('a');
    nowMs += KEY_REFRESH_MS;
    await verifier.verify('a');
    await settle();
    isDown = true;
    nowMs += MAX_KEY_AGE_MS - 1;
    expect(await verifier.verify('a')).toEqual(key('a'));
    await settle();
    nowMs += 1;
    await expect(verifier.verify('a')).rejects.toThrow('down');
  });

  it('asks again once a minute at most', async () => {
    await verifier.verify('a');
    isDown = true;
    nowMs += KEY_REFRESH_MS;
    for (let second = 0; second < 30; second += 1) {
      await verifier.verify('a');
      await settle();
      nowMs += 1_000;
    }
    expect(loads).toEqual(['a', 'a']);
  });

  it('does not call a key unknown that it cannot look up', async () => {
    isDown = true;
    await expect(verifier.verify('a')).rejects.toThrow('down');
    isDown = false;
    expect(await verifier.verify('a')).toEqual(key('a'));
  });
});

describe('given an unknown key', () => {
  it('asks again only after a few seconds', async () => {
    expect(await verifier.verify('b')).toBeUndefined();
    database.set('b', key('b'));
    nowMs += UNKNOWN_KEY_TTL_MS - 1;
    expect(await verifier.verify('b')).toBeUndefined();
    expect(loads).toEqual(['b']);
    nowMs += 1;
    expect(await verifier.verify('b')).toEqual(key('b'));
  });

  it('cannot push a known key out, however many are tried', async () => {
    await verifier.verify('a');
    for (let guess = 0; guess < MAX_HELD_KEYS + 10; guess += 1) await verifier.verify(`guess-${guess}`);
    loads = [];
    await verifier.verify('a');
    expect(loads).toEqual([]);
  });
});

describe('given more keys than are held', () => {
  it('drops the one used longest ago', async () => {
    for (let index = 0; index < MAX_HELD_KEYS; index += 1) database.set(`k${index}`, key(`k${index}`));
    for (let index = 0; index < MAX_HELD_KEYS; index += 1) await verifier.verify(`k${index}`);
    await verifier.verify('k0');
    await verifier.verify('a');
    loads = [];
    await verifier.verify('k0');
    await verifier.verify('k2');
    expect(loads).toEqual([]);
    await verifier.verify('k1');
    expect(loads).toEqual(['k1']);
  });
});

describe('given a key that is to be forgotten', () => {
  it('reads it again, by its hash or with all others', async () => {
    for (const what of ['a', 'all'] as const) {
      await verifier.verify('a');
      loads = [];
      verifier.forget(what);
      await verifier.verify('a');
      expect(loads).toEqual(['a']);
    }
  });

  it('does not hold what was read before it was forgotten', async () => {
    for (const what of ['a', 'all'] as const) {
      database.set('a', key('a'));
      verifier.forget('all');
      const early = verifier.verify('a');
      database.delete('a');
      verifier.forget(what);
      await early;
      nowMs += UNKNOWN_KEY_TTL_MS;
      expect(await verifier.verify('a')).toBeUndefined();
      nowMs += UNKNOWN_KEY_TTL_MS;
    }
  });
});
