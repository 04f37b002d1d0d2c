import { resolve } from 'node:path';
import { z } from 'zod';
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
  readonly adminKey: string | undefined;
  /** Absolute path. */
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  readonly requestsPerSecond: number;
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
const ADMIN_KEY_MIN_LENGTH = 32;
/** Within what the service reads from an Authorization header. */
const ADMIN_KEY_MAX_LENGTH = 500;
/** RFC 6750 §2.1: what a bearer token may look like. Any other key could never be sent. */
const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** What can serve as an admin key: long enough not to be guessed, and able to stand in an Authorization header. */
export const AdminKeySchema = z
  .string()
  .min(ADMIN_KEY_MIN_LENGTH, `must have at least ${ADMIN_KEY_MIN_LENGTH} characters`)
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
    .describe('Most connections to PostgreSQL at once'),
  REDIS_URL: urlOf('redis', 'rediss')
    .optional()
    .describe('Redis to use. Without it every node caches for itself'),
  ADMIN_KEY: AdminKeySchema.optional().describe(
    'A key with every scope, at least 32 characters. The embedded mode makes one and keeps it in `DATA_DIR/admin-key`',
  ),
  DATA_DIR: z.string().prefault('.data').describe('Folder of the embedded PostgreSQL and its admin key'),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`)
    .prefault('info')
    .describe(`One of ${LOG_LEVELS.map((level) => `\`${level}\``).join(', ')}`),
  REQUESTS_PER_SECOND: integer(1, 1_000_000)
    .prefault('1000')
    .describe('Requests a second that one address may send to one node; beyond it 429'),
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
    adminKey: settings.ADMIN_KEY,
    dataDir: resolve(settings.DATA_DIR),
    logLevel: settings.LOG_LEVEL,
    requestsPerSecond: settings.REQUESTS_PER_SECOND,
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

function urlOf(...schemes: readonly string[]) {
  const forms = schemes.map((scheme) => `${scheme}://`).join(' or ');
  return z
    .string()
    .refine(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)),
      `must be a URL that starts with ${forms}`,
    );
}
