import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig, SETTINGS } from '../../src/config.js';
import { DEFAULT_QUOTAS, DEFAULT_RATE_LIMITS } from '../../src/limits.js';

const ADMIN_KEY = 'a-key-of-exactly-32-characters-0';

describe('given an empty environment', () => {
  it('runs embedded, on loopback, with the documented defaults', () => {
    expect(readConfig({})).toEqual({
      port: 8080,
      host: '127.0.0.1',
      databaseUrl: undefined,
      databasePoolSize: 10,
      redisUrl: undefined,
      cacheSecret: undefined,
      adminKey: undefined,
      dataDir: resolve('.data'),
      logLevel: 'info',
      rateLimits: DEFAULT_RATE_LIMITS,
      quotas: DEFAULT_QUOTAS,
      trustedProxies: [],
      temporaryEntryDays: 14,
      startedByNpm: false,
    });
  });

  it('takes an empty variable as one that is not set', () => {
    const empty = { PORT: '', HOST: '', DATABASE_URL: '', REDIS_URL: '', ADMIN_KEY: '', NODE_ENV: '' };
    expect(readConfig(empty)).toEqual(readConfig({}));
  });
});

describe('given every setting', () => {
  it('takes each', () => {
    const config = readConfig({
      PORT: '0',
      HOST: '::1',
      DATABASE_URL: 'postgres://user:secret@db.internal:5433/allowlist?sslmode=require',
      DATABASE_POOL_SIZE: '25',
      REDIS_URL: 'rediss://:secret@cache.internal:6380/2',
      CACHE_SECRET: 'hush '.repeat(7),
      ADMIN_KEY,
      DATA_DIR: '/var/lib/allowlist',
      LOG_LEVEL: 'debug',
      REQUESTS_PER_SECOND: '250',
      FAILED_KEYS_PER_MINUTE: '1',
      READS_PER_MINUTE: '2',
      WRITES_PER_MINUTE: '3',
      EVALUATIONS_PER_MINUTE: '4',
      SYNC_CALLS_PER_MINUTE: '5',
      MAX_ENTRIES_PER_TENANT: '6',
      MAX_WILDCARDS_PER_TENANT: '7',
      MAX_POLICIES_PER_TENANT: '8',
      TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::1',
      TEMPORARY_ENTRY_DAYS: '7',
      NODE_ENV: 'production',
      npm_lifecycle_event: 'start',
    });
    expect(config).toEqual({
      port: 0,
      host: '::1',
      databaseUrl: 'postgres://user:secret@db.internal:5433/allowlist?sslmode=require',
      databasePoolSize: 25,
      redisUrl: 'rediss://:secret@cache.internal:6380/2',
      cacheSecret: 'hush '.repeat(7),
      adminKey: ADMIN_KEY,
      dataDir: '/var/lib/allowlist',
      logLevel: 'debug',
      rateLimits: {
        strangersPerSecond: 250,
        failuresPerMinute: 1,
        readsPerMinute: 2,
        writesPerMinute: 3,
        evaluationsPerMinute: 4,
        syncsPerMinute: 5,
      },
      quotas: { entries: 6, wildcards: 7, policies: 8 },
      trustedProxies: ['10.0.0.0/8', '2001:db8::1'],
      temporaryEntryDays: 7,
      startedByNpm: true,
    });
  });
});

describe('given several wrong settings', () => {
  const environment = {
    PORT: '65536',
    HOST: 'two words',
    DATABASE_URL: 'mysql://root:hunter2@db/allowlist',
    DATABASE_POOL_SIZE: 'many',
    REDIS_URL: 'hunter3',
    CACHE_SECRET: 'hunter5',
    ADMIN_KEY: 'hunter4',
    LOG_LEVEL: 'loud',
    REQUESTS_PER_SECOND: '0',
    TEMPORARY_ENTRY_DAYS: '366',
  };

  it('lists all of them in one line, with the rule each breaks', () => {
    expect(messageFor(environment)).toBe(
      'Wrong settings: PORT must be a whole number from 0 to 65535; HOST must be one host name or address; ' +
        'DATABASE_URL must be a URL that starts with postgresql:// or postgres://; ' +
        'DATABASE_POOL_SIZE must be a whole number from 1 to 1000; ' +
        'REDIS_URL must be a URL that starts with redis:// or rediss://; ' +
        'CACHE_SECRET must have at least 32 characters; ' +
        'ADMIN_KEY must have at least 32 characters; ' +
        'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent; ' +
        'REQUESTS_PER_SECOND must be a whole number from 1 to 10000000; ' +
        'TEMPORARY_ENTRY_DAYS must be a whole number from 1 to 365.',
    );
  });

  it('shows none of their values', () => {
    expect(messageFor(environment)).not.toContain('hunter');
  });
});

describe('given one wrong setting', () => {
  it.each([
    [{ PORT: '-1' }, 'PORT must be a whole number from 0 to 65535'],
    [{ PORT: '80.5' }, 'PORT must be a whole number from 0 to 65535'],
    [{ PORT: '0x50' }, 'PORT must be a whole number from 0 to 65535'],
    [{ DATABASE_POOL_SIZE: '0' }, 'DATABASE_POOL_SIZE must be a whole number from 1 to 1000'],
    [
      { TRUSTED_PROXIES: '10.0.0.0/8,proxy.internal' },
      'TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8, separated by commas',
    ],
    [
      { TRUSTED_PROXIES: '10.0.0.0/33' },
      'TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8, separated by commas',
    ],
    [{ ADMIN_KEY: ADMIN_KEY.slice(1) }, 'ADMIN_KEY must have at least 32 characters'],
    [{ ADMIN_KEY: 'x'.repeat(501) }, 'ADMIN_KEY must have at most 500 characters'],
    [
      { ADMIN_KEY: `${ADMIN_KEY} and a space` },
      'ADMIN_KEY may hold only letters, digits and . _ ~ + / - (and = at the end)',
    ],
    [
      { NODE_ENV: 'production' },
      'DATABASE_URL must be set under NODE_ENV=production (the embedded PostgreSQL is for trying out)',
    ],
  ])('refuses %o', (environment, problem) => {
    expect(messageFor(environment)).toBe(`Wrong settings: ${problem}.`);
  });
});

describe('given the settings table', () => {
  it('names every setting with its default', () => {
    expect(SETTINGS.map((setting) => [setting.name, setting.default])).toEqual([
      ['PORT', '8080'],
      ['HOST', '127.0.0.1'],
      ['DATABASE_URL', undefined],
      ['DATABASE_POOL_SIZE', '10'],
      ['REDIS_URL', undefined],
      ['CACHE_SECRET', undefined],
      ['ADMIN_KEY', undefined],
      ['DATA_DIR', '.data'],
      ['LOG_LEVEL', 'info'],
      ['REQUESTS_PER_SECOND', '1000'],
      ['FAILED_KEYS_PER_MINUTE', '20'],
      ['READS_PER_MINUTE', '12000'],
      ['WRITES_PER_MINUTE', '3000'],
      ['EVALUATIONS_PER_MINUTE', '60000'],
      ['SYNC_CALLS_PER_MINUTE', '120000'],
      ['MAX_ENTRIES_PER_TENANT', '100000'],
      ['MAX_WILDCARDS_PER_TENANT', '1000'],
      ['MAX_POLICIES_PER_TENANT', '100'],
      ['TRUSTED_PROXIES', undefined],
      ['TEMPORARY_ENTRY_DAYS', '14'],
      ['NODE_ENV', undefined],
    ]);
  });

  it('describes every setting', () => {
    expect(SETTINGS.filter((setting) => setting.description === '')).toEqual([]);
  });
});

function messageFor(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return 'accepted';
}
