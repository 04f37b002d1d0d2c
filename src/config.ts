import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import {
  DEFAULT_QUOTAS,
  DEFAULT_RATE_LIMITS,
  DEFAULT_TEMPORARY_ENTRY_DAYS,
  type Quotas,
  type RateLimits,
} from './limits.js';
import { StartError } from './start-error.js';

/** Everything the service takes from its environment, parsed once at start. */
export interface Config {
  /** TCP port; 0 = any free one. */
  readonly port: number;
  readonly host: string;
  /** Absent: the service brings its own PostgreSQL, with its data in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly databasePoolSize: number;
  /** Absent: snapshots are cached in this process only. */
  readonly redisUrl: string | undefined;
  /** Absent: nodes sign with a secret kept in the database. */
  readonly cacheSecret: string | undefined;
  readonly adminKey: string | undefined;
  /** Absolute path. */
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  readonly rateLimits: RateLimits;
  readonly quotas: Quotas;
  /** Addresses and networks whose `X-Forwarded-*` headers are believed. */
  readonly trustedProxies: readonly string[];
  /** Within how many days an entry ends that is written with `origins:write-temporary`. */
  readonly temporaryEntryDays: number;
  /** Whether `npm start` (or another package manager's) is the parent of this process. */
  readonly startedByNpm: boolean;
}

/** One row of the settings table in the README. */
export interface Setting {
  readonly name: string;
  /** What holds when the variable is not set; `undefined` = nothing. */
  readonly default: string | undefined;
  readonly description: string;
}

export type LogLevel = (typeof LOG_LEVELS)[number];

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const MAX_POOL_SIZE = 1_000;
const MAX_RATE = 10_000_000;
const MAX_QUOTA = 1_000_000;
const SECRET_MIN_LENGTH = 32;
const SECRET_MAX_LENGTH = 1_000;
/** Within what the service reads from an Authorization header. */
const ADMIN_KEY_MAX_LENGTH = 500;
/** RFC 6750 §2.1: what a bearer token may look like. Any other key could never be sent. */
const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** What can serve as an admin key: long enough not to be guessed, and able to stand in an Authorization header. */
export const AdminKeySchema = z
  .string()
  .min(SECRET_MIN_LENGTH, `must have at least ${SECRET_MIN_LENGTH} characters`)
  .max(ADMIN_KEY_MAX_LENGTH, `must have at most ${ADMIN_KEY_MAX_LENGTH} characters`)
  .regex(BEARER_TOKEN, 'may hold only letters, digits and . _ ~ + / - (and = at the end)');

// In the order they are documented. Messages name the rule and never the value, which may be a secret in the wrong place.
const EnvironmentSchema = z.object({
  PORT: integer(0, 65_535).prefault('8080').describe('TCP port to listen on; `0` takes any free one'),
  HOST: z
    .string()
    .regex(/^\S+$/, 'must be one host name or address')
    .prefault('127.0.0.1')
    .describe('Address to listen on; `0.0.0.0` in a container'),
  DATABASE_URL: urlOf('postgresql', 'postgres')
    .optional()
    .describe(
      'PostgreSQL to use. Without it the service runs an embedded one, but not under `NODE_ENV=production`',
    ),
  DATABASE_POOL_SIZE: integer(1, MAX_POOL_SIZE)
    .prefault('10')
    .describe('Most connections to PostgreSQL at once, and one for revocations'),
  REDIS_URL: urlOf('redis', 'rediss')
    .optional()
    .describe('Redis to use. Without it every node caches for itself'),
  CACHE_SECRET: z
    .string()
    .min(SECRET_MIN_LENGTH, `must have at least ${SECRET_MIN_LENGTH} characters`)
    .max(SECRET_MAX_LENGTH, `must have at most ${SECRET_MAX_LENGTH} characters`)
    .optional()
    .describe(
      'What all nodes sign with what they keep in Redis, at least 32 characters. Without it they use a secret kept in the database',
    ),
  ADMIN_KEY: AdminKeySchema.optional().describe(
    'A key with every scope, at least 32 characters. The embedded mode makes one and keeps it in `DATA_DIR/admin-key`',
  ),
  DATA_DIR: z.string().prefault('.data').describe('Folder of the embedded PostgreSQL and its admin key'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
    .prefault('info')
    .describe(`One of ${LOG_LEVELS.map((level) => `\`${level}\``).join(', ')}`),
  REQUESTS_PER_SECOND: rate(DEFAULT_RATE_LIMITS.strangersPerSecond).describe(
    'Requests a second that one address may send to one node with keys this node does not know; beyond any of these limits 429',
  ),
  FAILED_KEYS_PER_MINUTE: rate(DEFAULT_RATE_LIMITS.failuresPerMinute).describe(
    'Refused keys a minute after which an address has to wait; keys the node knows still pass',
  ),
  READS_PER_MINUTE: rate(DEFAULT_RATE_LIMITS.readsPerMinute).describe(
    'Reads of tenants, lists, trail and keys, per key over all nodes',
  ),
  WRITES_PER_MINUTE: rate(DEFAULT_RATE_LIMITS.writesPerMinute).describe('Writes of these, per key'),
  EVALUATIONS_PER_MINUTE: rate(DEFAULT_RATE_LIMITS.evaluationsPerMinute).describe(
    'Calls of `/v1/evaluate`, per key; a batch is one',
  ),
  SYNC_CALLS_PER_MINUTE: rate(DEFAULT_RATE_LIMITS.syncsPerMinute).describe(
    'Calls of SDKs, per key: snapshots, versions, streams, reports',
  ),
  MAX_ENTRIES_PER_TENANT: quota(DEFAULT_QUOTAS.entries).describe(
    'Entries one tenant may have; beyond any of these quotas 409',
  ),
  MAX_WILDCARDS_PER_TENANT: quota(DEFAULT_QUOTAS.wildcards).describe(
    'Entries of any kind but `exact` one tenant may have',
  ),
  MAX_POLICIES_PER_TENANT: quota(DEFAULT_QUOTAS.policies).describe('Policies one tenant may have'),
  TRUSTED_PROXIES: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine(
      (parts) => parts.every(isNetwork),
      'must be addresses or networks such as 10.0.0.0/8, separated by commas',
    )
    .optional()
    .describe(
      'Load balancers whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses or networks, separated by commas',
    ),
  TEMPORARY_ENTRY_DAYS: integer(1, 365)
    .prefault(String(DEFAULT_TEMPORARY_ENTRY_DAYS))
    .describe('Within how many days entries end that a key with `origins:write-temporary` (CI) writes'),
  NODE_ENV: z.string().optional().describe('`production` refuses to start without `DATABASE_URL`'),
});

/** Every setting, for the documentation. */
export const SETTINGS: readonly Setting[] = Object.entries(EnvironmentSchema.shape).map(([name, schema]) => ({
  name,
  default: schema.def.type === 'prefault' ? String(schema.def.defaultValue) : undefined,
  description: schema.description ?? '',
}));

/**
 * Reads the settings from environment variables; an empty one counts as not set, as Compose files write it.
 *
 * @throws StartError `settings_invalid`, naming every wrong setting at once and no value.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const present = Object.entries(environment).filter(([, value]) => value !== '');
  const parsed = EnvironmentSchema.safeParse(Object.fromEntries(present));
  const problems = parsed.error?.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`) ?? [];
  if (environment.NODE_ENV === 'production' && !environment.DATABASE_URL) {
    problems.push(
      'DATABASE_URL must be set under NODE_ENV=production (the embedded PostgreSQL is for trying out)',
    );
  }
  if (!parsed.success || problems.length > 0) {
    throw new StartError('settings_invalid', `Wrong settings: ${problems.join('; ')}.`);
  }
  const settings = parsed.data;
  return {
    port: settings.PORT,
    host: settings.HOST,
    databaseUrl: settings.DATABASE_URL,
    databasePoolSize: settings.DATABASE_POOL_SIZE,
    redisUrl: settings.REDIS_URL,
    cacheSecret: settings.CACHE_SECRET,
    adminKey: settings.ADMIN_KEY,
    dataDir: resolve(settings.DATA_DIR),
    logLevel: settings.LOG_LEVEL,
    rateLimits: {
      strangersPerSecond: settings.REQUESTS_PER_SECOND,
      failuresPerMinute: settings.FAILED_KEYS_PER_MINUTE,
      readsPerMinute: settings.READS_PER_MINUTE,
      writesPerMinute: settings.WRITES_PER_MINUTE,
      evaluationsPerMinute: settings.EVALUATIONS_PER_MINUTE,
      syncsPerMinute: settings.SYNC_CALLS_PER_MINUTE,
    },
    quotas: {
      entries: settings.MAX_ENTRIES_PER_TENANT,
      wildcards: settings.MAX_WILDCARDS_PER_TENANT,
      policies: settings.MAX_POLICIES_PER_TENANT,
    },
    trustedProxies: settings.TRUSTED_PROXIES ?? [],
    temporaryEntryDays: settings.TEMPORARY_ENTRY_DAYS,
    startedByNpm: environment.npm_lifecycle_event === 'start',
  };
}

function integer(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { message: rule, abort: true })
    .transform(Number)
    .pipe(z.int().min(min, rule).max(max, rule));
}

function rate(byDefault: number) {
  return integer(1, MAX_RATE).prefault(String(byDefault));
}

function quota(byDefault: number) {
  return integer(1, MAX_QUOTA).prefault(String(byDefault));
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

function urlOf(...schemes: readonly string[]) {
  const forms = schemes.map((scheme) => `${scheme}://`).join(' or ');
  return z
    .string()
    .refine(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)),
      `must be a URL that starts with ${forms}`,
    );
}
